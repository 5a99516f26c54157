import type { InternalAxiosRequestConfig } from 'axios';
import { InvalidInvocation } from '../exceptions/base.js';
import { type RequestInput, showRequest } from '../redaction/exchange.js';
import { isObject } from '../util/guards.js';
import { inspectAsString } from '../util/inspect.js';
import type { DispatchConfig } from './request-config.js';

/**
 * A request as it will be sent: absolute URL, headers with the token, serialised body. Made by
 * `session.prepareRequest()`, sent by `session.send()`.
 *
 * The getters give the real values, credentials included; printing it shows none.
 */
export class PreparedRequest {
  readonly #config: DispatchConfig;

  static {
    inspectAsString(this);
  }

  /** @internal */
  constructor(config: DispatchConfig) {
    this.#config = config;
  }

  /** In upper case. */
  get method(): string {
    return this.#config.method.toUpperCase();
  }

  /** Absolute, with its query. */
  get url(): string {
    return this.#config.url;
  }

  /** The header fields to be sent; changes to them count. */
  get headers(): InternalAxiosRequestConfig['headers'] {
    return this.#config.headers;
  }

  /** The serialised body; undefined for none. */
  get body(): unknown {
    return this.#config.data;
  }

  /** What a template string shows: method and URL, without credentials. */
  toString(): string {
    return `PreparedRequest(${this.method} ${showRequest(this.#config as RequestInput).url})`;
  }

  /** What `JSON.stringify` shows. */
  toJSON(): object {
    return showRequest(this.#config as RequestInput);
  }

  /**
   * @internal
   * @throws InvalidInvocation
   */
  static configOf(request: PreparedRequest): DispatchConfig {
    if (!isObject(request) || !(#config in request))
      throw new InvalidInvocation('the request must be one that session.prepareRequest() made');
    return request.#config;
  }
}
