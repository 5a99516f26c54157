import { createRequire } from 'node:module';
import type * as zod from 'zod';
import { InvalidInvocation } from './exceptions/base.js';

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
 * @throws {@link InvalidInvocation} that names every wrong member, but never shows a value: it may be a secret
 */
export function check<Schema extends zod.ZodType>(
  subject: string,
  schema: Schema,
  value: unknown,
): zod.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const complaints = result.error.issues.map((issue) => complaint(issue));
  throw new InvalidInvocation(`${subject}: ${complaints.join('; ')}`);
}

function complaint(issue: zod.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    return `there is no option ${issue.keys.map((key) => `\`${key}\``).join(', ')}`;
  }
  const name = issue.path.join('.');
  return name === '' ? `must be ${issue.message}` : `\`${name}\` must be ${issue.message}`;
}

/** What a base URL must be: `http(s)`, and nothing in it that a relative URL could not be joined to. */
export function prefixUrlSchema(): zod.ZodType<string> {
  const z = lazyZod();
  const error = `an http(s) URL without credentials, query or fragment, such as https://host/path/`;
  return z.string({ error }).refine(isPrefixUrl, { error });
}

function isPrefixUrl(text: string): boolean {
  if (!/^\s*https?:\/\/[^/\\]/i.test(text) || !URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return username + password + search + hash === '';
}
