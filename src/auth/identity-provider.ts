import type { JWK } from 'jose';
import { isQuoted } from '../config/settings.js';
import { InvalidInvocation, isException } from '../exceptions/base.js';
import { InvalidIdToken } from '../exceptions/id-token.js';
import { AuthenticationFailed } from '../exceptions/response.js';
import { Attempts } from '../http/attempts.js';
import type { AxiosRequestConfig } from '../http/axios.js';
import { decodeBody } from '../http/body/response-body.js';
import { type RetryHooks, retry } from '../http/interceptors/retry.js';
import {
  DEFAULT_REQUEST_OPTIONS,
  type HttpRequest,
  type HttpResponse,
  type RequestContext,
  type RequestOptions,
} from '../http/request.js';
import { responseInput } from '../http/response-input.js';
import type { RetryPolicy } from '../http/retry-policy.js';
import type { Connections } from '../http/transport/connections.js';
import { toTransportException } from '../http/transport/errors.js';
import { createTransport } from '../http/transport/send.js';
import type { ResponseInput } from '../redaction/exchange.js';
import { isFilledString, isObject } from '../util/guards.js';
import { VERSION } from '../util/version.js';

/** An HTTP client that a `User` can send its requests to the identity provider with. An axios instance is one. */
export interface HttpClient {
  /** Sends a request and returns the response, whatever its status; throws where there is none. */
  request(config: AxiosRequestConfig): Promise<{ status: number; data: unknown; headers?: object }>;
}

/** What the identity provider granted. */
export interface Grant {
  readonly accessToken: string;
  readonly idToken: string;
}

/** What a grant is requested with. */
export interface GrantRequest {
  readonly accessCode1: string;
  readonly accessCode2: string;
  readonly scope: string;
}

interface IdentityRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly data?: object;
}

interface IdentityResponse {
  readonly status: number;
  readonly data: unknown;
  /** The response and its request, for an exception. */
  readonly input: ResponseInput;
  /** The attempts that it took, where there were several. */
  readonly tries?: string | undefined;
}

/** Sends a request to the identity provider and returns the response, whatever its status. */
export type SendToProvider = (request: IdentityRequest, signal: AbortSignal) => Promise<IdentityResponse>;

/** The OIDC identity provider below one URL. No redirect is followed: access codes are for that URL alone. */
export class IdentityProvider {
  readonly #url: URL;
  readonly #send: SendToProvider;
  #keys: readonly JWK[] | undefined;

  constructor(url: URL, send: SendToProvider) {
    this.#url = url;
    this.#send = send;
  }

