import type { Readable } from 'node:stream';
import type { HttpRequest, HttpResponse, RequestContext, RequestOptions } from '../http/request.js';
import type { Message } from './outgoing.js';
import type { Preparation } from './prepared-request.js';
import type { ReadOptions } from './response.js';

/** A request as the caller made it, after checks. */
export interface NewCall {
  readonly message: Message;
  readonly options: RequestOptions;
  readonly read: ReadOptions;
  /** Whether `auth` says what the request is sent with, in place of the token. */
  readonly hasOwnAuth?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** What a prepared request was prepared to: its URL, its headers and its token are final. */
  readonly preparation?: Preparation;
}

/** A request under way. */
export interface Call extends NewCall {
  /** With the token, once the user has given it. */
  context: RequestContext;
  request?: HttpRequest;
  /** The body that the caller has not read yet. */
  stream?: Readable | undefined;
}

/** What the pipeline came to. It never fails as axios's adapter, because axios would change what it failed with. */
export type Outcome = { readonly response: HttpResponse } | { readonly error: unknown };

/** Names a call in its axios configuration, where the signal and the token must not stand. It shows nothing of the call. */
export class CallHandle {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  static callOf(config: object): Call {
    return (config as { readonly call: CallHandle }).call.#call;
  }
}
