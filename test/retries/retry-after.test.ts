import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseRetryAfter } from '../../src/http/retry-after.js';
import { parseHttpDate } from '../../src/util/http-date.js';

afterEach(() => vi.useRealTimers());

describe('Retry-After', () => {
  it.each<[string, number | undefined]>([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['99999999999', undefined],
    ['', undefined],
    ['tomorrow', undefined],
    ['Wed, 25 Nov 2026 07:01:00 GMT', 60_000],
    ['Wed, 25 Nov 2026 06:00:00 GMT', 0],
    ['Wednesday, 25-Nov-26 07:01:00 GMT', 60_000],
    ['Wed Nov 25 07:01:00 2026', 60_000],
    ['Wed, 25 Nov 2026 07:01:00 CET', undefined],
    ['2026-11-25T07:01:00Z', undefined],
  ])('%j is %j ms from the Date of the response', (value, expected) => {
    const headers = { 'retry-after': value, date: 'Wed, 25 Nov 2026 07:00:00 GMT' };
    expect(parseRetryAfter(headers)).toBe(expected);
  });

  it('counts from now if the response has no Date', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 25, 7, 0, 0) });
    expect(parseRetryAfter({ 'retry-after': 'Wed, 25 Nov 2026 07:01:00 GMT' })).toBe(60_000);
  });
});

describe('an HTTP date', () => {
  it.each<[string, string | undefined]>([
    ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37.000Z'],
    ['Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00.000Z'],
    ['Sun, 06 Nov 1994 24:00:00 GMT', undefined],
    ['Sun, 06 Nov 1994 08:60:00 GMT', undefined],
    ['Sun, 31 Feb 1994 08:49:37 GMT', undefined],
    ['Sun, 6 Nov 1994 08:49:37 GMT', undefined],
    ['sun, 06 NOV 1994 08:49:37 gmt', '1994-11-06T08:49:37.000Z'],
    ['0', undefined],
    ['', undefined],
  ])('%j is %j', (text, expected) => {
    const parsed = parseHttpDate(text);
    expect(parsed === undefined ? undefined : new Date(parsed).toISOString()).toBe(expected);
  });

  it('with a year of two digits is at most 50 years ahead', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 25) });
    const yearOf = (year: string) =>
      new Date(parseHttpDate(`Sunday, 06-Nov-${year} 08:49:37 GMT`) as number).getUTCFullYear();
    expect(['26', '76', '77', '99', '00'].map(yearOf)).toEqual([2026, 2076, 1977, 1999, 2000]);
  });
});
