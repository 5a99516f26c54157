import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { repeat } from '../harness.mjs';

/** @typedef {import('./contenders.mjs').Open} Open */
/** @typedef {{ label: string, bytes: number, entries: number, hits: number, misses: number }} Size */

/** So much of each that a round takes about a tenth of a second. @type {Size[]} */
export const SIZES = [
  { label: '2 kB', bytes: 2_000, entries: 256, hits: 1024, misses: 192 },
  { label: '50 kB', bytes: 50_000, entries: 128, hits: 256, misses: 96 },
  { label: '1 MB', bytes: 1_000_000, entries: 12, hits: 24, misses: 12 },
];
export const CONCURRENCIES = [1, 32];

/** Some caches answer before they have written. */
const SETTLING = 300;

/** What the contenders are measured against: the server, its address, and a place for their files. */
export class Arena {
  #misses = 0;

  /**
   * @param {import('node:child_process').ChildProcess} server
   * @param {string} origin
   * @param {string} directory
   */
  constructor(server, origin, directory) {
    this.server = server;
    this.origin = origin;
    this.directory = directory;
  }

  /** Hits of entries that a client finds on disk: a new client each time, and each entry once. */
  async diskHits(/** @type {Open} */ open, /** @type {Size} */ size, /** @type {number} */ concurrency) {
    const directory = await this.#fill(open, size);
    return async () => {
      const client = open(directory, this.origin);
      // What a client does only once is not part of a hit.
      await client.get(this.#url(size, 'first'));
      const elapsed = await this.#time(client, concurrency, size.entries, (index) => this.#url(size, index));
      await client.close?.();
      return elapsed;
    };
  }

  /** Hits of a few entries, again and again, by one client. */
  async hotHits(/** @type {Open} */ open, /** @type {Size} */ size, /** @type {number} */ concurrency) {
    const pool = Math.min(size.entries, 32);
    const client = open(await mkdtemp(join(this.directory, 'hot-')), this.origin);
    await repeat(pool, 8, (index) => client.get(this.#url(size, index)));
    await delay(SETTLING);
    await repeat(pool, 8, (index) => client.get(this.#url(size, index)));
    return () => this.#time(client, concurrency, size.hits, (index) => this.#url(size, index % pool));
  }

  /** Answers that were never asked for before: what a cache costs where it does not help. */
  async misses(/** @type {Open} */ open, /** @type {Size} */ size, /** @type {number} */ concurrency) {
    const client = open(await mkdtemp(join(this.directory, 'miss-')), this.origin);
    return async () => {
      const elapsed = await this.#time(
        client,
        concurrency,
        size.misses,
        () => this.#url(size, `new-${this.#misses++}`),
        size.misses,
      );
      // What is written later must not be at the expense of whoever is next.
      await delay(SETTLING);
      return elapsed;
    };
  }

  /** Makes sure that what one caller does to an answer is not seen by the next. */
  async checkIndependence(/** @type {Open} */ open) {
    const client = open(await mkdtemp(join(this.directory, 'check-')), this.origin);
    const get = () => /** @type {Promise<any>} */ (client.get(this.#url(SIZES[0], 'check')));
    const first = await get();
    const copy = structuredClone(first);
    await delay(SETTLING);
    first.itemList.length = 0;
    for (let time = 0; time < 2; time += 1) {
      const next = await get();
      assert.deepEqual(next, copy);
      next.itemList.length = 0;
    }
    await client.close?.();
  }

  /** Milliseconds for so many requests; fails where the server was asked more or less often than it should be. */
  async #time(
    /** @type {import('./contenders.mjs').Client} */ client,
    /** @type {number} */ concurrency,
    /** @type {number} */ total,
    /** @type {(index: number) => string} */ url,
    expected = 0,
  ) {
    const before = await this.#asked();
    const start = performance.now();
    await repeat(total, concurrency, (index) => client.get(url(index)));
    const elapsed = performance.now() - start;
    const asked = (await this.#asked()) - before;
    if (client.hasCache !== false) assert.equal(asked, expected, 'requests that reached the server');
    return elapsed;
  }

  async #fill(/** @type {Open} */ open, /** @type {Size} */ size) {
    const directory = await mkdtemp(join(this.directory, 'disk-'));
    const client = open(directory, this.origin);
    await client.get(this.#url(size, 'first'));
    await repeat(size.entries, 8, (index) => client.get(this.#url(size, index)));
    await delay(SETTLING);
    await client.close?.();
    return directory;
  }

  #url(/** @type {Size} */ { bytes }, /** @type {string | number} */ name) {
    return `${this.origin}/${bytes}/${name}`;
  }

  /** How many requests the server has seen. @returns {Promise<number>} */
  #asked() {
    return new Promise((resolve) => {
      this.server.once('message', (count) => resolve(Number(count)));
      this.server.send('count');
    });
  }
}
