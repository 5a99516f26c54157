import { rememberLast } from '../../util/memoize.js';
import { parseNoProxy } from './no-proxy.js';
import { type ProxyServer, parseProxyUrl } from './proxy.js';

const LOOPBACK = /^(?:localhost\.?|127(?:\.\d+){3}|\[::1\])$/;

/**
 * Returns the proxy that the environment names for a URL at this moment; undefined for none.
 *
 * `localhost`, 127.0.0.0/8 and [::1] have none, as in browsers: no proxy can reach them.
 *
 * @throws InvalidInvocation where the variable that counts is not the URL of a proxy
 */
export function proxyOfEnvironment(url: URL): ProxyServer | undefined {
  if (LOOPBACK.test(url.hostname)) return undefined;
  const variable = readVariable(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy');
  const { name, value } = variable.value === '' ? readVariable('all_proxy') : variable;
  if (value === '' || isDirect(readVariable('no_proxy').value)(url)) return undefined;
  return parseProxyUrl(value, `the environment variable ${name}`);
}

const isDirect = rememberLast(parseNoProxy);

interface Variable {
  readonly name: string;
  /** Empty where it is not set. */
  readonly value: string;
}

/** Reads a variable whose name may be in lower or upper case. Lower case wins, also where it is empty. */
function readVariable(name: string): Variable {
  const { env } = process;
  const value = env[name];
  if (value !== undefined) return { name, value: value.trim() };
  const upper = name.toUpperCase();
  // A web server sets HTTP_PROXY of a CGI script to the header `Proxy` of the request that it received.
  if (upper === 'HTTP_PROXY' && env['REQUEST_METHOD'] !== undefined) return { name: upper, value: '' };
  return { name: upper, value: env[upper]?.trim() ?? '' };
}
