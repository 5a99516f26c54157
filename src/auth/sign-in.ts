import { resolve } from 'node:path';
import type { Logger } from '../config/logger.js';
import type { SettingsReader } from '../config/settings.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { Flights } from '../http/flights.js';
import { resolveRetry } from '../http/retry-policy.js';
import { parsePrefix } from '../http/url.js';
import { type IdTokenClaims, type JwtOptions, verifyIdToken } from './id-token.js';
import { createClient, type Grant, IdentityService } from './identity-provider.js';
import { TokenFile, type TokenOwner } from './token-file.js';
import type { User } from './user.js';
import type { AuthenticateOptions } from './user-like.js';
import { DEFAULT_TIMEOUT, type UserOptions } from './user-options.js';

/** Tokens that are verified, and what they say. */
export interface Tokens extends Grant {
  readonly claims: IdTokenClaims;
}

/** What a user knows of his tokens. */
export interface TokenState {
  /** Undefined before authentication, and once the database has refused them. */
  current: Tokens | undefined;
  /** The bearer that the database has refused. */
  refused: string | undefined;
}

/** What a {@link SignIn} needs of its user. */
export interface SignInParts {
  readonly user: User;
  /** Where new tokens go. */
  readonly state: TokenState;
  readonly options: UserOptions;
  readonly settings: SettingsReader;
  readonly logger: Logger;
  /** Of the file in which tokens survive the process. */
  readonly path: string | undefined;
}

/** How a user gets tokens: from his file, or else from the identity service. Loaded by the first who needs one. */
export class SignIn {
  readonly #user: User;
  readonly #state: TokenState;
  readonly #options: UserOptions;
  readonly #settings: SettingsReader;
  readonly #logger: Logger;
  readonly #file: TokenFile | undefined;
  readonly #renewals = new Flights<void>();
  #saving: Promise<void> = Promise.resolve();
  #service: IdentityService | undefined;

  constructor({ user, state, options, settings, logger, path }: SignInParts) {
    this.#user = user;
    this.#state = state;
    this.#options = options;
    this.#settings = settings;
    this.#logger = logger;
    this.#file = path === undefined ? undefined : new TokenFile(path);
  }

  /** However many callers wait, there is one renewal; it is given up when all of them have given up. */
  async renewed({ signal }: AuthenticateOptions): Promise<void> {
    await this.#renewals.join('', { what: 'authentication', signal, way: undefined }, (shared) =>
      this.#renew(shared.signal),
    );
    await this.#saving;
  }

  /** Gives up a grant that is under way. */
  end(reason: Error): void {
    this.#renewals.end(reason);
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const owner = this.#owner();
    const saved = await this.#load(owner, signal);
    if (saved !== undefined) {
      this.#state.current = saved;
      return;
    }
    if (this.#user.isAuthenticated()) this.#logger.warn('User session is expired. Creating a new one.');
    this.#logger.debug(`Asking ${owner.authUrl} for a token`);
    const scope = this.#settings.get('ITKDB_ACCESS_SCOPE');
    const grant = await this.#identityService().grantToken({ ...owner, scope }, signal);
    this.#state.current = await this.#verified(grant, owner, signal);
    this.#logger.debug(`Signed in as ${this.#user.name} for ${this.#user.expiresIn} s`);
    this.#saving = this.#saving.then(() => this.#save(owner, grant));
  }

  /** Everything that a token depends on. */
  #owner(): TokenOwner {
    const { accessCode1, accessCode2 } = this.#user;
    const missing = [
      accessCode1 === '' && 'accessCode1 (ITKDB_ACCESS_CODE1)',
      accessCode2 === '' && 'accessCode2 (ITKDB_ACCESS_CODE2)',
    ].filter(Boolean);
    if (missing.length > 0) {
      const it = missing.length > 1 ? 'them' : 'it';
      throw new InvalidInvocation(
        `there is no ${missing.join(' and no ')}: give ${it} to new User, or set ${it} in the environment or in ${resolve('.env')}`,
      );
    }
    // Whatever is wrong with a setting is said before the access codes go anywhere.
    this.#jwtOptions();
    const audience = this.#options.audience ?? this.#settings.get('ITKDB_ACCESS_AUDIENCE');
    return { accessCode1, accessCode2, audience, authUrl: this.#authUrl().href };
  }

  #authUrl(): URL {
    return parsePrefix(this.#options.prefixUrl ?? this.#settings.get('ITKDB_AUTH_URL'));
  }

  #identityService(): IdentityService {
    const { httpClient, timeout = DEFAULT_TIMEOUT, retry, onRetry } = this.#options;
    this.#service ??= new IdentityService(this.#authUrl(), {
      client:
        httpClient ??
        createClient({ policy: resolveRetry({ idempotent: true }, retry), onRetry, logger: this.#logger }),
      timeout,
    });
    return this.#service;
  }

  /** Verifies a grant, with newer keys if the known ones do not fit. */
  async #verified(grant: Grant, { audience }: TokenOwner, signal: AbortSignal): Promise<Tokens> {
    const service = this.#identityService();
    const { accessToken, idToken } = grant;
    const expectations = { audience, accessToken, jwtOptions: this.#jwtOptions() };
    const mayBeOutdated = service.hasKeys;
    const claims = await verifyIdToken(idToken, await service.keys(signal), expectations).catch(
      async (error) => {
        if (!mayBeOutdated || error.check !== 'signature') throw error;
        return verifyIdToken(idToken, await service.keys(signal, { fresh: true }), expectations);
      },
    );
    return { ...grant, claims: Object.freeze(claims) };
  }

  #jwtOptions(): JwtOptions {
    return { clockTolerance: this.#settings.get('ITKDB_LEEWAY'), ...this.#options.jwtOptions };
  }

  /** The tokens of the file, verified; undefined, with a warning, where they cannot be used. */
  async #load(owner: TokenOwner, signal: AbortSignal): Promise<Tokens | undefined> {
    const content = await this.#file?.load(owner);
    if (content === undefined) return undefined;
    const unusable = `Unable to load user session from ${this.#file?.path}`;
    let problem = `Saved user session is expired in ${this.#file?.path}`;
    if ('problem' in content) problem = `${unusable}: ${content.problem}`;
    else if (content.idToken === this.#user.bearer || content.idToken === this.#state.refused)
      return undefined;
    else {
      try {
        const tokens = await this.#verified(content, owner, signal);
        const secondsLeft = tokens.claims.exp - Date.now() / 1000;
        if (Math.trunc(secondsLeft) > this.#user.authExpiryThreshold) return tokens;
      } catch (error) {
        signal.throwIfAborted();
        if ((error as { check?: string }).check !== 'expiry')
          problem = `${unusable}: ${(error as Error).message}`;
      }
    }
    this.#logger.warn(`${problem}. Creating a new one.`);
    return undefined;
  }

  async #save(owner: TokenOwner, grant: Grant): Promise<void> {
    try {
      await this.#file?.save(owner, grant);
    } catch (error) {
      this.#logger.warn(`Unable to save user session to ${this.#file?.path}: ${(error as Error).message}`);
    }
  }
}
