import type { Cookie, CookieJar, MemoryCookieStore } from 'tough-cookie';
import type { Logger } from '../../config/logger.js';
import { messageOf } from '../../util/errors.js';
import type { Interceptor } from '../request.js';
import { originOf } from '../url.js';

/** How many cookies are kept for one origin. */
const MOST_COOKIES = 50;
/** The longest `Cookie` header, in characters: servers refuse longer ones, for good. */
const LONGEST_HEADER = 8 * 1024;

interface Jar {
  readonly jar: CookieJar;
  readonly store: MemoryCookieStore;
}

/**
 * Cookies by origin, in memory. RFC 6265 alone would share them between the ports of a host and with its sister
 * hosts; here none leaves the origin that set it. Of too many cookies the oldest go first.
 */
class CookieStore {
  readonly #logger: Logger;
  readonly #jars = new Map<string, Jar>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The `Cookie` header for a URL, or `''`. */
  headerFor(url: string): string {
    const found = this.#jars.size === 0 ? undefined : this.#jars.get(originOf(url));
    if (found === undefined) return '';
    const header = found.jar.getCookieStringSync(url);
    if (header.length <= LONGEST_HEADER) return header;
    removeOldest(found.store, header.length - LONGEST_HEADER);
    return this.headerFor(url);
  }

  /** Stores the cookies of a response. Those that are malformed or meant for another host are ignored. */
  async remember(url: string, setCookie: readonly string[]): Promise<void> {
    const { jar, store } = this.#jars.get(originOf(url)) ?? (await this.#createJar(originOf(url)));
    for (const cookie of setCookie) {
      jar.setCookieSync(cookie, url, { ignoreError: true });
      if (cookiesIn(store).length > MOST_COOKIES) removeOldest(store, 1);
    }
  }

  async #createJar(origin: string): Promise<Jar> {
    const { CookieJar, MemoryCookieStore } = await import('tough-cookie');
    const store = new MemoryCookieStore();
    const created = this.#jars.get(origin) ?? { jar: new CookieJar(store), store };
    this.#jars.set(origin, created);
    return created;
  }

  /** A response is not lost because its cookies cannot be stored. */
  warn(error: unknown): void {
    this.#logger.warn(`Cookies are not stored: ${messageOf(error)}`);
  }
}

function cookiesIn(store: MemoryCookieStore): Cookie[] {
  let found: Cookie[] = [];
  // The store is in memory, so it calls back at once.
  store.getAllCookies((_, cookies) => {
    found = cookies ?? [];
  });
  return found;
}

/** Removes the oldest cookies, until at least the given number of characters is gone. */
function removeOldest(store: MemoryCookieStore, characters: number): void {
  const oldestFirst = cookiesIn(store).sort((a, b) => a.creationIndex - b.creationIndex);
  for (let removed = 0; removed < characters; ) {
    const oldest = oldestFirst.shift();
    if (oldest === undefined) return;
    removed += oldest.cookieString().length;
    store.removeCookie(oldest.domain ?? '', oldest.path ?? '', oldest.key, () => {});
  }
}

/** Adds the cookies of the origin to each request, unless the caller set the header, and stores those of each response. */
export function cookies(logger: Logger): Interceptor {
  const store = new CookieStore(logger);
  return async (request, context, next) => {
    const { url, headers } = request;
    const cookie = headers['cookie'] === undefined ? store.headerFor(url) : '';
    const response = await next(
      cookie === '' ? request : { ...request, headers: { ...headers, cookie } },
      context,
    );
    const setCookie = response.headers['set-cookie'];
    if (setCookie !== undefined)
      await store.remember(url, [setCookie].flat()).catch((error) => store.warn(error));
    return response;
  };
}
