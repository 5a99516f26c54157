import type { Logger } from '../../config/logger.js';
import type { Client } from '../client.js';
import type { CallOptions, EosChoice } from '../options.js';
import type { Warning } from '../warnings.js';

/** What a resource sends its requests through: a client, so that one mock of it serves a unit test. */
type Sender = Pick<
  Client,
  'components' | 'testRuns' | 'get' | 'head' | 'post' | 'put' | 'delete' | 'list' | 'whoAmI'
>;

/** What a resource gets of the client that it belongs to. */
export interface ResourceContext {
  readonly client: Sender;
  readonly logger: Logger;
  /** Whether the client only plans: what it writes is recorded, and not sent. @defaultValue `false` */
  readonly isPlan?: boolean;
  /** The URL of the website, which is that of the API. */
  readonly site: string;
  /** Tells of a warning of the client itself. */
  readonly report: (warning: Warning) => void;
  /** The most requests of one job that may be under way. */
  readonly maxInFlight: number;
  /** The option `retry` of the client. */
  readonly retry: CallOptions['retry'];
  /** The option `eos` of the client. */
  readonly eos: EosChoice;
  /** Returns how a request is retried that is asked for in parts where it is too much for the server. */
  readonly retryOfPart: (retry: CallOptions['retry']) => CallOptions['retry'];
}
