import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFault } from '../src/util/json-fault.js';

describe('the mistake in a text that is not JSON', () => {
  it.each([
    ['', 'line 1, column 1: there is no text'],
    ['{\n  "a": 1', 'line 2, column 9: the text ends, but the { of line 1, column 1 is not closed'],
    ['{\r\n  "a": 1\r\n  "b": 2\r\n}', 'line 3, column 3: a comma is missing before "b"'],
    ['[1, 2,]', 'line 1, column 7: the comma before ] is one too many'],
    ['{"a": [1, 2}', 'line 1, column 12: the bracket before } is not closed'],
    ['{"a" 1}', 'line 1, column 6: a colon is missing before 1'],
    ['{"a": }', 'line 1, column 7: a value is missing before }'],
    ['{a: 1}', 'line 1, column 2: a name in double quotation marks must be here, not a'],
    ['{“a”: 1}', 'line 1, column 2: the quotation mark “ must be "'],
    ["{'a': 1}", 'line 1, column 2: the quotation mark \' must be "'],
    ['{"a": True}', 'line 1, column 7: a value cannot be written as True'],
    ['{"a": "x\n"}', /^line 1, column 7: the quotation mark is not closed in this line/],
    ['{} {', 'line 1, column 4: nothing may follow the end, but there is {'],
  ])('of %j is found with its place', (text, fault) => {
    expect(findJsonFault(text)).toMatch(fault);
  });

  it('is found in each text that JSON.parse refuses, and in no other one', () => {
    const changed = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.nat({ max: 2 }),
        fc.constantFrom('', ...'{}[],:"0-e. a\\'),
      )
      .map(([text, at, removed, added]) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + added + text.slice(start + removed);
      });
    fc.assert(
      fc.property(changed, (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(findJsonFault(text) === undefined, text).toBe(isJson);
      }),
      { numRuns: 2000 },
    );
  });
});
