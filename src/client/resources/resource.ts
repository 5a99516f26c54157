import { callBack, type Logger } from '../../config/logger.js';
import type { BulkOnly } from '../bulk/options.js';
import type { Client } from '../client.js';
import type { CallOptions } from '../options.js';
import type { Progress } from '../pages/listing.js';
import type { Warning } from '../warnings.js';

/** What a resource sends its requests through: a client, so that one mock of it serves a unit test. */
type Sender = Pick<Client, 'get' | 'post' | 'put' | 'delete' | 'list'>;

/** What a resource gets of the client that it belongs to. */
export interface ResourceContext {
  readonly client: Sender;
  readonly logger: Logger;
  /** Tells of a warning of the client itself. */
  readonly report: (warning: Warning) => void;
  /** The most requests of one job that may be under way. */
  readonly maxInFlight: number;
  /** Returns how a request is retried that is asked for in parts where it is too much for the server. */
  readonly retryOfPart: (retry: CallOptions['retry']) => CallOptions['retry'];
}

/** Returns the function that tells the caller of progress, if it wants to know. */
export function progressOf(
  { onProgress }: BulkOnly,
  logger: Logger,
): ((progress: Progress) => void) | undefined {
  return onProgress && ((progress) => callBack(logger, 'onProgress', () => onProgress(progress)));
}
