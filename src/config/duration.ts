import { InvalidInvocation } from '../exceptions/base.js';

/** A length of time, as the sum of its parts; fractions are fine. The names are those of Python's `timedelta`. */
export interface Duration {
  /** Weeks of 7 days. @defaultValue `0` */
  readonly weeks?: number | undefined;
  /** Days of 24 hours. @defaultValue `0` */
  readonly days?: number | undefined;
  /** Hours. @defaultValue `0` */
  readonly hours?: number | undefined;
  /** Minutes. @defaultValue `0` */
  readonly minutes?: number | undefined;
  /** Seconds. @defaultValue `0` */
  readonly seconds?: number | undefined;
  /** Milliseconds. @defaultValue `0` */
  readonly milliseconds?: number | undefined;
  /** Microseconds: thousandths of a millisecond. @defaultValue `0` */
  readonly microseconds?: number | undefined;
}

const MILLISECONDS: { readonly [Unit in keyof Duration]-?: number } = {
  weeks: 7 * 24 * 3600_000,
  days: 24 * 3600_000,
  hours: 3600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
  microseconds: 0.001,
};
/** A thousand years: a later date cannot be written as an HTTP date. */
const LONGEST = 1000 * 365 * MILLISECONDS.days;

/**
 * Adds the parts of a duration up.
 *
 * @returns milliseconds; undefined for no duration
 * @throws InvalidInvocation where the sum is not positive
 */
export function toMilliseconds(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  let sum = 0;
  for (const [unit, milliseconds] of Object.entries(MILLISECONDS)) {
    sum += (duration[unit as keyof Duration] ?? 0) * milliseconds;
  }
  if (sum > 0 && sum <= LONGEST) return sum;
  throw new InvalidInvocation(
    `new Session: \`expiresAfter\` must be longer than nothing and shorter than a thousand years, such as { days: 1 }; it is ${formatDuration(sum)}`,
  );
}

/** Formats milliseconds as Python's `str(timedelta)` does: `1 day, 0:00:00`. */
export function formatDuration(milliseconds: number): string {
  const days = Math.floor(milliseconds / MILLISECONDS.days);
  const micros = Math.round((milliseconds - days * MILLISECONDS.days) * 1000);
  const [hours, minutes, seconds] = [3600e6, 60e6, 1e6].map((unit, index, units) =>
    Math.floor((micros % (units[index - 1] ?? Infinity)) / unit),
  );
  const fraction = micros % 1e6 === 0 ? '' : `.${String(micros % 1e6).padStart(6, '0')}`;
  const time = `${hours}:${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')}${fraction}`;
  return days === 0 ? time : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${time}`;
}
