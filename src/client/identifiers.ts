import { InvalidInvocation } from '../exceptions/base.js';
import { isFilledString, isRecord } from '../util/guards.js';

/** What an identifier looks like: 24 or 32 hexadecimal digits, `20U` with 11 letters and digits, or anything else. */
export type IdentifierForm = 'id' | 'code' | 'serialNumber' | 'other';

/**
 * Returns what an identifier of a component or of a test run looks like. It says nothing on what exists: an alternative
 * identifier may have any form.
 */
export function formOf(identifier: string): IdentifierForm {
  if (/^[0-9a-f]{24}$/i.test(identifier)) return 'id';
  if (/^[0-9a-f]{32}$/i.test(identifier)) return 'code';
  return /^20U[0-9A-Z]{11}$/i.test(identifier) ? 'serialNumber' : 'other';
}

/** Shows identifiers in a message: the first five of them. */
export function showIds(ids: readonly string[]): string {
  return (ids.length > 5 ? [...ids.slice(0, 5), '…'] : ids).join(', ');
}

/**
 * Returns the id of an argument.
 *
 * @param noun - what it is the id of, for the message
 * @throws InvalidInvocation where it has none
 */
export function idOf(subject: string, noun: string, given: string | { readonly id: string }): string {
  const id: unknown = isRecord(given) ? given.id : given;
  if (isFilledString(id)) return id;
  throw new InvalidInvocation(
    `${subject}: the first argument must be the id of a ${noun}, or an object that has an \`id\``,
  );
}
