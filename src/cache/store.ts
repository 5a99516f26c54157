/** A place to store responses in: a `Keyv` instance or a storage adapter for one. */
export interface CacheStore {
  /** Returns the value that is stored under a key; undefined for none. */
  get(key: string): unknown;
  /** Stores a value for the given number of milliseconds. */
  set(key: string, value: unknown, ttl?: number): unknown;
  /** Removes a value. */
  delete(key: string): unknown;
  /** Removes all values. */
  clear(): unknown;
}

/** How many responses are stored, and how many bytes they take. */
export interface CacheSize {
  /** The number of stored responses. */
  readonly entries: number;
  /** Their size in bytes; undefined where the store cannot say. */
  readonly bytes: number | undefined;
}

/** Where bytes are kept under keys: a directory or a Keyv. Errors are thrown; what is optional needs not be done. */
export interface Store {
  /** Whether it held no response a moment ago, so that a lookup can be skipped. */
  readonly isEmpty: boolean;
  read(key: string): Promise<Buffer | undefined>;
  write(key: string, parts: readonly Buffer[], expires: number): Promise<void>;
  /** Writes before it returns. */
  writeNow?(key: string, parts: readonly Buffer[], expires: number): void;
  /** Notes that an entry was used: it is not evicted before others. */
  used?(key: string): void;
  /** Removes an entry, and returns whether it was there. */
  delete(key: string): Promise<boolean>;
  clear(): Promise<void>;
  size(): Promise<CacheSize>;
  close?(): Promise<void>;
}

/** Whether a key is that of a response. Those of other entries begin with a letter for their kind. */
export function isResponseKey(key: string): boolean {
  return /^[0-9a-f]{64}$/.test(key);
}
