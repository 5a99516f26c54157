import { crc32 } from 'node:zlib';

/** Header fields as they are stored: names in lower case, one value each. */
export type StoredFields = Readonly<Record<string, string>>;

/** A stored response. It holds what was received: what follows from that is computed each time. */
export interface ResponseEntry {
  readonly kind: 'response';
  readonly key: string;
  /** When it may be removed. All times are in milliseconds since the epoch. */
  readonly expires: number;
  readonly status: number;
  readonly statusText: string;
  readonly headers: StoredFields;
  /** When the request was sent and when the response was received (RFC 9111, section 4.2.3). */
  readonly requestedAt: number;
  readonly receivedAt: number;
  /** The `expiresAfter` that it was stored with, in milliseconds. */
  readonly expiresAfter?: number | undefined;
  readonly body: Buffer;
}

type AnyEntry = Pick<ResponseEntry, 'key' | 'expires'>;
export type Entry =
  | ResponseEntry
  /** The request header fields that the responses under a primary key vary by (RFC 9111, section 4.1). */
  | (AnyEntry & { readonly kind: 'vary'; readonly names: readonly string[] })
  /** When responses were last invalidated: those requested until then are stale. */
  | (AnyEntry & { readonly kind: 'invalidation'; readonly at: number });

/** Encodes an entry: a checksum of what follows it, a line of JSON, and the body. In parts, so that no body is copied. */
export function encode(entry: Entry): Buffer[] {
  const { body, ...head } = entry as ResponseEntry;
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head)}\n`)];
  // The checksum of zlib would start again with empty bytes.
  if (body?.length > 0) parts.push(body);
  return [Buffer.from(`${checksum(parts)}\n`), ...parts];
}

/** Decodes an entry; undefined where it is not the entry of that key: anything may have written to a store. */
export function decode(bytes: Buffer, key: string): Entry | undefined {
  const head = bytes.indexOf('\n') + 1;
  const body = bytes.indexOf('\n', head) + 1;
  if (head === 0 || body === 0) return undefined;
  if (bytes.toString('latin1', 0, head - 1) !== checksum([bytes.subarray(head)])) return undefined;
  try {
    const entry = JSON.parse(bytes.toString('utf8', head, body - 1));
    const isWhole = entry.key === key && Number.isFinite(entry.expires) && isEntry(entry);
    return isWhole ? { ...entry, body: bytes.subarray(body) } : undefined;
  } catch {
    return undefined;
  }
}

/** The memory that an entry takes, in bytes. */
export function sizeOf(entry: Entry): number {
  if (entry.kind !== 'response') return 256;
  const fields = Object.entries(entry.headers);
  return fields.reduce((sum, [name, value]) => sum + name.length + value.length, 512) + entry.body.length;
}

function isEntry({ kind, names, at, headers, ...entry }: Record<string, unknown>): boolean {
  if (kind === 'vary') return Array.isArray(names) && areStrings(names);
  if (kind === 'invalidation') return Number.isFinite(at);
  const { status, statusText, requestedAt, receivedAt, expiresAfter = 0 } = entry;
  const isWhole = [status, requestedAt, receivedAt, expiresAfter].every(Number.isFinite);
  const hasFields = areStrings(headers) && !Object.hasOwn(headers as object, '__proto__');
  return kind === 'response' && isWhole && typeof statusText === 'string' && hasFields;
}

function areStrings(value: unknown): boolean {
  return typeof value === 'object' && Object.values(value ?? [0]).every((item) => typeof item === 'string');
}

/** Detects torn and damaged entries. It does not keep forged ones out. */
function checksum(parts: readonly Buffer[]): string {
  const sum = parts.reduce((before, part) => crc32(part, before), 0);
  return sum.toString(16).padStart(8, '0');
}
