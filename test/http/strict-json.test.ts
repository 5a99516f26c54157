import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { InvalidInvocation } from '../../src/exceptions/base.js';
import { stringify } from '../../src/http/body/strict-json.js';

const FILE =
  "a file goes into a FormData: form.set('data', new Blob([bytes]), 'a filename'), or await openAsBlob(path) of node:fs";

describe('stringify', () => {
  it('writes what JSON can hold, also where it is empty', () => {
    class Nothing {}
    const data = {
      a: {},
      b: [],
      c: Object.create(null),
      d: new Nothing(),
      e: new Date(0),
      f: new String('x'),
      g: null,
      h: undefined,
    };
    expect(stringify(data)).toBe(
      '{"a":{},"b":[],"c":{},"d":{},"e":"1970-01-01T00:00:00.000Z","f":"x","g":null}',
    );
  });

  it('writes an object that is in two places', () => {
    const shared = { x: 1 };
    expect(stringify({ a: shared, b: [shared] })).toBe('{"a":{"x":1},"b":[{"x":1}]}');
  });

  it.each<[unknown, string]>([
    [{ results: { CURRENT: [1, Number.NaN] } }, '`results.CURRENT.1` is NaN; send null or leave it out'],
    [{ a: Number.POSITIVE_INFINITY }, '`a` is Infinity; send null or leave it out'],
    [Number.NaN, '`data` is NaN; send null or leave it out'],
    [{ a: { b: 10n } }, '`a.b` is a bigint; send a number or a string'],
    [{ a: new Float64Array([1]) }, '`a` is a Float64Array; send Array.from(it)'],
    [{ a: new Uint8Array([1]) }, '`a` is a Uint8Array; send Array.from(it)'],
    [{ a: Buffer.from('x') }, `\`a\` is a Buffer; ${FILE}`],
    [{ a: new ArrayBuffer(1) }, `\`a\` is an ArrayBuffer; ${FILE}`],
    [{ a: new DataView(new ArrayBuffer(1)) }, `\`a\` is a DataView; ${FILE}`],
    [{ a: new Set([1]) }, '`a` is a Set; send Array.from(it)'],
    [{ a: new Map([[1, 2]]) }, '`a` is a Map; send Object.fromEntries(it)'],
    [{ a: Promise.resolve(1) }, '`a` is a Promise; is an `await` missing?'],
    [{ a: new Error('x') }, '`a` is an Error'],
    [{ a: [1, undefined] }, '`a.1` is undefined; send null'],
    [{ a: Symbol('x') }, '`a` is a symbol'],
    [{ date: new Date('x') }, '`date` is an invalid Date; send null or leave it out'],
    [
      (() => {
        const a: Record<string, unknown> = {};
        a['self'] = { a };
        return a;
      })(),
      '`self.a` holds itself',
    ],
    [() => 1, '`data` is a function'],
    [{ file: new Blob(['abc']) }, `\`file\` is a Blob; ${FILE}`],
    [{ a: new File(['abc'], 'a.txt') }, `\`a\` is a File; ${FILE}`],
    [{ a: /x/ }, '`a` is a RegExp, which JSON cannot hold'],
    [{ a: [new URLSearchParams('a=1')] }, '`a.0` is a URLSearchParams, which JSON cannot hold'],
    [{ a: Readable.from(['x']) }, `\`a\` is a stream; ${FILE}`],
    // Boxed, made by toJSON, and behind a value of the same name.
    [{ a: new Number(Number.NaN) }, '`a` is NaN; send null or leave it out'],
    [{ a: { toJSON: () => ({ b: Number.NaN }) } }, '`a.b` is NaN; send null or leave it out'],
    [{ a: { a: [1, { a: 2 }] }, b: [[], [1n]] }, '`b.1.0` is a bigint; send a number or a string'],
  ])('refuses what JSON cannot hold and names the member, case %#', (data, message) => {
    const write = (): string => stringify(data);
    expect(write).toThrow(InvalidInvocation);
    expect(write).toThrow(`the request body cannot be written as JSON: ${message}`);
  });
});
