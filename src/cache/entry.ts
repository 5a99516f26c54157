import { crc32 } from 'node:zlib';

/** Header fields as they came, names in lower case. */
export type HeaderFields = readonly (readonly [name: string, value: string])[];

/** An answer that is kept: nothing but facts, so that what follows from them is worked out anew each time. */
export interface Entry {
  readonly kind: 'answer';
  readonly key: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderFields;
  /** When the request left and when the answer was there, in milliseconds since the epoch. */
  readonly requestedAt: number;
  readonly receivedAt: number;
  /** How long `expiresAfter` let it live, in milliseconds. */
  readonly expiresAfter?: number | undefined;
  readonly body: Buffer;
}

/** What stands in the place of answers that differ by request headers: which headers those are. */
export interface Signpost {
  readonly kind: 'vary';
  readonly key: string;
  readonly names: readonly string[];
}

export type Stored = Entry | Signpost;

/**
 * Writes an entry: a checksum of all that follows, a line of JSON, and the body as it is. In parts, so that a large body
 * is not copied.
 */
export function encode(stored: Stored, body: readonly Buffer[] = bodyOf(stored)): Buffer[] {
  const parts = [Buffer.from(`${JSON.stringify(headOf(stored))}\n`), ...body];
  return [Buffer.from(`${checksum(parts)}\n`), ...parts];
}

/**
 * Reads an entry back. Whatever is torn, foreign or made up is undefined: files may have been written by anybody.
 *
 * @param key - that it must have been written under
 */
export function decode(bytes: Buffer, key: string): Stored | undefined {
  const head = bytes.indexOf('\n', 0) + 1;
  const body = bytes.indexOf('\n', head) + 1;
  if (head === 0 || body === 0) return undefined;
  if (bytes.toString('latin1', 0, head - 1) !== checksum([bytes.subarray(head)])) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8', head, body - 1));
    return check(value as Record<string, unknown>, key, bytes.subarray(body));
  } catch {
    return undefined;
  }
}

function check(head: Record<string, unknown>, key: string, body: Buffer): Stored | undefined {
  if (head['key'] !== key) return undefined;
  if (head['kind'] === 'vary') {
    const { names } = head;
    return isListOf(names, (name) => typeof name === 'string') ? { kind: 'vary', key, names } : undefined;
  }
  const { status, statusText, headers, requestedAt, receivedAt, expiresAfter } = head;
  const isWhole =
    head['kind'] === 'answer' &&
    Number.isInteger(status) &&
    typeof statusText === 'string' &&
    isListOf(headers, isHeaderField) &&
    Number.isFinite(requestedAt) &&
    Number.isFinite(receivedAt) &&
    (expiresAfter === undefined || Number.isFinite(expiresAfter));
  if (!isWhole) return undefined;
  const facts = { status, statusText, headers, requestedAt, receivedAt, expiresAfter };
  return { kind: 'answer', key, ...(facts as Omit<Entry, 'kind' | 'key' | 'body'>), body };
}

/** How much memory or disk an entry takes, in bytes. */
export function sizeOf(stored: Stored): number {
  if (stored.kind === 'vary') return 256;
  return (
    stored.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 512) + stored.body.length
  );
}

function headOf(stored: Stored): object {
  if (stored.kind === 'vary') return stored;
  const { kind, key, status, statusText, headers, requestedAt, receivedAt, expiresAfter } = stored;
  return { kind, key, status, statusText, headers, requestedAt, receivedAt, expiresAfter };
}

function bodyOf(stored: Stored): Buffer[] {
  return stored.kind === 'answer' ? [stored.body] : [];
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

function isHeaderField(field: unknown): field is [string, string] {
  return (
    isListOf(field, (part) => typeof part === 'string') && field.length === 2 && field[0] !== '__proto__'
  );
}

/** Against files that are torn or rotten; nothing that stands beside its own checksum is safe from a forger. */
function checksum(parts: readonly Buffer[]): string {
  return parts
    .reduce((sum, part) => crc32(part, sum), 0)
    .toString(16)
    .padStart(8, '0');
}
