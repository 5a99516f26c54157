import { Session } from '../../dist/index.js';

/**
 * @typedef {object} Init what the suite gives to `fetch`
 * @property {string} [method]
 * @property {[name: string, value: string][]} [headers] names may repeat
 * @property {string} [body]
 * @property {string} [cache] a cache mode of the Fetch standard
 * @property {AbortSignal} [signal]
 */

/** The cache modes of the Fetch standard as options of a request. */
/** @type {Record<string, false | 'reload' | 'force-cache' | 'only-if-cached'>} */
const MODES = {
  'no-store': false,
  reload: 'reload',
  'force-cache': 'force-cache',
  'only-if-cached': 'only-if-cached',
};

/**
 * Makes a `fetch` of sessions, as the suite expects it: no status is an exception, nothing is retried, no redirect is
 * followed, and the body is the text that was sent. Each test has a session and a user of its own: a session keeps
 * cookies, and a write invalidates what its user has stored. The suite's server is under the prefix, as the database is.
 *
 * @param {string} origin the suite's server
 * @param {string} directory where responses are stored
 */
export function createSessionFetch(origin, directory) {
  /** @type {Map<string, Session>} */
  const sessions = new Map();
  const sessionFor = (/** @type {string} */ url) => {
    const test = new URL(url).pathname.split('/')[2] ?? '';
    const session = sessions.get(test) ?? openSession(origin, directory, test);
    sessions.set(test, session);
    return session;
  };
  return {
    fetch: (/** @type {string} */ url, /** @type {Init} */ init = {}) => send(sessionFor(url), url, init),
    close: () => Promise.all([...sessions.values()].map((session) => session.close())),
  };
}

function openSession(
  /** @type {string} */ origin,
  /** @type {string} */ directory,
  /** @type {string} */ test,
) {
  return new Session({
    prefixUrl: `${origin}/`,
    user: { authenticate: () => true, bearer: `bearer-of-${test}`, identity: test },
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
    responseType: 'arraybuffer',
    validateStatus: null,
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
