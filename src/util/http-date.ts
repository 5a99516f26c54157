import { rememberLast } from './memoize.js';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';
const MONTH = `(?<month>${MONTHS.join('|')})`;
/** RFC 9110, section 5.6.7: the form of today and the two obsolete ones, in any case (RFC 9111, section 4.2). */
const FORMS = [
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`, 'i'),
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`, 'i'),
  new RegExp(`^[A-Z][a-z]{2} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`, 'i'),
];

/**
 * Reads an HTTP date, and nothing that merely looks like one: `Date.parse` takes `0` for a year.
 *
 * @returns milliseconds since the epoch; undefined where it is none
 */
// That of an answer is asked for more than once, and a second has many answers.
export const parseHttpDate: (text: string) => number | undefined = rememberLast(parse);

function parse(text: string): number | undefined {
  for (const form of FORMS) {
    const { day, month = '', year, hour, minute, second } = form.exec(text)?.groups ?? {};
    if (day === undefined) continue;
    const date = {
      year: fullYear(Number(year)),
      month: MONTHS.indexOf(month.toLowerCase()),
      day: Number(day),
    };
    const time = { hour: Number(hour), minute: Number(minute), second: Number(second) };
    // A leap second is the next one.
    if (time.hour > 23 || time.minute > 59 || time.second > 60) return undefined;
    const midnight = Date.UTC(date.year, date.month, date.day);
    if (new Date(midnight).getUTCDate() !== date.day) return undefined;
    return midnight + ((time.hour * 60 + time.minute) * 60 + time.second) * 1000;
  }
  return undefined;
}

/** Two digits name the nearest year that is not more than 50 years ahead. */
function fullYear(year: number): number {
  if (year > 99) return year;
  const thisYear = new Date().getUTCFullYear();
  const full = thisYear - (thisYear % 100) + year;
  return full > thisYear + 50 ? full - 100 : full;
}
