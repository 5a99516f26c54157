import type { ITkDBException } from '../../exceptions/base.js';
import type { Progress } from '../requests/progress.js';
import type { ChunkSizes } from './group-size.js';

/** What became of one id. */
export interface BulkOutcome<T> {
  /** The id, code, serial number or alternative identifier, as the caller gave it. */
  readonly id: string;
  /** What was read; undefined where the database does not have it, or where it could not be read. */
  readonly item?: T | undefined;
  /** Why it could not be read. */
  readonly error?: ITkDBException | undefined;
}

/** What could not be read, and why. */
export interface BulkFailure {
  /** The id, code, serial number or alternative identifier, as the caller gave it. */
  readonly id: string;
  /** Why it could not be read. */
  readonly error: ITkDBException;
}

/** What many ids gave. */
export interface BulkRead<T> {
  /** What was read, in the order of the ids. */
  readonly items: T[];
  /** The ids that the database does not know. */
  readonly missing: string[];
  /** The ids that could not be read, and why. */
  readonly failed: BulkFailure[];
}

/** The ids of one request, all of one form. */
export interface Chunk {
  readonly ids: readonly string[];
  /** Asks for some of the ids of the chunk. Absent where only `lookUp` of the job can find them. */
  readonly ask?: ((ids: readonly string[], signal: AbortSignal) => Promise<readonly unknown[]>) | undefined;
}

/** A bulk read as the caller asked for it: what all iterations over it share. */
export interface BulkJob {
  /** What is read, such as `components`, for messages. */
  readonly noun: string;
  /** The ids, each of them once. */
  readonly ids: readonly string[];
  /** In the order of their first ids. */
  readonly chunks: readonly Chunk[];
  /** Returns the names that the caller can have given for something that was read, the best one last. */
  readonly namesOf: (item: object) => readonly unknown[];
  /** Asks for one that was not found, by another kind of name. */
  readonly lookUp?: ((id: string, signal: AbortSignal) => Promise<unknown>) | undefined;
  readonly errors: 'throw' | 'collect' | 'stop';
  /** The number of ids that the server can answer at once. */
  readonly sizes: ChunkSizes;
  /** The most requests that may be under way. */
  readonly maxInFlight: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}
