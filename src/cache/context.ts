import type { Logger } from '../config/logger.js';
import type { WireConfig } from '../http/wire.js';

/** Says whose the bearer of a request is; undefined where that is not known. */
export type Identify = (sent: WireConfig) => string | undefined;

/** What a cache has to know of its session. */
export interface CacheContext {
  readonly logger: Logger;
  /** The option of that name, in milliseconds. */
  readonly expiresAfter: number | undefined;
  /** The most that the entries may take, in bytes. */
  readonly maxSize: number;
  /** Whether a write makes that user's stored answers be asked for anew. */
  readonly invalidateOnWrite: boolean;
  /** Whether a URL is one of the database. */
  readonly covers: (url: string) => boolean;
  /** Whose the bearer of a request is, if that is known. */
  readonly identity: Identify;
}
