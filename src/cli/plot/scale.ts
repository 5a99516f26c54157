/** A mark of an axis, with its number. */
interface Tick {
  /** Where it is: 0 at the lower end of the axis, 1 at the upper end. */
  readonly position: number;
  readonly text: string;
}

/** An axis: from numbers to positions. */
export interface Scale {
  readonly ticks: readonly Tick[];
  /** A text after the label, such as `, × 10⁻⁹`: the factor that the numbers of the ticks leave out. Often `''`. */
  readonly note: string;
  /** Returns the position of a value: 0 at the lower end of the axis, 1 at the upper end. */
  readonly position: (value: number) => number;
}

/** Numbers beyond these limits are not drawn: sums of them overflow. */
const LARGEST = 1e300;
const SMALLEST = 1e-300;
/** The significant digits of the number of a tick. */
const MOST_DIGITS = 4;
/** Against rounding errors of divisions. */
const TINY = 1e-9;

/** Returns a value as it can be drawn: null where it is not a finite number, or far too large. */
export function toDrawable(value: unknown): number | null {
  if (typeof value !== 'number' || !(Math.abs(value) <= LARGEST)) return null;
  return Math.abs(value) < SMALLEST ? 0 : value;
}

/**
 * Creates the axis for values: with ticks at round numbers, also at both of its ends.
 *
 * @param values - as {@link toDrawable} returns them
 * @param intervals - about how many intervals the ticks make, at least 1
 * @param isLog - whether it is logarithmic. Then absolute values are drawn, and 0 has no finite position
 */
export function createScale(
  values: Iterable<number | null>,
  { intervals, isLog = false }: { readonly intervals: number; readonly isLog?: boolean },
): Scale {
  let low = Infinity;
  let high = -Infinity;
  let hasNegative = false;
  for (const value of values) {
    if (value === null || (isLog && value === 0)) continue;
    const drawn = isLog ? Math.abs(value) : value;
    low = Math.min(low, drawn);
    high = Math.max(high, drawn);
    hasNegative ||= value < 0;
  }
  if (isLog) {
    const scale = low > high ? logScale(1, 10, intervals) : logScale(low, high, intervals);
    return hasNegative ? { ...scale, note: ', absolute value' } : scale;
  }
  if (low > high) return linearScale(0, 1, intervals);
  const size = Math.max(Math.abs(low), Math.abs(high));
  // Values that are all the same are in the middle.
  const margin = high - low > size * 1e-12 ? 0 : size / 10 || 1;
  return linearScale(low - margin, high + margin, intervals);
}

function linearScale(low: number, high: number, intervals: number): Scale {
  const { digit, power } = roundStep((high - low) / intervals);
  const step = timesPower(digit, power);
  const first = Math.floor(low / step + TINY);
  const last = Math.max(first + 1, Math.ceil(high / step - TINY));
  // The numbers of the ticks are these integers times a power of ten.
  const digits = (from: number, to: number): number =>
    Math.floor(Math.log10(Math.max(Math.abs(from), Math.abs(to)) * digit)) + 1;
  const hasOffset = digits(first, last) > MOST_DIGITS;
  const start = hasOffset ? first : 0;
  const size = digits(first - start, last - start) - 1 + power;
  const exponent = size >= -2 && size <= 4 ? 0 : Math.floor(size / 3) * 3;
  const offset = timesPower(start * digit, power);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => ({
    position: index / (last - first),
    text: timesPower((first + index - start) * digit, power - exponent).toFixed(
      Math.max(0, exponent - power),
    ),
  }));
  const [bottom, top] = [timesPower(first * digit, power), timesPower(last * digit, power)];
  return {
    ticks,
    note: (hasOffset ? offsetNote(offset) : '') + (exponent === 0 ? '' : `, × ${powerOfTen(exponent)}`),
    position: (value) => (value - bottom) / (top - bottom),
  };
}

function offsetNote(offset: number): string {
  return ` ${offset < 0 ? '+' : '−'} ${Number(Math.abs(offset).toPrecision(12))}`;
}

/** Finds the next number that is 1, 2 or 5 times a power of ten. */
function roundStep(least: number): { readonly digit: number; readonly power: number } {
  const power = Math.floor(Math.log10(least) + TINY);
  const digit = [1, 2, 5].find((one) => timesPower(one, power) >= least * (1 - TINY));
  return digit === undefined ? { digit: 1, power: power + 1 } : { digit, power };
}

/** Multiplies with a power of ten. A division by one gives the number that is next to the exact one. */
function timesPower(value: number, power: number): number {
  return power < 0 ? value / 10 ** -power : value * 10 ** power;
}

function logScale(low: number, high: number, intervals: number): Scale {
  const first = Math.floor(Math.log10(low) + TINY);
  const last = Math.max(first + 1, Math.ceil(Math.log10(high) - TINY));
  const step = Math.ceil((last - first) / intervals);
  const position = (power: number): number => (power - first) / (last - first);
  const count = Math.floor((last - first) / step) + 1;
  const ticks = Array.from({ length: count }, (_, index) => ({
    position: position(first + index * step),
    text: decade(first + index * step),
  }));
  return { ticks, note: '', position: (value) => position(Math.log10(Math.abs(value))) };
}

function decade(power: number): string {
  if (power < -3 || power > 4) return powerOfTen(power);
  return power < 0 ? (10 ** power).toFixed(-power) : String(10 ** power);
}

const SUPERSCRIPTS: Readonly<Record<string, string>> = { '-': '⁻' };

function powerOfTen(power: number): string {
  return `10${[...String(power)].map((digit) => SUPERSCRIPTS[digit] ?? '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`;
}
