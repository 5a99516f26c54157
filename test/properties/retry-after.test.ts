import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../src/http/retry-after.js';
import { parseHttpDate } from '../../src/util/http-date.js';

/** To the second, as HTTP dates are. */
const time = fc
  .date({ min: new Date('1971-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => Math.trunc(date.getTime() / 1000) * 1000);

/** Text that is nearly a date or a number. */
const nearly = fc
  .array(
    fc.constantFrom(
      '0',
      '5',
      '99',
      'Sun',
      'Sunday',
      ', ',
      ' ',
      '-',
      ':',
      '.',
      '+',
      'e',
      '06',
      'Nov',
      'nov',
      'Foo',
      '31',
      'Feb',
      '1994',
      '94',
      '08:49:37',
      '24:00:00',
      '23:59:60',
      'GMT',
      'UTC',
      'Infinity',
      '٣',
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  nearly,
  time.map((at) => new Date(at).toUTCString()),
  fc.constantFrom(undefined, null, 5, ['5', '6'], '9'.repeat(1e5), ' '.repeat(1e5)),
);

describe('Retry-After', () => {
  it('of any kind is a time that is not past, or nothing', () => {
    fc.assert(
      fc.property(anything, anything, (retryAfter, date) => {
        const delay = parseRetryAfter({ 'retry-after': retryAfter, date });
        if (delay === undefined) return;
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThan(Infinity);
      }),
      { numRuns: 3000 },
    );
  });

  it('in seconds is so many seconds', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('', ' ', '\t'), (seconds, space) => {
        expect(parseRetryAfter({ 'retry-after': `${space}${seconds}${space}` })).toBe(seconds * 1000);
      }),
    );
  });

  it('as a date is reckoned by the clock of the server', () => {
    fc.assert(
      fc.property(time, fc.nat(100_000), (now, seconds) => {
        const headers = {
          date: new Date(now).toUTCString(),
          'retry-after': new Date(now + seconds * 1000).toUTCString(),
        };
        if (now + seconds * 1000 > Date.UTC(9999, 11, 31)) return;
        expect(parseRetryAfter(headers)).toBe(seconds * 1000);
      }),
    );
  });
});

describe('an HTTP date', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(time, (at) => {
        expect(parseHttpDate(new Date(at).toUTCString())).toBe(at);
      }),
    );
  });

  it('is what it says, or none: no day or hour that there is not', () => {
    fc.assert(
      fc.property(nearly, fc.nat(99), fc.nat(99), (text, day, hour) => {
        expect(parseHttpDate(text) ?? 0).not.toBeNaN();
        const pad = (number: number): string => String(number).padStart(2, '0');
        const date = `Sun, ${pad(day)} Nov 1994 ${pad(hour)}:49:37 GMT`;
        const isOne = day >= 1 && day <= 30 && hour <= 23;
        expect(parseHttpDate(date)).toBe(isOne ? Date.UTC(1994, 10, day, hour, 49, 37) : undefined);
      }),
      { numRuns: 1000 },
    );
  });
});
