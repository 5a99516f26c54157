import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import axios from 'axios';
import { buildMemoryStorage, setupCache } from 'axios-cache-interceptor';
import got from 'got';
import Keyv from 'keyv';
import { KeyvFile } from 'keyv-file';
import fetchOfNpm from 'make-fetch-happen';
import { cacheStores, interceptors, request, Agent as UndiciAgent } from 'undici';
import { Session } from '../../dist/index.js';

/**
 * @typedef {object} Client
 * @property {(url: string) => Promise<unknown>} get the parsed answer: an object of the caller's own
 * @property {() => unknown} [close]
 * @property {boolean} [hasCache] `false` where every request goes to the server
 */

/**
 * Opens a client whose cache is in a directory, as a new process would: with nothing in memory.
 *
 * @typedef {(directory: string, origin: string) => Client} Open
 */

/** @type {Open} */
const itkdb = (directory, origin) => {
  const user = { authenticate: () => true, bearer: 'bearer-of-the-benchmark', identity: '1-1-1' };
  const session = new Session({
    cache: directory,
    user,
    prefixUrl: `${origin}/`,
    maxConcurrency: 64,
    retry: false,
  });
  return { get: async (url) => (await session.get(url)).data, close: () => session.close() };
};

/** @type {Open} */
const gotAndKeyvFile = (directory) => {
  const cache = new Keyv({ store: new KeyvFile({ filename: join(directory, 'got'), separatedFile: true }) });
  // cacheable-request 13 leaves a listener with each request, and Keyv warns of every one beyond 100.
  cache.setMaxListeners(Number.POSITIVE_INFINITY);
  const client = got.extend({ cache, cacheOptions: { shared: false }, retry: { limit: 0 } });
  return { get: (url) => client(url).json() };
};

/** @type {Open} */
const makeFetchHappen = (directory) => {
  const options = { cachePath: join(directory, 'npm'), retry: false, proxy: false };
  return { get: async (url) => (await fetchOfNpm(url, options)).json() };
};

/** @type {Open} */
const axiosCacheInterceptor = () => {
  // `double` copies what goes in and what comes out; without it every caller gets the same object.
  const storage = buildMemoryStorage('double');
  const client = setupCache(axios.create({ proxy: false, httpAgent: new Agent({ keepAlive: true }) }), {
    storage,
  });
  return { get: async (url) => (await client.get(url)).data };
};

/** @type {Open} */
const undici = () => {
  const store = new cacheStores.MemoryCacheStore({
    maxSize: 512 * 1024 * 1024,
    maxEntrySize: 64 * 1024 * 1024,
  });
  const agent = new UndiciAgent();
  const dispatcher = agent.compose(interceptors.cache({ store, type: 'private' }));
  return { get: async (url) => (await request(url, { dispatcher })).body.json(), close: () => agent.close() };
};

/** @type {Open} */
const plainAxios = () => {
  const httpAgent = new Agent({ keepAlive: true });
  const client = axios.create({ proxy: false, httpAgent });
  return {
    get: async (url) => (await client.get(url)).data,
    close: () => httpAgent.destroy(),
    hasCache: false,
  };
};

/**
 * The least that any cache could do that keeps each answer in a file of its own: no key, no policy, no check. Nobody can be
 * much faster than this on the file system at hand.
 *
 * @type {Open}
 */
const bareFiles = (directory) => {
  const client = axios.create({ proxy: false, httpAgent: new Agent({ keepAlive: true }) });
  let temporary = 0;
  const get = async (/** @type {string} */ url) => {
    const path = join(directory, new URL(url).pathname.replaceAll('/', '-'));
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
    const { data } = await client.get(url, { responseType: 'arraybuffer' });
    const beside = join(directory, `${temporary++}.tmp`);
    writeFileSync(beside, data, { mode: 0o600 });
    renameSync(beside, path);
    return JSON.parse(data.toString());
  };
  return { get };
};

/** Ours first. @type {Record<string, Open>} */
export const ON_DISK = { itkdb, 'got + keyv-file': gotAndKeyvFile, 'make-fetch-happen': makeFetchHappen };

/** @type {Record<string, Open>} */
export const LEAST = { 'bare files': bareFiles };

/** @type {Record<string, Open>} */
export const IN_MEMORY = { 'axios-cache-int.': axiosCacheInterceptor, undici };

/** @type {Record<string, Open>} */
export const NO_CACHE = { axios: plainAxios };
