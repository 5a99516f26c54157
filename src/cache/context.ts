import type { Logger } from '../logger.js';

/** Says whose a bearer is; undefined where that is not known. */
export type Identify = (bearer: string | undefined) => string | undefined;

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
  /** Whose a bearer is, if that is known. */
  readonly identity: Identify;
}
