/** A place to keep answers in: a `Keyv` instance or a storage adapter for one. */
export interface CacheStore {
  /** Gets what is kept under a key; undefined where there is nothing. */
  get(key: string): unknown;
  /** Keeps a value, for so many milliseconds. */
  set(key: string, value: unknown, ttl?: number): unknown;
  /** Forgets a value. */
  delete(key: string): unknown;
  /** Forgets all of them. */
  clear(): unknown;
}

/** How many answers there are, and how many bytes they take; `bytes` is undefined where the store cannot say. */
export interface CacheSize {
  readonly entries: number;
  readonly bytes: number | undefined;
}

/** Where bytes are kept under names: a directory or a Keyv. What goes wrong is thrown. */
export interface Shelf {
  /** Where it is, if it is a directory. */
  readonly directory?: string | undefined;
  /** Whether the place was not there a moment ago: so there is nothing to be read. */
  readonly isAbsent: boolean;
  /** Whether the place is there. */
  exists(): Promise<boolean>;
  read(key: string): Promise<Buffer | undefined>;
  /** Writes what never expires, unless there is something of that name. */
  create(key: string, parts: readonly Buffer[]): Promise<void>;
  /** @param expires - milliseconds since the epoch; undefined for never */
  write(key: string, parts: readonly Buffer[], expires: number | undefined): Promise<void>;
  remove(key: string): Promise<boolean>;
  clear(): Promise<void>;
  size(): Promise<CacheSize>;
  close(): Promise<void>;
}

/** What stands beside the entries is named so; every other name is that of an entry. */
export const RECORD = 'record:';

/** Whether an error says that the place where something was to be written is not there any more. */
export function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}
