import type { CodeTableEntry } from '../../commands/shapes.js';
import { isRecord } from '../../util/guards.js';

/** What is known of a property: its definition, or the entry of a component. */
export interface PropertyFacts {
  readonly code: string;
  readonly dataType?: string | undefined;
  readonly required?: boolean | undefined;
  readonly codeTable?: readonly CodeTableEntry[] | null | undefined;
}

/** A value as the database wants it, or what would be right. */
export type Checked =
  | { readonly value: unknown; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string };

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/** ISO 8601, or a legacy form such as `31.01.2024 12:00`. */
const DATE = /^(?:\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?|\d{2}\.\d{2}\.\d{4}(?: \d{2}:\d{2})?)$/;

/** Checks values by data type. A text, as a spreadsheet has it, becomes a number or a boolean. */
const TYPES: Readonly<Record<string, (value: unknown, facts: PropertyFacts) => Checked>> = {
  string: (value) => (typeof value === 'string' ? { value } : { problem: 'a text' }),
  integer: (value) => {
    const number = toNumber(value);
    return Number.isSafeInteger(number) ? { value: number } : { problem: 'a whole number' };
  },
  float: (value) => {
    const number = toNumber(value);
    return Number.isFinite(number)
      ? { value: number }
      : { problem: 'a number, with a point before decimals' };
  },
  boolean: (value) => {
    const text =
      typeof value === 'boolean' ? String(value) : typeof value === 'string' ? value.toLowerCase() : '';
    return text === 'true' || text === 'false' ? { value: text === 'true' } : { problem: 'true or false' };
  },
  date: (value) => {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return { value: value.toISOString() };
    const isDate = typeof value === 'string' && DATE.test(value);
    return isDate ? { value } : { problem: 'a date, such as 2024-01-31 or 2024-01-31T12:00:00.000Z' };
  },
  object: (value) => {
    const parsed = typeof value === 'string' ? parseJson(value) : value;
    return isRecord(parsed) ? { value: parsed } : { problem: 'an object, or a text with its JSON' };
  },
  codeTable: (value, { codeTable }) => {
    const text = String(value);
    if (!codeTable?.length) return { value: text };
    const entry =
      codeTable.find(({ code }) => code === text) ?? codeTable.find((one) => String(one.value) === text);
    if (entry !== undefined) return { value: entry.code };
    return { problem: `one of ${codeTable.map((one) => `${one.code} (${one.value})`).join(', ')}` };
  },
};

/**
 * Checks the value of a property by its data type, and converts it where that is certain. Data types that are not known
 * are not checked.
 */
export function checkProperty(facts: PropertyFacts, value: unknown): Checked {
  const { code, dataType = '', required } = facts;
  const subject = `the property ${code}`;
  if (value === undefined) return { problem: `${subject} has no value; null takes the value away` };
  if (value === null)
    return required === true ? { problem: `${subject} is required, so it cannot be null` } : { value };
  const check = Object.hasOwn(TYPES, dataType) ? TYPES[dataType] : undefined;
  if (check === undefined) return { value };
  const { problem, value: checked } = check(value, facts);
  return problem === undefined ? { value: checked } : { problem: `${subject} must be ${problem}` };
}

function toNumber(value: unknown): number {
  if (typeof value === 'string' && NUMBER.test(value.trim())) return Number(value);
  return typeof value === 'number' ? value : Number.NaN;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
