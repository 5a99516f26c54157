import type { ServerResponse } from 'node:http';

/** A request that the embedded database received. */
export interface RecordedRequest {
  /** Which of its two servers. */
  readonly server: 'identity' | 'api';
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  /** The last part of the path, such as `getComponent` or `grantToken`. */
  readonly command: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as received. */
  readonly body: string;
  /** The body parsed, where it is JSON. */
  readonly json: unknown;
}

/** A response before it is sent. */
export interface Answer {
  readonly status: number;
  /** `Content-Type`. @defaultValue `application/json; charset=UTF-8` */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body: string | Buffer;
}

/** Sends a response. */
export function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  const bytes = sendHead(response, answer);
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

/** Writes status and header fields. Returns the body, which is still to be sent. */
export function sendHead(response: ServerResponse, { status, type, headers, body }: Answer): Buffer {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    'Content-Type': type ?? 'application/json; charset=UTF-8',
    'Content-Length': bytes.length,
    ...headers,
  });
  return bytes;
}
