/** For {@link Random.hex}. */
const BYTES = Buffer.alloc(16);

/** Random numbers that are the same for the same seed, so that a test can name a component it has not seen. */
export class Random {
  /** Where in the sequence it is. */
  state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A number in [0, 1): Mulberry32, whose period of 2^32 is far longer than any data set here. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** A string of hexadecimal digits, at most 32. */
  hex(length: number): string {
    const words = Math.ceil(length / 8);
    for (let index = 0; index < words; index += 1)
      BYTES.writeUInt32BE(Math.floor(this.next() * 2 ** 32), index * 4);
    return BYTES.toString('hex', 0, length / 2);
  }
}
