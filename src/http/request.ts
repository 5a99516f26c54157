import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import type { Attempts } from './attempts.js';
import type { AxiosProgressEvent, AxiosProxyConfig } from './axios.js';
import type { RetryPolicy } from './retry-policy.js';

/** Header fields; names in lower case. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** A body that is produced anew for each attempt, such as a form with files. */
export interface RepeatableBody {
  /** What the caller gave. */
  readonly source: unknown;
  /** In bytes; undefined where it is not known before it is sent. */
  readonly length: number | undefined;
  /** Returns the bytes. Each chunk is valid only until the next one is asked for. */
  open(): AsyncIterable<Buffer>;
}

/** A body as it is sent. A `Readable` can be sent once; all others again. */
export type RequestBody = string | Buffer | Readable | RepeatableBody;

/** A request (RFC 9110). Immutable: a step that changes something passes a copy on. */
export interface HttpRequest {
  /** In upper case. */
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  /** All but the session's token, which is added next to the transport. */
  readonly headers: HeaderFields;
  readonly body: RequestBody | undefined;
  /** Whether it is sent with the session's token. */
  readonly usesToken: boolean;
  /** The response that redirected to this request. */
  readonly redirectedBy?: HttpResponse | undefined;
}

/** A response, and the request that it answers: after redirects, the last one. */
export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderFields;
  /** A `Readable` where `options.isStream`, else a `Buffer`. */
  readonly body: Buffer | Readable;
  readonly request: HttpRequest;
  /** The token that the request was sent with. */
  readonly token?: Token | undefined;
  /** When the request of this response was sent, in milliseconds since the epoch; undefined where it came from the cache. */
  readonly sentAt?: number | undefined;
  /** The attempts that it took; undefined where they were not counted. */
  readonly attempts?: Attempts | undefined;
  /** Whether the response, or its body, came from the cache. */
  readonly fromCache?: boolean | undefined;
  /** Whether others have the same body, so that it must not be changed. */
  readonly isShared?: boolean | undefined;
  /** Removes the response from the cache: its body turned out to be broken. */
  readonly retract?: (() => Promise<unknown>) | undefined;
}

/** A bearer token (RFC 6750) of the user. */
export interface Token {
  readonly value: string;
  /** Who the responses to requests with this token are for: the user's identity, else a digest of the token. */
  readonly owner: string;
  /** When the user gave it, by `performance.now()`. */
  readonly obtainedAt: number;
}

/** The value of `Authorization` for a token. */
export function bearerOf({ value }: Token): string {
  return `Bearer ${value}`;
}

/** What one request may say about the cache. */
export type CacheMode = false | 'reload' | 'only-if-cached' | 'force-cache';

/** The options of a request after defaults and checks. Frozen. */
export interface RequestOptions {
  /** Idle timeout in milliseconds; 0 disables it. */
  readonly timeout: number;
  /** The longest response body in bytes, decoded; negative for no limit. */
  readonly maxContentLength: number;
  /** The longest request body in bytes; negative for no limit. */
  readonly maxBodyLength: number;
  readonly maxRedirects: number;
  /** Whether content codings are undone. */
  readonly decompress: boolean;
  /** Whether the response body is a stream. */
  readonly isStream: boolean;
  readonly cache: CacheMode | undefined;
  /** undefined for one attempt. */
  readonly retry: RetryPolicy | undefined;
  /** The caller's; undefined for the statuses of the session. */
  readonly validateStatus: ((status: number) => boolean) | undefined;
  /** The caller's agents, of the request or else of the session; `false` for a connection of its own. */
  readonly httpAgent: HttpAgent | false | undefined;
  readonly httpsAgent: HttpsAgent | false | undefined;
  readonly lookup: LookupFunction | undefined;
  readonly family: 0 | 4 | 6 | undefined;
  /** The caller's, of the request or else of the session; `false` for none; undefined for that of the environment. */
  readonly proxy: AxiosProxyConfig | string | false | undefined;
  readonly onUploadProgress: ((event: AxiosProgressEvent) => void) | undefined;
  readonly onDownloadProgress: ((event: AxiosProgressEvent) => void) | undefined;
}

/** The default options of a request. */
export const DEFAULT_REQUEST_OPTIONS: RequestOptions = Object.freeze({
  timeout: 60_000,
  maxContentLength: -1,
  maxBodyLength: -1,
  maxRedirects: 30,
  decompress: true,
  isStream: false,
  cache: undefined,
  retry: undefined,
  validateStatus: undefined,
  httpAgent: undefined,
  httpsAgent: undefined,
  lookup: undefined,
  family: undefined,
  proxy: undefined,
  onUploadProgress: undefined,
  onDownloadProgress: undefined,
});

/** What belongs to a call and not to its messages. A step that changes something passes a copy on. */
export interface RequestContext {
  /** Aborted by the caller's signal and by `close()`. */
  readonly signal: AbortSignal;
  /** Whether the caller gave a signal, which aborts this call alone; `close()` aborts all calls. */
  readonly hasCallerSignal?: boolean | undefined;
  readonly options: RequestOptions;
  /** Undefined before the user was asked, and for requests that are sent without. */
  readonly token?: Token | undefined;
  /** Counts the attempts of the call, redirects and a second authentication included; undefined for one attempt. */
  readonly attempts?: Attempts | undefined;
  /** Told of a response that is followed by another one for the same call. Its body is discarded. */
  readonly supersede: (response: HttpResponse) => void;
}

/** Sends a request. */
export type Send = (request: HttpRequest, context: RequestContext) => Promise<HttpResponse>;

/** One step of the pipeline: passes the request to `next`, or answers itself. */
export type Interceptor = (
  request: HttpRequest,
  context: RequestContext,
  next: Send,
) => Promise<HttpResponse>;

/** The methods that change nothing (RFC 9110, section 9.2.1). */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
