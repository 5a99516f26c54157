import { InvalidInvocation } from '../exceptions/base.js';
import { messageOf } from '../util/errors.js';
import { isPlainObject } from '../util/guards.js';
import { similarNames } from '../util/similar.js';

/**
 * Checks the value of one option and returns the value to use: a copy, where the caller could change it later.
 *
 * Adds to `faults` what is wrong, each as a sentence that names the option. It never shows the value, which may be a
 * secret.
 */
export type Check = (value: unknown, name: string, faults: string[]) => unknown;

/** The checks of all options, by name. */
export type OptionTable = Readonly<Record<string, Check>>;

/** What the options of something are. */
export interface OptionsExpected {
  readonly table: OptionTable;
  /** What the options are where something else is given; ends the sentence "… must be". */
  readonly expectation: string;
  /** What to say about certain options that do not exist. */
  readonly hints?: Readonly<Record<string, string>>;
  /** The options that are suggested first: the others are those of each request. @defaultValue none */
  readonly own?: readonly string[];
}

/**
 * Checks an object of options, each of which may be left out.
 *
 * Every member is read once and only the returned copy is used, so that a getter cannot answer differently later.
 *
 * @param subject - whose options they are, such as `new Session`; starts the message
 * @throws InvalidInvocation that names every wrong option and says what would be right
 */
export function checkOptions<Options>(subject: string, options: Options, expected: OptionsExpected): Options {
  const faults: string[] = [];
  try {
    const checked = checkMembers(options, '', expected, faults) as Options;
    if (faults.length === 0) return checked;
  } catch (error) {
    throw unreadable(subject, error);
  }
  throw new InvalidInvocation(`${subject}: ${faults.join('; ')}`);
}

/** Checks one value that is not optional. See {@link checkOptions}. */
export function checkValue(subject: string, name: string, value: unknown, check: Check): unknown {
  const faults: string[] = [];
  const checked = reading(subject, () => check(value, name, faults));
  if (faults.length > 0) throw new InvalidInvocation(`${subject}: ${faults.join('; ')}`);
  return checked;
}

/** Runs code that reads what the caller gave: a getter, a proxy or a `toString` of it may throw. */
export function reading<T>(subject: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(subject, error);
  }
}

function unreadable(subject: string, error: unknown): InvalidInvocation {
  if (error instanceof InvalidInvocation) return error;
  return new InvalidInvocation(`${subject}: its options cannot be read: ${messageOf(error)}`);
}

function checkMembers(
  options: unknown,
  path: string,
  { table, expectation, hints, own }: OptionsExpected,
  faults: string[],
): unknown {
  // An instance of a class is not an object of options, even if its properties have the right names.
  if (!isPlainObject(options)) {
    faults.push(path === '' ? `must be ${expectation}` : `\`${path}\` must be ${expectation}`);
    return options;
  }
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(options)) {
    const check = Object.hasOwn(table, name) ? table[name] : undefined;
    const value = options[name];
    if (check === undefined) {
      const fault = noSuchOption(name, Object.keys(table), hints, own);
      faults.push(path === '' ? fault : `in \`${path}\` ${fault}`);
    } else if (value !== undefined) {
      copy[name] = check(value, path === '' ? name : `${path}.${name}`, faults);
    }
  }
  return copy;
}

/** Says that an option does not exist, and which one may be meant. */
function noSuchOption(
  name: string,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
  own: readonly string[] = [],
): string {
  const similarOwn = similarNames(name, own);
  const similar = similarOwn.length > 0 ? similarOwn : similarNames(name, known);
  const quoted = (names: readonly string[]): string => names.map((other) => `\`${other}\``).join(', ');
  const hint = Object.hasOwn(hints, name) ? hints[name] : undefined;
  const all = own.length > 0 ? `${quoted(own)}, and those of a request` : quoted(known);
  const help = hint ?? (similar.length > 0 ? `is it ${quoted(similar)}?` : `there are ${all}`);
  return `there is no option \`${name}\`; ${help}`;
}

/**
 * A value that passes a test.
 *
 * @param expectation - what would be right, as the end of the sentence "`name` must be …"
 */
export function must(isRight: (value: unknown) => boolean, expectation: string): Check {
  return (value, name, faults) => {
    if (!isRight(value)) faults.push(`\`${name}\` must be ${expectation}`);
    return value;
  };
}

/** A value that passes the first check, and then the second one. */
export function both(first: Check, second: Check): Check {
  return (value, name, faults) => {
    const before = faults.length;
    const checked = first(value, name, faults);
    return faults.length === before ? second(checked, name, faults) : checked;
  };
}

/** `false`, or a value that passes the check. */
export function orFalse(check: Check): Check {
  return (value, name, faults) => (value === false ? value : check(value, name, faults));
}

/** An object of options of its own. */
export function optionsOf(expected: OptionsExpected): Check {
  return (value, name, faults) => checkMembers(value, name, expected, faults);
}

/** A list whose items pass the check. */
export function listOf(check: Check, expectation: string): Check {
  return (value, name, faults) => {
    if (Array.isArray(value)) return value.map((item, index) => check(item, `${name}.${index}`, faults));
    faults.push(`\`${name}\` must be ${expectation}`);
    return value;
  };
}

/** An object whose members pass the check, whatever their names. */
export function recordOf(check: Check, expectation: string): Check {
  return (value, name, faults) => {
    if (!isPlainObject(value)) {
      faults.push(`\`${name}\` must be ${expectation}`);
      return value;
    }
    const entries = Object.entries(value).map(([key, item]) => [key, check(item, `${name}.${key}`, faults)]);
    return Object.fromEntries(entries);
  };
}

/** Anything. */
export const ANYTHING: Check = (value) => value;
/** A string. */
export const STRING: Check = must((value) => typeof value === 'string', 'a string');
/** A string that is not empty. */
export const FILLED_STRING: Check = must(
  (value) => typeof value === 'string' && value !== '',
  'a string that is not empty',
);
/** A boolean. */
export const BOOLEAN: Check = must((value) => typeof value === 'boolean', 'true or false');
/** A function. */
export const FUNCTION: Check = must((value) => typeof value === 'function', 'a function');

/** A finite number that is not negative. */
export function numberOf(unit: string): Check {
  return must((value) => Number.isFinite(value) && (value as number) >= 0, `a number of ${unit}, at least 0`);
}

/** A whole number in a range. */
export function wholeNumber(expectation: string, least = 0, most: number = Number.MAX_SAFE_INTEGER): Check {
  return must((value) => isWhole(value, least, most), expectation);
}

/** Whether a value is a whole number in a range. */
export function isWhole(value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** A path; `~` at its start would be the name of a folder. */
export const NO_TILDE: Check = must(
  (value) => !(typeof value === 'string' && /^~(?:[\\/]|$)/.test(value)),
  'a path without ~, which only a shell understands: write homedir() of node:os instead',
);

/** A base URL: `http(s)`, and nothing in it that a relative URL could not be joined to. The value is a string. */
export const PREFIX_URL: Check = (value, name, faults) => {
  const text = typeof value === 'string' || value instanceof URL ? String(value) : '';
  if (!isPrefixUrl(text)) {
    const expectation = 'an http(s) URL without credentials, query or fragment, such as https://host/path/';
    faults.push(`\`${name}\` must be ${expectation}`);
  }
  return text;
};

function isPrefixUrl(text: string): boolean {
  if (!/^\s*https?:\/\/[^/\\]/i.test(text) || !URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === '';
}
