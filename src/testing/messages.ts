import type { IncomingMessage, ServerResponse } from 'node:http';

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
  readonly rawBody: Buffer;
  /** The body as text. */
  readonly body: string;
  /** The body parsed, where it is JSON. */
  readonly json: unknown;
}

/** Reads a request. Its body is kept once, as bytes. */
export async function readRequest(
  server: RecordedRequest['server'],
  request: IncomingMessage,
): Promise<RecordedRequest> {
  const { method = 'GET', url = '/', headers } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const rawBody = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  const command = decodeURIComponent(new URL(url, 'http://localhost').pathname.split('/').at(-1) ?? '');
  return {
    server,
    method,
    url,
    command,
    headers,
    rawBody,
    get body() {
      return rawBody.toString('utf8');
    },
    get json() {
      return parseJson(rawBody.toString('utf8'));
    },
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
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
