import { InvalidInvocation } from '../exceptions/base.js';
import { redactor } from '../redaction/redact.js';
import { rememberLast } from '../util/memoize.js';
import { warnOnce } from '../util/warn-once.js';

/** A percent sign counts where no two hexadecimal digits follow. */
const NOT_ALLOWED = /[[\]^`{|}]|%(?![\da-f]{2})/i;
const EACH_NOT_ALLOWED: RegExp = new RegExp(NOT_ALLOWED, 'gi');

/**
 * Reads a base URL that was checked before: `prefixUrl` or a setting. Its path counts as a folder, with or without a slash at its end.
 * Warns once of a server to which credentials would travel unencrypted.
 */
export function parsePrefix(prefix: string | URL): URL {
  const url = encoded(new URL(prefix));
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    warnOnce(
      `ITKDB_CLEAR_TEXT ${url.host}`,
      `${url.origin} is not https: everybody on the way to it can read your credentials.`,
      'SecurityWarning',
    );
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/**
 * Joins a URL to a base as RFC 3986 does, and refuses what could be read in two ways.
 *
 * A backslash counts as an ordinary character (`%5C`), never as a slash: otherwise `\\host` would name another host.
 *
 * @param url - relative or absolute; `''`, null and undefined mean the base itself
 * @throws InvalidInvocation where it does not parse, or is not http(s)
 */
export function joinUrl(prefix: URL, url: string | URL | null | undefined): URL {
  // URL drops tabs and line ends wherever they are, and control characters at both ends, so they must not hide a scheme from the checks below.
  const text = String(url ?? '')
    .replace(/[\t\n\r]|^[\0- ]+|[\0- ]+$/g, '')
    .trimStart()
    .replaceAll('\\', '%5C');
  const scheme = /^([a-z][a-z0-9+.-]*):(\/*)/i.exec(text);
  if (scheme !== null && !isPlainScheme(scheme, prefix)) {
    throw invalidUrl(text, 'must be relative, or start with http:// or https://');
  }
  // WHATWG would take `///host` and `https:///host` for another host, where RFC 3986 sees an empty one.
  if (/^(?:https?:)?\/{3}/i.test(text)) throw invalidUrl(text, 'must name a host');
  try {
    return encoded(new URL(text, prefix));
  } catch {
    throw invalidUrl(text, 'must be a valid URL');
  }
}

/**
 * Percent-encodes what RFC 3986 does not allow in a path or query and `URL` leaves alone: some servers and proxies refuse
 * it. A `?` or `#` with nothing behind it is removed.
 */
function encoded(url: URL): URL {
  if (NOT_ALLOWED.test(url.pathname)) url.pathname = url.pathname.replace(EACH_NOT_ALLOWED, percentEncoded);
  if (NOT_ALLOWED.test(url.search)) url.search = url.search.replace(EACH_NOT_ALLOWED, percentEncoded);
  if (url.search === '' && url.href.includes('?')) url.search = '';
  if (url.hash === '' && url.href.endsWith('#')) url.hash = '';
  return url;
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** `http://…` and `https://…`; and, as RFC 3986 still allows, `https:path` with the base's own scheme. */
function isPlainScheme([, scheme, slashes]: RegExpExecArray, prefix: URL): boolean {
  const protocol = `${scheme?.toLowerCase()}:`;
  return (protocol === 'http:' || protocol === 'https:') && (slashes !== '' || protocol === prefix.protocol);
}

/**
 * Whether a URL lies under a base: the same origin, and a path in the base's folder. Only such URLs are sent a token.
 *
 * A URL with credentials of its own is not under the base: it says whom to log in as. Nor is one whose path climbs out
 * of the folder with encoded slashes, which `URL` leaves alone but a server may decode.
 */
export function isUnderPrefix(prefix: URL, url: URL): boolean {
  return (
    url.origin === prefix.origin &&
    url.pathname.startsWith(prefix.pathname) &&
    url.username === '' &&
    url.password === '' &&
    !/(?:\/|%2f|%5c)(?:\.|%2e){2}(?:\/|%2f|%5c|$)/i.test(url.pathname)
  );
}

/** The same for absolute URLs as text. */
export function coveredBy(prefix: URL): (url: string) => boolean {
  return rememberLast((url) => isUnderPrefix(prefix, new URL(url)));
}

/** The origin of an absolute URL. Requests come in runs to the same URL, so the last one is remembered. */
export const originOf: (url: string) => string = rememberLast((url) => new URL(url).origin);

function invalidUrl(text: string, expectation: string): InvalidInvocation {
  return new InvalidInvocation(`the URL \`${redactor.text(text)}\` ${expectation}`);
}
