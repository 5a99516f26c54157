import { createRequire } from 'node:module';
import type * as zod from 'zod';
import { InvalidInvocation } from '../exceptions/base.js';
import { messageOf } from '../util/errors.js';
import { isPlainObject } from '../util/guards.js';

let loaded: typeof zod | undefined;

/** Loads zod when the first value is checked: it takes as long as half of everything else, and an import needs none. */
export function lazyZod(): typeof zod {
  loaded ??= createRequire(import.meta.url)('zod') as typeof zod;
  return loaded;
}

/**
 * Checks a value and returns what the schema makes of it.
 *
 * Each schema's `error` says what would be right, as the end of the sentence "`name` must be …".
 *
 * @param subject - whose value it is, such as `new Session`; starts the message
 * @throws InvalidInvocation that names every wrong member, but never shows a value: it may be a secret
 */
export function check<Schema extends zod.ZodType>(
  subject: string,
  schema: Schema,
  value: unknown,
): zod.output<Schema> {
  const result = reading(subject, () => schema.safeParse(value));
  if (result.success) return result.data;
  throw new InvalidInvocation(`${subject}: ${result.error.issues.map(complaint).join('; ')}`);
}

/**
 * Copies an object of options, so that what is checked is what is used, whatever its getters say the next time.
 *
 * @throws InvalidInvocation where a getter throws
 */
export function copyOptions<Options>(subject: string, options: Options): Options {
  return reading(subject, () => (isPlainObject(options) ? { ...options } : options));
}

function reading<T>(subject: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InvalidInvocation(`${subject}: the options cannot be read: ${messageOf(error)}`);
  }
}

/**
 * The schema of an object of options.
 *
 * @param expectation - what the object is, where something else is given
 * @param hints - what to say of certain options that do not exist
 */
export function optionsSchema<Shape extends zod.ZodRawShape>(
  shape: Shape,
  expectation: string,
  hints: Readonly<Record<string, string>> = {},
): zod.ZodType {
  const z = lazyZod();
  const known = Object.keys(shape);
  const object = z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys?.map((name) => noSuchOption(name, known, hints)).join('; ')
        : expectation,
  });
  // An instance of a class is no object of options, even if its properties have the right names.
  return z.custom(isPlainObject, expectation).pipe(object);
}

/** A number that is not negative, of some unit; or nothing. */
export function atLeast0(unit: string): zod.ZodType {
  const expectation = `a number of ${unit}`;
  return lazyZod().number(expectation).min(0, `${expectation}, at least 0`).optional();
}

/** Refuses a `~` at the start of a path: it would be the name of a folder. */
export function withoutTilde<Schema extends zod.ZodType>(schema: Schema): Schema {
  const isShells = (value: unknown): boolean => typeof value === 'string' && /^~(?:[\\/]|$)/.test(value);
  return schema.refine(
    (value) => !isShells(value),
    'a path without ~, which only a shell understands: write homedir() of node:os instead',
  );
}

/** Says that an option does not exist, and which one may be meant. */
export function noSuchOption(
  name: string,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): string {
  const plain = (text: string): string => text.replaceAll(/[_-]/g, '').toLowerCase();
  const similar = known.filter(
    (other) => plain(other) === plain(name) || plain(other).startsWith(plain(name)),
  );
  const quoted = (names: readonly string[]): string => names.map((other) => `\`${other}\``).join(', ');
  const hint = Object.hasOwn(hints, name) ? hints[name] : undefined;
  const help = hint ?? (similar.length > 0 ? `is it ${quoted(similar)}?` : `there are ${quoted(known)}`);
  return `there is no option \`${name}\`; ${help}`;
}

/** What a base URL must be: `http(s)`, and nothing in it that a relative URL could not be joined to. */
export function prefixUrlSchema(): zod.ZodType<string> {
  const z = lazyZod();
  const error = 'an http(s) URL without credentials, query or fragment, such as https://host/path/';
  return z
    .union([z.string(), z.instanceof(URL)], { error })
    .transform(String)
    .refine(isPrefixUrl, { error });
}

function complaint(issue: zod.core.$ZodIssue): string {
  const name = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys')
    return name === '' ? issue.message : `in \`${name}\` ${issue.message}`;
  return name === '' ? `must be ${issue.message}` : `\`${name}\` must be ${issue.message}`;
}

function isPrefixUrl(text: string): boolean {
  if (!/^\s*https?:\/\/[^/\\]/i.test(text) || !URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === '';
}
