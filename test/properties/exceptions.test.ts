import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { exceptionFor, STATUS_EXCEPTIONS } from '../../src/exceptions/status.js';
import { parseAppErrors, ResponseException } from '../../src/index.js';
import { hostileValue, pollutedJson } from '../helpers/hostile.js';
import { expectNoPollution } from '../helpers/outcome.js';

afterEach(expectNoPollution);

const status = fc.oneof(
  fc.constantFrom(...Object.keys(STATUS_EXCEPTIONS).map(Number)),
  fc.integer({ min: 400, max: 599 }),
  fc.constantFrom(0, -1, Number.NaN, 1e9),
);

/** What stands where a body stands: JSON, text, broken JSON, bytes, and what only a test makes up. */
const body = fc.oneof(
  fc
    .oneof(
      pollutedJson(),
      pollutedJson().map((value) => JSON.stringify(value)),
      pollutedJson().map((value) => JSON.stringify({ uuAppErrorMap: value, message: value, reason: value })),
      fc.tuple(fc.json(), fc.nat(50)).map(([text, length]) => text.slice(0, length)),
      fc.string({ unit: 'binary' }),
      fc.uint8Array(),
    )
    .map((value) => ({ make: (): unknown => value })),
  hostileValue(),
);

const headerName = fc.constantFrom(
  'content-type',
  'location',
  'set-cookie',
  'authorization',
  '__proto__',
  'constructor',
  'toJSON',
  'set',
);
const headers = fc.oneof(
  fc.dictionary(headerName, fc.oneof(fc.string(), fc.array(fc.string()))),
  fc
    .array(fc.tuple(headerName, fc.oneof(fc.string(), fc.constant({ polluted: 'yes' }))))
    .map((entries) => Object.fromEntries(entries)),
);

const answer = fc.record({
  status,
  statusText: fc.string(),
  headers,
  data: body,
  config: fc.record({ method: fc.string(), url: fc.oneof(fc.string(), fc.webUrl()), headers, data: body }),
});

describe('the exception of an answer of any kind', () => {
  it('is made, printed and asked without another throw', () => {
    fc.assert(
      fc.property(answer, ({ data, config, ...input }) => {
        const sent = { ...config, data: config.data.make() };
        const exception = exceptionFor({ ...input, data: data.make(), config: sent });
        expect(exception).toBeInstanceOf(ResponseException);
        expect(exception.message).toMatch(
          /^[^\n]{1,290} \(\S+\)\n(?:[^\n]+\n)?\nreceived \S+ HTTP response for following request\n/,
        );
        expect(JSON.parse(JSON.stringify(exception))).toMatchObject({ name: exception.name });
        inspect(exception, { depth: null, getters: true });
        const { path, reason, specialErrors } = exception as unknown as Record<string, unknown>;
        expect([typeof path, typeof reason, typeof specialErrors]).not.toContain('function');
        expect(exception.hasAppError('polluted')).toBeTypeOf('boolean');
      }),
      { numRuns: 1500 },
    );
  });

  it('has the reasons of the server as own entries, whatever their keys', () => {
    fc.assert(
      fc.property(pollutedJson(), (map) => {
        const data = JSON.stringify({ uuAppErrorMap: map });
        const { appErrors } = exceptionFor({ status: 400, data });
        expect(appErrors).toEqual(parseAppErrors(JSON.parse(data)));
        expect(Object.getPrototypeOf(appErrors)).toBeNull();
        const isMap = typeof map === 'object' && map !== null && !Array.isArray(map);
        if (isMap) expect(Object.keys(appErrors)).toEqual(Object.keys(JSON.parse(JSON.stringify(map))));
        for (const entry of Object.values(appErrors)) {
          expect(entry).toEqual({
            type: expect.any(String),
            message: expect.any(String),
            paramMap: expect.any(Object),
          });
        }
      }),
    );
  });

  it('has header fields as own entries, whatever their names', () => {
    fc.assert(
      fc.property(headers, (fields) => {
        const shown = exceptionFor({ status: 400, headers: fields }).response.headers;
        expect(Object.getPrototypeOf(shown)).toBe(Object.prototype);
        expect((shown as { polluted?: unknown }).polluted).toBeUndefined();
      }),
    );
  });
});

describe('a secret of the exchange', () => {
  const SECRET = 'very-secret-0123456789';
  const around = fc.string({ unit: 'binary-ascii', maxLength: 30 });
  const wrap = fc.constantFrom<((text: string) => string)[]>(
    (text) => text,
    (text) => JSON.stringify({ text, [text]: text }),
    (text) => JSON.stringify(JSON.stringify({ text })),
    (text) => `<html>${text}</html>`,
    (text) => `{"token":"${text}`,
    encodeURIComponent,
  );

  it('is not in the exception, wherever the answer repeats it', () => {
    const spoken = fc
      .tuple(around, around, wrap)
      .map(([before, after, form]) => form(before + SECRET + after));
    fc.assert(
      fc.property(status, spoken, spoken, spoken, (code, data, statusText, header) => {
        const exception = exceptionFor({
          status: code,
          statusText,
          headers: { 'x-echo': header, 'set-cookie': [`id=${SECRET}`] },
          data,
          config: {
            url: `https://pdb.example/${encodeURIComponent(data)}`,
            headers: { Authorization: `Bearer ${SECRET}` },
          },
        });
        const shown =
          inspect(exception, { depth: null, showHidden: true, getters: true }) + JSON.stringify(exception);
        expect(shown + exception.message + exception.stack).not.toContain(SECRET);
        expect(JSON.stringify(exception.response)).not.toContain(SECRET);
      }),
      { numRuns: 500 },
    );
  });
});
