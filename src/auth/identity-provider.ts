import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Axios, type AxiosRequestConfig } from 'axios';
import type { JWK } from 'jose';
import { InvalidInvocation, ITkDBException } from '../exceptions/base.js';
import { InvalidIdToken } from '../exceptions/id-token.js';
import { AuthenticationFailed } from '../exceptions/response.js';
import { decodeBody, readFailedBody, serializeBody } from '../http/body/body.js';
import { type RetryHooks, withRetries } from '../http/interceptors/retry.js';
import { RetryBudget } from '../http/retry-budget.js';
import type { RetryPolicy } from '../http/retry-policy.js';
import { toTransportException } from '../http/transport/errors.js';
import { sendOverWire, type WireConfig } from '../http/wire.js';
import { isFilledString, isObject } from '../util/guards.js';
import { VERSION } from '../util/version.js';

/** The HTTP client that a `User` talks to the identity service with. An axios instance is one. */
export interface HttpClient {
  /** Sends a request and gives the answer, whatever its status, or throws where there is none. */
  request(config: AxiosRequestConfig): Promise<{ status: number; data: unknown; headers?: object }>;
}

/** What the identity service granted. */
export interface Grant {
  readonly accessToken: string;
  readonly idToken: string;
}

/** What a grant is asked for with. */
export interface GrantRequest {
  readonly accessCode1: string;
  readonly accessCode2: string;
  readonly scope: string;
}

interface IdentityAnswer {
  readonly status: number;
  readonly data: unknown;
  readonly config?: AxiosRequestConfig;
}

/** Options of {@link IdentityService}. */
export interface IdentityServiceOptions {
  readonly client: HttpClient;
  /** In milliseconds of silence. */
  readonly timeout: number;
}

/** Talks to the OIDC identity service below one URL. Follows no redirect: what it sends is for nobody else. */
export class IdentityService {
  readonly #url: URL;
  readonly #options: IdentityServiceOptions;
  #keys: readonly JWK[] | undefined;

  constructor(url: URL, options: IdentityServiceOptions) {
    this.#url = url;
    this.#options = options;
  }

  /**
   * Trades the access codes for tokens, which are not verified yet.
   *
   * @throws AuthenticationFailed where the answer holds none
   */
  async grantToken({ accessCode1, accessCode2, scope }: GrantRequest, signal: AbortSignal): Promise<Grant> {
    const data = { grant_type: 'password', accessCode1, accessCode2, scope };
    const config = { method: 'POST', url: new URL('grantToken', this.#url).href, data };
    const response = await this.#send(config, signal);
    const { access_token: accessToken, id_token: idToken } = fieldsOf(response.data);
    if (response.status === 200 && isFilledString(accessToken) && isFilledString(idToken))
      return { accessToken, idToken };
    throw new AuthenticationFailed({ ...response, config: response.config ?? config }, undefined, {
      tries: (response.config as Partial<WireConfig> | undefined)?.retries?.summary,
    });
  }

  /** The keys that tokens are signed with; read once, and again when `fresh` is asked for. */
  async keys(signal: AbortSignal, { fresh = false }: { fresh?: boolean } = {}): Promise<readonly JWK[]> {
    if (this.#keys === undefined || fresh) this.#keys = await this.#readKeys(signal);
    return this.#keys;
  }

  /** Whether the keys are known, so that newer ones may exist. */
  get hasKeys(): boolean {
    return this.#keys !== undefined;
  }

  async #readKeys(signal: AbortSignal): Promise<readonly JWK[]> {
    const config = { method: 'GET', url: new URL('listKeys', this.#url).href };
    const response = await this.#send(config, signal);
    const { keys } = fieldsOf(response.data);
    const usable = Array.isArray(keys) ? keys.filter(isObject) : [];
    if (response.status === 200 && usable.length > 0) return usable;
    throw new InvalidIdToken(
      'keys',
      `${config.url} answered ${response.status} without keys to verify the id token by`,
    );
  }

  async #send(config: AxiosRequestConfig, signal: AbortSignal): Promise<IdentityAnswer> {
    const { client, timeout } = this.#options;
    const request: AxiosRequestConfig = {
      ...config,
      headers: { 'User-Agent': `itkdb/${VERSION}` },
      timeout,
      signal,
      maxRedirects: 0,
      validateStatus: () => true,
    };
    try {
      return answerOf(await client.request(request));
    } catch (error) {
      if (error instanceof ITkDBException) throw error;
      throw toTransportException(error, { ...config, signal });
    }
  }
}

/**
 * An axios instance over our own wire. Its sockets close after each answer: a token is asked for every two hours.
 *
 * @param options - `policy` says when a request is tried again; asking for a token twice does no harm
 */
export function createClient({
  policy,
  ...hooks
}: RetryHooks & { policy: RetryPolicy | undefined }): HttpClient {
  const exchange = withRetries(hooks, sendOverWire);
  // Not `axios.create`: whatever the program has put into axios's own defaults is not for the identity service.
  return new Axios({
    adapter: async (config) => {
      const retries = policy && new RetryBudget(policy);
      const response = await exchange({ ...config, retries } as WireConfig);
      const data = response.status === 200 ? decodeBody(response, undefined) : await readFailedBody(response);
      return { ...response, data };
    },
    httpAgent: new HttpAgent({ keepAlive: false }),
    httpsAgent: new HttpsAgent({ keepAlive: false }),
    maxContentLength: 1024 * 1024,
    transformRequest: [serializeBody],
    transformResponse: [],
  });
}

/** @throws InvalidInvocation where it is none: the client may be the caller's */
function answerOf(response: unknown): IdentityAnswer {
  const { status, data, ...rest } = (response ?? {}) as IdentityAnswer;
  if (typeof status === 'number') return { ...rest, status, data: isFields(data) ? { ...data } : data };
  throw new InvalidInvocation('`httpClient` must answer as axios does: { status, data }');
}

function isFields(value: unknown): value is object {
  return isObject(value) && !ArrayBuffer.isView(value);
}

function fieldsOf(data: unknown): Readonly<Record<string, unknown>> {
  return isObject(data) ? { ...data } : {};
}
