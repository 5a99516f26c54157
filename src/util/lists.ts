import { isRecord } from './guards.js';

/** Returns a list; an empty one for anything else: the database has null in place of an empty list. */
export function asList<T>(list: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(list) ? list : [];
}

/** Returns the codes of a list of codes, or of objects that have one. */
export function codesOf(list: readonly unknown[] | null | undefined): string[] {
  return asList(list).flatMap((one: unknown) => {
    const code = isRecord(one) ? one['code'] : one;
    return typeof code === 'string' ? [code] : [];
  });
}