  /**
   * Exchanges the access codes for tokens, which are not verified yet.
   *
   * @throws AuthenticationFailed where the response has none
   */
  async grantToken(grant: GrantRequest, signal: AbortSignal): Promise<Grant> {
    const { accessCode1, accessCode2, scope } = grant;
    const data = { grant_type: 'password', accessCode1, accessCode2, scope };
    const url = new URL('grantToken', this.#url).href;
    const response = await this.#send({ method: 'POST', url, data }, signal);
    const { access_token: accessToken, id_token: idToken } = fieldsOf(response.data);
    if (response.status === 200 && isFilledString(accessToken) && isFilledString(idToken))
      return { accessToken, idToken };
    const advice = response.status >= 400 && response.status < 500 ? quotesIn(grant) : undefined;
    throw new AuthenticationFailed(response.input, undefined, { tries: response.tries, advice });
  }

  /** Returns the keys that tokens are signed with. They are read once, and again where `fresh` is true. */
  async keys(signal: AbortSignal, { fresh = false }: { fresh?: boolean } = {}): Promise<readonly JWK[]> {
    if (this.#keys === undefined || fresh) this.#keys = await this.#readKeys(signal);
    return this.#keys;
  }

  /** Whether the keys have been read, so that there may be newer ones. */
  get hasKeys(): boolean {
    return this.#keys !== undefined;
  }

  async #readKeys(signal: AbortSignal): Promise<readonly JWK[]> {
    const url = new URL('listKeys', this.#url).href;
    const response = await this.#send({ method: 'GET', url }, signal);
    const { keys } = fieldsOf(response.data);
    const usable = Array.isArray(keys) ? keys.filter(isObject) : [];
    if (response.status === 200 && usable.length > 0) return usable;
    throw new InvalidIdToken(
      'keys',
      `${url} answered ${response.status} without keys to verify the id token by`,
    );
  }
}

/** Names what has quotes around it: they may belong to it, so it is sent with them; seldom they do. */
function quotesIn({ accessCode1, accessCode2, scope }: GrantRequest): string | undefined {
  const quoted = Object.entries({ accessCode1, accessCode2, scope }).filter(([, value]) => isQuoted(value));
  if (quoted.length === 0) return undefined;
  const names = quoted.map(([name]) => name).join(' and ');
  return `Remove the quotes around ${names}, unless they are part of it.`;
}

/** How our own transport sends requests to the identity provider. */
export interface SendOptions extends RetryHooks {
  readonly connections: Connections;
  /** Idle timeout in milliseconds; 0 disables it. */
  readonly timeout: number;
  /** undefined for one attempt. */
  readonly policy: RetryPolicy | undefined;
}

const USER_AGENT = `itkdb/${VERSION}`;
/** The longest response that is read, in bytes. */
const MAX_CONTENT_LENGTH = 1024 * 1024;

/** Creates a function that sends requests over our own transport, with retries. */
export function createSend({ connections, timeout, policy, ...hooks }: SendOptions): SendToProvider {
  const transport = createTransport(connections);
  const retrying = retry(hooks);
  const options = optionsOf(timeout, policy);
  return async ({ method, url, data }, signal) => {
    const request: HttpRequest = {
      method,
      url,
      headers: {
        accept: 'application/json',
        'user-agent': USER_AGENT,
        ...(data && { 'content-type': 'application/json' }),
      },
      body: data && JSON.stringify(data),
      usesToken: false,
    };
    const attempts = policy && new Attempts(policy);
    const context: RequestContext = { signal, options, attempts, supersede: () => {} };
    const response = await retrying(request, context, transport);
    const fields = response.status === 200 ? decodeJson(response) : undefined;
    return {
      status: response.status,
      data: fields,
      input: responseInput(response),
      tries: attempts?.summary,
    };
  };
}

/** Parses JSON whatever `Content-Type` says; what is not JSON is decoded as that says. */
function decodeJson(response: HttpResponse): unknown {
  try {
    return decodeBody(response, 'json');
  } catch {
    return decodeBody(response, undefined);
  }
}

function optionsOf(timeout: number, policy: RetryPolicy | undefined): RequestOptions {
  const maxContentLength = MAX_CONTENT_LENGTH;
  return Object.freeze({
    ...DEFAULT_REQUEST_OPTIONS,
    timeout,
    retry: policy,
    maxContentLength,
  });
}

/** Creates a function that sends requests with a client of the caller's, which is called once for each request. */
export function sendWith(client: HttpClient, timeout: number): SendToProvider {
  return async (request, signal) => {
    const config: AxiosRequestConfig = {
      ...request,
      headers: { 'User-Agent': USER_AGENT },
      timeout,
      signal,
      maxRedirects: 0,
      validateStatus: () => true,
    };
    try {
      const { status, data } = checkResponse(await client.request(config));
      return { status, data, input: { status, data, config: request } };
    } catch (error) {
      if (isException(error)) throw error;
      throw toTransportException(error, { ...request, signal });
    }
  };
}

function checkResponse(response: unknown): { status: number; data: unknown } {
  const { status, data } = (response ?? {}) as { status?: unknown; data?: unknown };
  if (typeof status !== 'number')
    throw new InvalidInvocation('`httpClient` must answer as axios does: { status, data }');
  // Read once: the client may be anybody's.
  const isFields = isObject(data) && !ArrayBuffer.isView(data);
  return { status, data: isFields && !Array.isArray(data) ? { ...data } : parsed(data) };
}

/** A client may parse JSON only where `Content-Type` says JSON. */
function parsed(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : data;
  } catch {
    return data;
  }
}

function fieldsOf(data: unknown): Readonly<Record<string, unknown>> {
  return isObject(data) ? { ...data } : {};
}
