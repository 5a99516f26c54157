import { createHash, type Hash, timingSafeEqual } from 'node:crypto';
import type { SessionResponse } from '../../session/request-options.js';

/** Names in header fields, the strongest first. */
const ALGORITHMS = { 'sha-512': 'sha512', 'sha-256': 'sha256' } as const;
/** A checksum in `Repr-Digest` (RFC 9530), with colons, or in the older `Digest`. */
const DIGEST = /(?:^|,)\s*([\w-]+)\s*=\s*:?([\w+/]+={0,2}):?/g;

/** The checksum of a file that is arriving, and the one that it should have. */
export class Checksum {
  readonly #hash: Hash;
  readonly #expected: Buffer;

  private constructor(algorithm: string, expected: string) {
    this.#hash = createHash(algorithm);
    this.#expected = Buffer.from(expected, 'base64');
  }

  /** Returns the checksum that a whole response tells of; undefined where it tells of none. */
  static of(headers: SessionResponse['headers']): Checksum | undefined {
    const digests = new Map<string, string>();
    for (const name of ['digest', 'content-digest', 'repr-digest'])
      for (const [, algorithm = '', value = ''] of String(headers[name] ?? '').matchAll(DIGEST))
        digests.set(algorithm.toLowerCase(), value);
    for (const [name, algorithm] of Object.entries(ALGORITHMS)) {
      const expected = digests.get(name);
      if (expected !== undefined) return new Checksum(algorithm, expected);
    }
    const md5 = headers['content-md5'];
    return md5 === undefined ? undefined : new Checksum('md5', String(md5));
  }

  update(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  /** Whether the file is whole. To be called once. */
  isRight(): boolean {
    const actual = this.#hash.digest();
    return actual.length === this.#expected.length && timingSafeEqual(actual, this.#expected);
  }
}
