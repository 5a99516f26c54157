/**
 * What a field that refers to a record may hold: an id or a code, an object with at least one of them, or null. Which of
 * them comes depends on the command and on `outputType`.
 */
export type Ref = string | { readonly id?: string; readonly code?: string } | null;

const ID = /^[0-9a-f]{24}$/i;

/** Returns the id of a reference; undefined where it has none, or where it is a code. */
export function refId(ref: Ref | undefined): string | undefined {
  if (typeof ref === 'string') return ID.test(ref) ? ref : undefined;
  return ref?.id;
}

/** Returns the code of a reference; undefined where it has none, or where it is an id. */
export function refCode(ref: Ref | undefined): string | undefined {
  if (typeof ref === 'string') return ID.test(ref) ? undefined : ref;
  return ref?.code;
}
