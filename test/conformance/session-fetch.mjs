import { Session } from '../../dist/index.js';

/**
 * @typedef {object} Init what the suite gives to `fetch`
 * @property {string} [method]
 * @property {[name: string, value: string][]} [headers] names may repeat
 * @property {string} [body]
 * @property {string} [cache] a cache mode of the Fetch standard
 * @property {AbortSignal} [signal]
 */

/** How the Fetch standard's cache modes are said to a session; `no-cache` is a header field. */
const MODES = {
  'no-store': false,
  reload: 'reload',
  'force-cache': 'force-cache',
  'only-if-cached': 'only-if-cached',
};

/**
 * Makes a `fetch` of a session, as the suite wants it: any status is an answer, nothing is tried again, no redirect is
 * followed, and the body is the text that came.
 *
 * @param {string} origin where the suite's server is
 * @param {string} directory where answers are kept
 */
export function createSessionFetch(origin, directory) {
  const session = new Session({
    // Not a prefix of the tests' URLs: what the cache does for the database beyond RFC 9111 is not what is tested here.
    prefixUrl: `${origin}/database/`,
    user: { authenticate: () => true, bearer: 'bearer-of-the-suite', identity: '1-1-1' },
    cache: directory,
    retry: false,
    maxRedirects: 0,
    maxConcurrency: Number.POSITIVE_INFINITY,
  });
  const fetch = async (/** @type {string} */ url, /** @type {Init} */ init = {}) => {
    const { method = 'GET', body, signal, cache = 'default' } = init;
    const response = await session.request({
      url,
      method,
      headers: fieldsOf(init),
      ...(body === undefined ? {} : { data: body }),
      ...(signal ? { signal } : {}),
      ...(cache in MODES ? { cache: MODES[/** @type {keyof typeof MODES} */ (cache)] } : {}),
      responseType: 'text',
      decompress: false,
      validateStatus: () => true,
    });
    return toFetchResponse(response);
  };
  return { fetch, close: () => session.close() };
}

/** Joins repeated fields, as they may be on the wire. */
function fieldsOf(/** @type {Init} */ { headers = [], cache }) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const [name, value] of headers) {
    const known = name.toLowerCase();
    fields[known] = known in fields ? `${fields[known]}, ${value}` : value;
  }
  if (cache === 'no-cache') fields['cache-control'] ??= 'max-age=0';
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
