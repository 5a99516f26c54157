import { hash } from 'node:crypto';
import { InvalidInvocation } from '../exceptions/base.js';
import type { ResponseExceptionOptions } from '../exceptions/response.js';
import { isOneShot } from '../http/body/request-body.js';
import { withLimits } from '../http/limits.js';
import {
  bearerOf,
  type HttpRequest,
  type HttpResponse,
  type Interceptor,
  type RequestContext,
  type Token,
} from '../http/request.js';
import { requestInput } from '../http/response-input.js';
import { coveredBy } from '../http/url.js';
import type { RequestInput } from '../redaction/exchange.js';
import { isObject } from '../util/guards.js';
import { rememberLast } from '../util/memoize.js';
import type { UserLike } from './user-like.js';

/** How long a token is used without asking the user again, in milliseconds. */
const RECENT = 1000;
const NOT_YET = Symbol('not yet');

/**
 * Sends requests with the user's token: those under the prefix, and no others.
 *
 * | the request                                  | is sent with                                      |
 * | -------------------------------------------- | ------------------------------------------------- |
 * | has its own `auth`, or `auth: false`         | that, or nothing                                  |
 * | is not under the prefix                      | what the caller set                               |
 * | is under the prefix                          | the token that the user gives for this call       |
 * | had to wait, in a queue or for its retry     | the token that the user gives when it is sent     |
 * | was answered 401                             | once more, with a new token                       |
 */
export class Authorization {
  readonly #user: UserLike;
  readonly #prefix: URL;
  /** Whether the token may be sent to a URL. */
  readonly covers: (url: string) => boolean;
  /** The last token that the server refused, and when. */
  #refused = { value: '', at: 0 };
  readonly #ownerOfToken: (token: string) => string = rememberLast(
    (token) => `token ${hash('sha256', token)}`,
  );

  constructor(user: UserLike, prefix: URL) {
    this.#user = user;
    this.#prefix = prefix;
    this.covers = coveredBy(prefix);
  }

  /** Asks the user for the token of a call, within the time of the request and of its attempts. */
  async obtain(request: RequestInput, context: RequestContext): Promise<Token> {
    const user = this.#user;
    const options = { signal: context.signal, apiUrl: this.#prefix.href };
    const hasToken = typeof user.token === 'function';
    const asked: unknown = hasToken ? user.token?.(options) : user.authenticate(options);
    const answer = isThenable(asked) ? await waitFor(asked, request, context) : asked;
    const value = hasToken ? answer : user.bearer;
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
      throw new InvalidInvocation(
        "the user's `bearer` must be a token of printable characters without spaces, and not be empty",
      );
    }
    return { value, owner: this.#ownerOf(value), obtainedAt: performance.now() };
  }

  /** Repeats a request once with a new token where the server refused the one that it was sent with. */
  readonly reauthenticate: Interceptor = async (request, context, next) => {
    const response = await next(request, context);
    if (response.status !== 401 || response.token === undefined || isOneShot(request.body)) return response;
    const refused = refusedRequest(request, response);
    context.supersede(response);
    this.#refused = { value: response.token.value, at: performance.now() };
    this.#user.invalidate?.(response.token.value);
    return next(refused, { ...context, token: await this.obtain(requestInput(request), context) });
  };

  /** Adds the token to the request: the only place where that happens, next to the transport. */
  readonly authorize: Interceptor = async (request, context, next) => {
    if (!request.usesToken) return next(request, context);
    const { token: given } = context;
    const token = given && this.#isRecent(given) ? given : await this.obtain(requestInput(request), context);
    const headers = { ...request.headers, authorization: bearerOf(token) };
    const response = await next({ ...request, headers }, context);
    const { status, statusText, headers: fields, body, sentAt, attempts } = response;
    if ((status >= 200 && status < 300) || status === 304) this.#user.accepted?.(token.value);
    // Not the request that was sent: nothing that is kept holds the token but the response, in its own field.
    return { status, statusText, headers: fields, body, request, token, sentAt, attempts };
  };

  /**
   * What an exception should say of the token that a request was sent with. For a 400, whose it was and how long it was
   * valid: the database answers so to some requests of expired or foreign identities. For a 401, that there was none.
   */
  explain({ status, request, token }: HttpResponse): ResponseExceptionOptions {
    if (status === 401 && token === undefined) {
      const { authorization } = request.headers;
      if (String(authorization).startsWith('Basic '))
        return { advice: 'Your `auth` was sent in place of the token.' };
      if (authorization !== undefined) return {};
      if (this.covers(request.url) && request.redirectedBy === undefined)
        return { advice: 'No token was sent, because the request has `auth: false`.' };
      return { advice: `No token was sent: it goes only to URLs under ${this.#prefix.href}.` };
    }
    const { bearer, idToken } = this.#user;
    if (status !== 400 || token === undefined || bearer !== token.value || idToken === undefined) return {};
    const claims = ['uuidentity', 'iat', 'exp'].map(
      (claim) => `${claim}: ${String(idToken[claim] ?? 'None')}`,
    );
    return { preamble: claims.join('\n') };
  }

  #isRecent({ value, obtainedAt }: Token): boolean {
    const wasRefused = value === this.#refused.value && obtainedAt < this.#refused.at;
    return !wasRefused && performance.now() - obtainedAt < RECENT;
  }

  /** A user that knows several people says who it is about only for the token that it shows. */
  #ownerOf(token: string): string {
    const { bearer, identity } = this.#user;
    const isIdentified = typeof identity === 'string' && identity !== '' && bearer === token;
    return isIdentified ? `user ${identity}` : this.#ownerOfToken(token);
  }
}

/**
 * The request to repeat: behind a redirect the one that it led to, for a write may have been done before it. The cookies
 * of the session are added again.
 */
function refusedRequest(request: HttpRequest, response: HttpResponse): HttpRequest {
  if (response.request.redirectedBy === undefined) return request;
  const { cookie, ...headers } = response.request.headers;
  const isCallers = cookie !== undefined && request.headers['cookie'] !== undefined;
  return { ...response.request, headers: isCallers ? { ...headers, cookie } : headers };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && 'then' in value;
}

async function waitFor(
  asked: PromiseLike<unknown>,
  request: RequestInput,
  context: RequestContext,
): Promise<unknown> {
  // Most users answer at once. To watch a signal and a clock costs more than to find that out.
  const first = await Promise.race([asked, NOT_YET]);
  if (first !== NOT_YET) return first;
  const { timeout, retry } = context.options;
  return withLimits(Promise.resolve(asked), {
    what: 'authentication',
    request,
    neverReached: context.token === undefined,
    signal: context.signal,
    timeout: timeout && timeout + (retry?.within ?? 0),
    advice: 'Check the network, or raise `timeout`.',
  });
}
