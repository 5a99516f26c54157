import { InvalidInvocation } from '../exceptions/base.js';
import { AxiosHeaders } from '../http/axios.js';
import { bearerOf, type HttpRequest, type RequestOptions, type Token } from '../http/request.js';
import { requestInput } from '../http/response-input.js';
import { showRequest } from '../redaction/exchange.js';
import { isObject } from '../util/guards.js';
import { inspectAsString } from '../util/inspect.js';
import { refuseReserved, toHeaderFields } from './outgoing.js';
import type { ReadOptions } from './response.js';

/** What a session knows of a request that it has prepared. */
export interface Preparation {
  readonly request: HttpRequest;
  readonly options: RequestOptions;
  readonly token: Token | undefined;
  readonly read: ReadOptions;
}

/**
 * A request as it will be sent: absolute URL, headers with the token, serialised body. Made by
 * `session.prepareRequest()`, sent by `session.send()`.
 *
 * The getters give the real values, credentials included. Printing it shows none.
 */
export class PreparedRequest {
  #preparation: Preparation;
  readonly #headers: AxiosHeaders;

  static {
    inspectAsString(this);
  }

  /** @internal */
  constructor(preparation: Preparation) {
    this.#preparation = preparation;
    const { request, token } = preparation;
    this.#headers = new AxiosHeaders({ ...(request.headers as Record<string, string>) });
    if (token !== undefined) this.#headers.set('Authorization', bearerOf(token));
  }

  /** In upper case. */
  get method(): string {
    return this.#preparation.request.method;
  }

  /** Absolute, with its query. */
  get url(): string {
    return this.#preparation.request.url;
  }

  /** The header fields to be sent, the token included. Changes to them count. */
  get headers(): AxiosHeaders {
    return this.#headers;
  }

  /** The serialised body; undefined for none. */
  get body(): unknown {
    const { body } = this.#preparation.request;
    return isObject(body) && 'source' in body ? body.source : body;
  }

  /** What a template string shows: method and URL, without credentials. */
  toString(): string {
    return `PreparedRequest(${this.method} ${showRequest(this.#input()).url})`;
  }

  /** What `JSON.stringify` shows. */
  toJSON(): object {
    return showRequest(this.#input());
  }

  /**
   * @internal
   * The request as it is now. It has the session's token unless the caller put something else into the header, or the
   * session that sends it is one for another server.
   *
   * @throws InvalidInvocation where it is not a prepared request
   */
  static preparationOf(value: PreparedRequest, mayUseToken: (url: string) => boolean): Preparation {
    if (!isObject(value) || !(#preparation in value))
      throw new InvalidInvocation('the request must be one that session.prepareRequest() made');
    const { request, token, ...others } = value.#preparation;
    const { authorization, ...headers } = toHeaderFields(value.#headers);
    refuseReserved(headers);
    if (token !== undefined && authorization === bearerOf(token) && mayUseToken(request.url)) {
      const recent = { ...token, obtainedAt: performance.now() };
      return { ...others, request: { ...request, headers, usesToken: true }, token: recent };
    }
    const kept = authorization === undefined ? headers : { ...headers, authorization };
    return { ...others, request: { ...request, headers: kept, usesToken: false }, token: undefined };
  }

  /** @internal Puts a token into the header. */
  static authorize(value: PreparedRequest, token: Token): void {
    value.#authorize(token);
  }

  #authorize(token: Token): void {
    this.#preparation = { ...this.#preparation, token };
    this.#headers.set('Authorization', bearerOf(token));
  }

  #input(): ReturnType<typeof requestInput> {
    return { ...requestInput(this.#preparation.request), headers: this.#headers };
  }
}
