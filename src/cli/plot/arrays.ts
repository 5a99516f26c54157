import type { TestRun } from '../../commands/shapes.js';
import { isRecord } from '../../util/guards.js';
import { toDrawable } from './scale.js';

/** A result of a test run that is a list of numbers. */
export interface NumberArray {
  /** The code of the result; of a list in an object such as `IV_ARRAY.voltage`. */
  readonly code: string;
  /** The name for people, often with the unit, such as `Voltage (V)`. */
  readonly label: string;
  /** Null where a number is missing, or cannot be drawn. */
  readonly values: readonly (number | null)[];
}

/** Texts that test programs write in place of a number. */
const NO_NUMBER = /^[+-]?(?:nan|inf|infinity|null|none|)$/i;

/** Returns the results that can be drawn: lists of numbers, and those in objects. */
export function arraysOf({ results }: Pick<TestRun, 'results'>): NumberArray[] {
  return (results ?? []).flatMap(({ code, name, value, dataType }) => {
    const isNumeric = dataType === 'float' || dataType === 'integer';
    if (Array.isArray(value)) {
      return isNumbers(value, isNumeric)
        ? [{ code, label: String(name || code), values: value.map(toDrawable) }]
        : [];
    }
    if (!isRecord(value)) return [];
    return Object.entries(value).flatMap(([member, list]) =>
      Array.isArray(list) && isNumbers(list, false)
        ? [{ code: `${code}.${member}`, label: member, values: list.map(toDrawable) }]
        : [],
    );
  });
}

/** @param isNumeric - whether the definition says so: then it counts also without a number in it */
function isNumbers(list: readonly unknown[], isNumeric: boolean): boolean {
  const isOne = (value: unknown): boolean => typeof value === 'number';
  const isMissing = (value: unknown): boolean =>
    value === null || value === undefined || (typeof value === 'string' && NO_NUMBER.test(value));
  return list.every((value) => isOne(value) || isMissing(value)) && (isNumeric || list.some(isOne));
}

/** The results on the axes. */
export interface Axes {
  /** Undefined for the index of the value in its list. */
  readonly x: NumberArray | undefined;
  readonly y: readonly NumberArray[];
}

/** The pairs of x and y that are drawn by default, by the ends of their codes. */
const PAIRS = [
  ['VOLTAGE', 'CURRENT'],
  ['VOLTAGE', 'CAPACITANCE'],
] as const;

/**
 * Chooses what is drawn without a choice of the user: current or capacitance against voltage, else the second list of numbers
 * against the first one of the same length, else one list against the index. Undefined where there is no list.
 */
export function defaultAxes(arrays: readonly NumberArray[]): Axes | undefined {
  const [first] = arrays;
  if (first === undefined) return undefined;
  for (const [xEnd, yEnd] of PAIRS) {
    for (const x of arrays) {
      const stem = stemOf(x.code, xEnd);
      const y = arrays.find(({ code }) => stem !== undefined && stemOf(code, yEnd) === stem);
      if (y !== undefined) return { x, y: [y] };
    }
  }
  for (const [index, x] of arrays.entries()) {
    const y = arrays.slice(index + 1).find(({ values }) => values.length === x.values.length);
    if (y !== undefined) return { x, y: [y] };
  }
  return { x: undefined, y: [first] };
}

/** Returns a code without its end, such as `IV_` of `IV_VOLTAGE`; undefined where it has another end. */
function stemOf(code: string, end: string): string | undefined {
  const upper = code.toUpperCase();
  return upper.endsWith(end) ? upper.slice(0, -end.length) : undefined;
}

/** Finds a list by its code. Of one in an object, the second part of the code suffices. */
export function findArray(arrays: readonly NumberArray[], code: string): NumberArray | undefined {
  const wanted = code.toUpperCase();
  return (
    arrays.find((one) => one.code === code) ??
    arrays.find((one) => one.code.toUpperCase() === wanted) ??
    arrays.find((one) => one.code.toUpperCase().endsWith(`.${wanted}`))
  );
}
