import { ResponseException, UnhandledResponse } from '../../exceptions/response.js';
import { TooManyRedirects } from '../../exceptions/transport.js';
import type { RequestConfig, SessionResponse } from '../../session/request-options.js';
import type { ClientOptions } from '../options.js';
import type { ResourceContext } from '../resources/resource.js';
import type { ResultPromise } from '../result-promise.js';

/** A file on EOS, and the token for one thing that is done with it. */
interface EosFile {
  readonly url: string;
  readonly token: string;
}

/** Options of a request that are about its way through the network. The others are for the database. */
const NETWORK = [
  'family',
  'httpAgent',
  'httpsAgent',
  'lookup',
  'maxRedirects',
  'proxy',
  'retry',
  'signal',
  'timeout',
] as const;

/** The options of a request to EOS. */
export type EosOptions = Pick<RequestConfig, (typeof NETWORK)[number] | 'onUploadProgress'>;

/** The redirects that repeat the request, with its method and its body. After a 303 nothing would be stored. */
const REPEATED: readonly number[] = [301, 302, 307, 308];
const MAX_REDIRECTS = 30;
/** A large file may take hours. Only silence ends an attempt. */
const A_DAY = 86_400_000;

/**
 * Returns the options of a call that are for requests to EOS, too. All of these requests can be repeated without harm.
 *
 * @param usual - the `retry` of the client
 */
export function eosOptions(call: RequestConfig, usual: ClientOptions['retry']): EosOptions {
  const options = Object.fromEntries(
    NETWORK.flatMap((name) => (call[name] === undefined ? [] : [[name, call[name]]])),
  ) as EosOptions;
  const { retry = usual } = call;
  return {
    ...options,
    retry: retry !== false && { within: A_DAY, ...(usual || {}), ...retry, idempotent: true },
  };
}

/**
 * Sends a PUT or a DELETE to EOS, which redirects it to the server that has the file. The token is sent to the host that
 * it is for, and to no other: the new URL has one of its own.
 *
 * @param success - the statuses that say that it was done
 * @throws ResponseException for each other status
 * @throws TransportException if no complete response arrived
 */
export async function sendToEos(
  { client }: Pick<ResourceContext, 'client'>,
  method: 'PUT' | 'DELETE',
  { url, token }: EosFile,
  success: readonly number[],
  options: EosOptions,
  body?: Blob,
): Promise<void> {
  const config = {
    ...{ ...options, auth: false as const, cache: false as const, maxRedirects: 0 },
    validateStatus: (status: number) => success.includes(status) || REPEATED.includes(status),
  };
  const { maxRedirects = MAX_REDIRECTS } = options;
  let target = url;
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const isSameHost = target === url || new URL(target).origin === new URL(url).origin;
    const headers = isSameHost ? { Authorization: `Bearer ${token}` } : {};
    const request =
      method === 'PUT'
        ? client.put(target, body, { ...config, headers })
        : client.delete(target, { ...config, headers });
    const response = await explained(method, success, responseOf(request));
    const next = response && redirectOf(response, target);
    if (next === undefined) return;
    target = next;
  }
  const shown = url.replace(/\?.*/s, '');
  throw new TooManyRedirects(`${method} ${shown} failed: more than ${maxRedirects} redirects`, {
    method,
    url: shown,
  });
}

/** A unit test may have replaced the method of the client by one that returns a plain promise. */
async function responseOf(request: Partial<ResultPromise<unknown>>): Promise<SessionResponse | undefined> {
  if (request.withResponse !== undefined) return (await request.withResponse()).response;
  await (request as Promise<unknown>);
  return undefined;
}

/** Returns where a request is to be repeated; undefined where it was done. */
function redirectOf(response: SessionResponse, from: string): string | undefined {
  if (!REPEATED.includes(response.status)) return undefined;
  // Header fields are read as Latin-1, but servers write UTF-8.
  const location = Buffer.from(String(response.headers['location'] ?? ''), 'latin1').toString('utf8');
  const to = location !== '' && URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol))
    throw new UnhandledResponse(response as never, undefined, {
      reason: 'EOS redirects the request to nowhere',
    });
  // A server does not choose the credentials of the next request.
  to.username = '';
  to.password = '';
  return to.href;
}

/** Says of a status that is a success elsewhere why it is none here. */
async function explained<T>(method: string, [expected]: readonly number[], answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ResponseException) || error.status >= 300) throw error;
    const { response, status } = error;
    throw new UnhandledResponse({ ...response, config: response.request }, undefined, {
      reason: `EOS answers a ${method} that was done with ${expected}, not with ${status}`,
    });
  }
}
