import { Session } from '../../dist/index.js';

/**
 * @typedef {object} Init what the suite gives to `fetch`
 * @property {string} [method]
 * @property {[name: string, value: string][]} [headers] names may repeat
 * @property {string} [body]
 * @property {string} [cache] a cache mode of the Fetch standard
 * @property {AbortSignal} [signal]
 */

/** How the Fetch standard's cache modes are said to a session. */
/** @type {Record<string, false | 'reload' | 'force-cache' | 'only-if-cached'>} */
const MODES = {
  'no-store': false,
  reload: 'reload',
  'force-cache': 'force-cache',
  'only-if-cached': 'only-if-cached',
};

/**
 * Makes a `fetch` of sessions, as the suite wants it: any status is an answer, nothing is tried again, no redirect is
 * followed, and the body is the text that came. Each test has a session of its own, because a session keeps cookies.
 *
 * @param {string} origin where the suite's server is
 * @param {string} directory where answers are kept
 */
export function createSessionFetch(origin, directory) {
  /** @type {Map<string, Session>} */
  const sessions = new Map();
  const sessionFor = (/** @type {string} */ url) => {
    const test = new URL(url).pathname.split('/')[2] ?? '';
    const session = sessions.get(test) ?? openSession(origin, directory);
    sessions.set(test, session);
    return session;
  };
  return {
    fetch: (/** @type {string} */ url, /** @type {Init} */ init = {}) => send(sessionFor(url), url, init),
    close: () => Promise.all([...sessions.values()].map((session) => session.close())),
  };
}

function openSession(/** @type {string} */ origin, /** @type {string} */ directory) {
  return new Session({
    // Not a prefix of the tests' URLs: what the cache does for the database beyond RFC 9111 is not what is tested here.
    prefixUrl: `${origin}/database/`,
    user: { authenticate: () => true, bearer: 'bearer-of-the-suite', identity: '1-1-1' },
    cache: directory,
    retry: false,
    maxRedirects: 0,
  });
}

async function send(
  /** @type {Session} */ session,
  /** @type {string} */ url,
  /** @type {Init} */ { method = 'GET', body, signal, cache = 'default', headers = [] },
) {
  const fields = joined(headers);
  // The Fetch standard says this mode with a header field.
  if (cache === 'no-cache') fields['cache-control'] ??= 'max-age=0';
  const response = await session.request({
    url,
    method,
    headers: fields,
    data: body,
    signal,
    cache: MODES[cache],
    responseType: 'text',
    validateStatus: () => true,
  });
  return toFetchResponse(response);
}

/** Joins repeated fields, as they may be on the wire. */
function joined(/** @type {[name: string, value: string][]} */ headers) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const [name, value] of headers) {
    const known = name.toLowerCase();
    fields[known] = known in fields ? `${fields[known]}, ${value}` : value;
  }
  return fields;
}

/** What the suite reads of a `Response`; a real one refuses some of the statuses. */
function toFetchResponse(/** @type {import('../../dist/index.js').SessionResponse<any>} */ response) {
  const { status, statusText, data } = response;
  /** @type {[string, string][]} */
  const entries = Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
  const fields = new Map(entries.map(([name, value]) => [name.toLowerCase(), value]));
  const headers = {
    get: (/** @type {string} */ name) => fields.get(name.toLowerCase()) ?? null,
    has: (/** @type {string} */ name) => fields.has(name.toLowerCase()),
    forEach: (/** @type {(value: string, name: string) => void} */ visit) => fields.forEach(visit),
    [Symbol.iterator]: () => fields.entries(),
  };
  return { status, statusText, headers, text: async () => String(data ?? '') };
}
