const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;
const LEGACY = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d(?::\d\d)?)$/;

/** What {@link toDate} takes, for messages. */
export const DATE_EXPECTED = 'a date and time, such as 2026-03-02T09:30:00Z or 02.03.2026 09:30';

/**
 * Returns the date of a text: ISO 8601 or `DD.MM.YYYY HH:MM`. A time without a time zone is that of this computer, a day
 * without a time starts in UTC. Undefined where the text is not a date, or there is no such day.
 */
export function toDate(text: string): Date | undefined {
  const [, day, month, year, time] = LEGACY.exec(text.trim()) ?? [];
  if (day !== undefined) return toDate(`${year}-${month}-${day}T${time}`);
  const parts = ISO.exec(text.trim());
  if (parts === null) return undefined;
  const [, y, m, d, clock, zone = ''] = parts;
  // `Date` takes February 31 for a day in March.
  const midnight = new Date(`${y}-${m}-${d}`);
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(d)) return undefined;
  const date = clock === undefined ? midnight : new Date(`${y}-${m}-${d}T${clock}${zone}`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
