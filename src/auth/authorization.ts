import { InvalidInvocation } from '../exceptions/base.js';
import { copyHeaders } from '../http/headers.js';
import { withLimits } from '../http/limits.js';
import { coveredBy } from '../http/url.js';
import { carriesBearer, discard, type Exchange, type WireConfig, type WireResponse } from '../http/wire.js';
import type { DispatchConfig } from '../session/request-config.js';
import { isReadable } from '../util/guards.js';
import type { UserLike } from './user-like.js';

/** For how long a bearer that the user was asked for is used without asking again, in milliseconds. */
const BEARER_CHECKED_FOR = 1000;
const NOT_YET = Symbol('not yet');

/**
 * Puts the user's bearer into requests, and into no others than those under the prefix.
 *
 * | the request                                      | what it is sent with          |
 * | ------------------------------------------------ | ----------------------------- |
 * | has its own `auth`, or `auth: false`             | that, or nothing              |
 * | is not under the prefix                          | what the caller set           |
 * | is under the prefix                              | a bearer that is asked for now |
 * | had to wait                                      | one that is asked for again   |
 * | was answered 401                                 | once more, with a new bearer  |
 */
export class Authorization {
  readonly #user: UserLike;
  readonly #prefix: URL;
  /** Whether the bearer may be sent to a URL. */
  readonly covers: (url: string) => boolean;

  constructor(user: UserLike, prefix: URL) {
    this.#user = user;
    this.#prefix = prefix;
    this.covers = coveredBy(prefix);
  }

  /** Asks the user for a bearer, within the request's time and that of its tries, and puts it into the header. */
  async authorize(config: DispatchConfig): Promise<void> {
    if (!config.authorize || !this.covers(config.url)) return;
    const { url, timeout, policy } = config;
    const { signal } = config;
    const options = {
      get signal() {
        return signal?.signal;
      },
    };
    const authenticated = Promise.resolve(this.#user.authenticate(options));
    // Mostly there is nothing to wait for, and to watch over a wait takes longer than to see that.
    if ((await Promise.race([authenticated, NOT_YET])) === NOT_YET) {
      await withLimits(authenticated, {
        what: 'authentication',
        request: config,
        neverReached: config.bearer === undefined,
        signal,
        timeout: timeout && timeout + (policy?.within ?? 0),
      });
    }
    const { bearer } = this.#user;
    if (typeof bearer !== 'string' || !/^[\x21-\x7e]+$/.test(bearer)) {
      throw new InvalidInvocation(
        "the user's `bearer` must be a token of printable characters without spaces, and not be empty",
      );
    }
    config.headers.set('Authorization', `Bearer ${bearer}`);
    config.bearer = bearer;
    config.bearerOf = this.#user;
    config.bearerUrl = url;
  }

  /** @throws InvalidInvocation where a request with the bearer is on its way to another URL than it was given for */
  check({ bearer, bearerUrl, url }: WireConfig): void {
    if (bearer === undefined || url === bearerUrl) return;
    throw new InvalidInvocation('`transformRequest` must not change the URL of a request that has the token');
  }

  /** Asks for the bearer again where a request has waited, for its turn or to be tried again. */
  withFreshBearer(next: Exchange): Exchange {
    return async (config) => {
      const { bearer, bearerAsOf = 0 } = config;
      const isOld = bearer !== this.#user.bearer || performance.now() - bearerAsOf > BEARER_CHECKED_FOR;
      return next(isOld && carriesBearer(config) ? await this.#renew(config) : config);
    };
  }

  /** Repeats a request once with a new bearer where the one that it had was refused. */
  withReauthentication(next: Exchange): Exchange {
    return async (config) => {
      const response = await next(config);
      const isRefused = response.status === 401 && carriesBearer(response.config);
      if (!isRefused || isReadable(config.data)) return response;
      discard(response.data);
      this.#user.invalidate?.(response.config.bearer as string);
      return next(await this.#renew(config));
    };
  }

  /**
   * What an exception should say of the bearer that a request was sent with. For a 400, whose it was and how long it was
   * valid: the database answers so to some requests of expired or foreign identities. For a 401, that there was none.
   */
  explain({ status, config }: WireResponse): string | undefined {
    if (status === 401 && config.auth !== undefined) return 'Your `auth` was sent in place of the token.';
    if (status === 401 && config.bearer === undefined && !config.headers.has('Authorization')) {
      return `No token was sent: it goes only to URLs under ${this.#prefix.href}, unless \`auth\` says otherwise.`;
    }
    const { idToken } = this.#user;
    if (status !== 400 || config.bearer === undefined || idToken === undefined) return undefined;
    return ['uuidentity', 'iat', 'exp']
      .map((claim) => `${claim}: ${String(idToken[claim] ?? 'None')}`)
      .join('\n');
  }

  async #renew(config: WireConfig): Promise<WireConfig> {
    const renewed = { ...config, headers: copyHeaders(config.headers) } as DispatchConfig;
    await this.authorize(renewed);
    return { ...renewed, bearerAsOf: performance.now() };
  }
}
