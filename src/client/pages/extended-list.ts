import type { Listing } from './listing.js';
import { PagePromise } from './page-promise.js';

/**
 * Returns a list that calls a function once if it is empty.
 *
 * @param tell - the function, which must not throw
 */
export function tellIfEmpty<T>(list: PagePromise<T>, tell: () => Promise<void>): PagePromise<T> {
  let told: Promise<void> | undefined;
  return extend(list, (listing) => ({
    ...listing,
    ask: async (segment, signal) => {
      const answer = await listing.ask(segment, signal);
      if (answer.items.length === 0 && !answer.pageInfo?.total) {
        told ??= tell();
        await told;
      }
      return answer;
    },
  }));
}

/**
 * Returns a list whose requests need data that must be read first.
 *
 * @param like - a list with the same options
 * @param read - reads the data
 * @param make - makes the list from the data
 */
export function deferred<T, Known>(
  like: PagePromise<T>,
  read: () => Promise<Known>,
  make: (known: Known) => PagePromise<T>,
): PagePromise<T> {
  let made: Listing<T> | undefined;
  let making: Promise<Listing<T>> | undefined;
  const makeOnce = async (): Promise<Listing<T>> => {
    try {
      made = make(await read()).listing;
      return made;
    } catch (error) {
      making = undefined;
      throw error;
    }
  };
  return extend(like, (listing) => ({
    ...listing,
    // Smaller pages do not make the first read smaller.
    get canSplit() {
      return made !== undefined && listing.canSplit;
    },
    ask: async (segment, signal) => {
      making ??= makeOnce();
      return (await making).ask(segment, signal);
    },
  }));
}

function extend<T>(list: PagePromise<T>, change: (listing: Listing<T>) => Listing<T>): PagePromise<T> {
  // In a unit test `client.list` may be replaced.
  return list instanceof PagePromise ? new PagePromise(change(list.listing)) : list;
}
