import type { CookieJar } from 'tough-cookie';
import type { Exchange } from '../wire.js';

/**
 * Cookies by origin, in memory. RFC 6265 alone would share them between the ports of a host and with its sister
 * hosts; here none leaves the origin that set it.
 */
export class CookieStore {
  readonly #jars = new Map<string, CookieJar>();

  /** The `Cookie` header for a URL, or `''`. */
  headerFor(url: string): string {
    if (this.#jars.size === 0) return '';
    return this.#jars.get(new URL(url).origin)?.getCookieStringSync(url) ?? '';
  }

  /** Keeps what an answer set; what is malformed or meant for elsewhere is ignored. */
  async remember(url: string, setCookie: readonly string[]): Promise<void> {
    const { origin } = new URL(url);
    let jar = this.#jars.get(origin);
    if (jar === undefined) {
      const { CookieJar } = await import('tough-cookie');
      jar = this.#jars.get(origin) ?? new CookieJar();
      this.#jars.set(origin, jar);
    }
    for (const cookie of setCookie) jar.setCookieSync(cookie, url, { ignoreError: true });
  }
}

/** Adds the store's cookies to each request, unless the caller set the header, and keeps those of each answer. */
export function withCookies(store: CookieStore, next: Exchange): Exchange {
  return async (config) => {
    const { url } = config;
    const header = config.headers.has('Cookie') ? '' : store.headerFor(url);
    if (header !== '') config = { ...config, headers: config.headers.concat({ Cookie: header }) };
    const response = await next(config);
    const setCookie: unknown = response.headers['set-cookie'];
    if (Array.isArray(setCookie)) await store.remember(url, setCookie);
    return response;
  };
}
