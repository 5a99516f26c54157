import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeDifference, differences } from './compare.js';
import { DIFFERENCES } from './differences.js';
import { Driver, type Vector } from './driver.js';
import { FidelityOrigin } from './origin.js';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const { vectors } = JSON.parse(read('vectors.json')) as { vectors: Vector[] };

/** The first cells of the tables in docs/differences.md. */
const rows = [...read('../../docs/differences.md').matchAll(/^\| (.+?) \|/gm)].map(([, cell]) => cell);

/** Each difference from the Python package as one line. */
const found: string[] = [];

beforeAll(async () => {
  const origin = await FidelityOrigin.start();
  const driver = new Driver(origin);
  try {
    for (const vector of vectors) {
      const { id, expected } = vector;
      const outcomes = await driver.replay(vector);
      found.push(
        ...differences(id, expected, outcomes).map((difference) => describeDifference(id, difference)),
      );
    }
  } finally {
    driver.close();
    await origin.close();
  }
}, 180_000);

describe('the replay of what was recorded with the Python package', () => {
  it('finds no difference that has no row in docs/differences.md', () => {
    const isListed = (line: string): boolean => DIFFERENCES.some(([, pattern]) => pattern.test(line));
    expect(found.filter((line) => !isListed(line))).toEqual([]);
    expect(found).not.toEqual([]);
  });

  it('refers to rows that docs/differences.md has once', () => {
    const named = new Set(DIFFERENCES.map(([row]) => row));
    const isOnce = (row: string): boolean => rows.filter((other) => other === row).length === 1;
    expect([...named].filter((row) => !isOnce(row))).toEqual([]);
  });

  it('finds each difference that is listed', () => {
    const unused = DIFFERENCES.filter(([, pattern]) => !found.some((line) => pattern.test(line)));
    expect(unused).toEqual([]);
  });
});
