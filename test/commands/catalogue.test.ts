import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refCode, refId } from '../../src/commands/references.js';
import { ROOT } from '../helpers/installed-package.js';
import { commandsPage, DESCRIPTIONS, type Keys } from './commands-page.js';

const WORD = /^(string|boolean|integer|object|any|file|PageInfo|"\w+")(\[\])?$/;

function wrongTypes({ required, optional }: Keys): unknown[] {
  return [...Object.values(required), ...Object.values(optional)].flatMap((type) => {
    if (typeof type !== 'string') return wrongTypes(type);
    return type.split(' | ').filter((word) => !WORD.test(word));
  });
}

const keysOf = ({ required, optional }: Keys): string[] => [
  ...Object.keys(required),
  ...Object.keys(optional),
];

describe('the catalogue of commands', () => {
  it('imports nothing, so that it loads fast', async () => {
    const source = await readFile(join(ROOT, 'src/commands/catalogue.ts'), 'utf8');
    expect(source).not.toMatch(/^import|\bimport\(|\brequire\(/m);
  });

  it('knows the commands that read and those that write', () => {
    const count = (method: string) => DESCRIPTIONS.filter(([, command]) => command.method === method).length;
    expect([count('GET'), count('POST')]).toEqual([40, 49]);
  });

  it.for(DESCRIPTIONS)('describes the input of %s', ([, { input, flatInput }]) => {
    expect(wrongTypes(input)).toEqual([]);
    if (flatInput !== undefined) expect(wrongTypes(flatInput)).toEqual([]);
    expect(keysOf(input)).toEqual([...new Set(keysOf(input))]);
  });

  it.for(DESCRIPTIONS)('has an example of %s with known keys and all required ones', ([, description]) => {
    const { input, openInput, example } = description;
    expect(Object.keys(example)).toEqual(expect.arrayContaining(Object.keys(input.required)));
    if (!openInput) expect(keysOf(input)).toEqual(expect.arrayContaining(Object.keys(example)));
  });

  it.for(DESCRIPTIONS)('says of %s what it can say', ([, description]) => {
    const { method, input, list, flatList, paged, flatInput, repeatable, unconfirmed } = description;
    if (method === 'GET') expect(repeatable).toBe(true);
    expect(paged !== undefined).toBe(list !== undefined);
    expect(flatList !== undefined).toBe(flatInput !== undefined);
    if (paged) expect(keysOf(input)).toContain('pageInfo');
    if (Array.isArray(unconfirmed)) expect(keysOf(input)).toEqual(expect.arrayContaining(unconfirmed));
  });
});

describe('docs/commands.md', () => {
  it('is made of the catalogue; `npm run docs:commands` makes it again', async () => {
    await expect(commandsPage()).toMatchFileSnapshot(join(ROOT, 'docs/commands.md'));
  });
});

describe('a reference', () => {
  it.for([
    ['65a0c1d2e3f405162738495a', '65a0c1d2e3f405162738495a', undefined],
    ['MODULE', undefined, 'MODULE'],
    ['0f1e2d3c4b5a69788796a5b4c3d2e1f0', undefined, '0f1e2d3c4b5a69788796a5b4c3d2e1f0'],
    [{ id: 'an id', code: 'a code' }, 'an id', 'a code'],
    [{ code: 'a code' }, undefined, 'a code'],
    [null, undefined, undefined],
    [undefined, undefined, undefined],
  ] as const)('%o has the id %s and the code %s', ([ref, id, code]) => {
    expect([refId(ref), refCode(ref)]).toEqual([id, code]);
  });
});
