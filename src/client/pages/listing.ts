import type { SessionResponse } from '../../session/request-options.js';
import type { Progress } from '../requests/progress.js';
import type { Warning } from '../warnings.js';
import type { Segment } from './segments.js';

/** What the server answered to one page. */
export interface PageAnswer<T> {
  readonly items: T[];
  /** Absent where the server does not say. A list whose first page has none has one page. */
  readonly pageInfo: PageInfo | undefined;
  readonly warnings: readonly Warning[];
  readonly response: SessionResponse;
}

/** Which page a response holds. */
export interface PageInfo {
  readonly pageIndex: number;
  readonly pageSize: number;
  /** The number of items of the whole list. */
  readonly total: number;
}

/** A list as the caller asked for it: what all iterations over it share. */
export interface Listing<T> {
  /** The offset at which the caller starts. */
  readonly start: number;
  /** The number of items that the caller wants at most. */
  readonly limit: number;
  /** The page size that the caller wants. */
  readonly pageSize: number;
  /** Returns a page size, or a smaller one if it was too heavy before. */
  readonly fit: (pageSize: number) => number;
  /** Called with a page size that was too heavy, after a smaller one worked. */
  readonly rememberTooHeavy: (pageSize: number) => void;
  /** The most requests that may be under way. */
  readonly maxInFlight: number;
  /** Whether its pages are much work for the server. */
  readonly isHeavy: boolean;
  /** Whether a page that is too heavy is asked for in parts. A command that writes must not be sent twice. */
  readonly canSplit: boolean;
  /** Whether a page is asked for a second time where the server failed. */
  readonly retries: boolean;
  /** Asks for one page. */
  readonly ask: (segment: Segment, signal: AbortSignal) => Promise<PageAnswer<T>>;
  /** Called after each page that was handed out. */
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** Called at the end where the list changed while it was read. */
  readonly onChange: (read: number, expected: number) => void;
}
