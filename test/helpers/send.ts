import { request as httpRequest, type IncomingMessage, type RequestOptions as NodeOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { RequestOptions } from '../../src/http/request.js';
import type { Connections } from '../../src/http/transport/connections.js';

/** A response as a test sees it. */
export interface Received {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** The options of a request that say nothing. */
export const NO_OPTIONS = {} as RequestOptions;

/** Sends a GET by the route that some connections choose, as the transport does. */
export async function send(
  connections: Connections,
  url: string,
  options: Partial<RequestOptions> & { readonly signal?: AbortSignal } = {},
): Promise<Received> {
  const { protocol, hostname, port, pathname, host, href } = new URL(url);
  const { signal, ...others } = options;
  const { agent, forward } = connections.route(new URL(url), { ...NO_OPTIONS, ...others });
  const target: NodeOptions = forward
    ? { hostname: forward.hostname, port: forward.port, path: href, headers: { ...forward.headers, host } }
    : { hostname, port, path: pathname };
  const start = (forward?.protocol ?? protocol) === 'https:' ? httpsRequest : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    start({ ...target, agent, ...(signal && { signal }) }, resolve)
      .on('error', reject)
      .end();
  });
  return { status: response.statusCode, body: await text(response), headers: response.headers };
}
