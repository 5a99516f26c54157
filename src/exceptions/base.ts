import { escapeControls } from '../util/control-characters.js';
import { isObject } from '../util/guards.js';

/** Every {@link ITkDBException.code}: a closed union, so that a `switch` over it can be exhaustive. */
export type ErrorCode =
  | 'ERR_ITKDB'
  | 'ERR_INVALID_INVOCATION'
  | 'ERR_NOT_SIGNED_IN'
  | 'ERR_INVALID_ID_TOKEN'
  | 'ERR_DUPLICATE_OBJECTS'
  | 'ERR_DUPLICATE_TEST_RUNS'
  | 'ERR_LIST_CHANGED'
  | 'ERR_PART_FAILED'
  | 'ERR_INCOMPLETE_WRITE'
  | 'ERR_INVALID_TEST_RUN'
  | ResponseErrorCode
  | TransportErrorCode;

/** The codes of `ResponseException` and its subclasses. */
export type ResponseErrorCode =
  | 'ERR_RESPONSE'
  | 'ERR_AUTHENTICATION_FAILED'
  | 'ERR_BAD_JSON'
  | 'ERR_BAD_REQUEST'
  | 'ERR_CONFLICT'
  | 'ERR_FORBIDDEN'
  | 'ERR_NOT_FOUND'
  | 'ERR_REDIRECT'
  | 'ERR_SERVER_ERROR'
  | 'ERR_SPECIAL_ERROR'
  | 'ERR_TOO_LARGE'
  | 'ERR_UNAVAILABLE_FOR_LEGAL_REASONS'
  | 'ERR_UNHANDLED_RESPONSE';

/** The codes of `TransportException` and its subclasses. */
export type TransportErrorCode =
  | 'ERR_TRANSPORT'
  | 'ERR_ABORTED'
  | 'ERR_CONNECTION_FAILED'
  | 'ERR_CONNECTION_REFUSED'
  | 'ERR_CONNECTION_RESET'
  | 'ERR_HOST_NOT_FOUND'
  | 'ERR_INVALID_RESPONSE'
  | 'ERR_RESPONSE_TOO_LARGE'
  | 'ERR_TIMEOUT'
  | 'ERR_TLS'
  | 'ERR_TOO_MANY_REDIRECTS';

/** The longest first line of a message, in characters. */
export const LONGEST_LINE = 300;

/** Known to every copy of the package, so that {@link isException} recognises the exceptions of another copy. */
const BRAND = Symbol.for('itkdb.ITkDBException');

/**
 * The root of everything this package throws.
 *
 * ```text
 * ITkDBException
 * ├─ InvalidInvocation            an argument, option or setting is wrong
 * │  ├─ NotSignedIn               there are no access codes, and no stored sign-in that can be used
 * │  └─ InvalidTestRun            a test run that is to be uploaded has problems
 * ├─ InvalidIdToken               the identity service's token does not verify
 * ├─ ResponseException            the server's response is not a success
 * │  ├─ AuthenticationFailed      no token was granted
 * │  ├─ BadJSON                   the body is not the JSON it claims to be
 * │  ├─ BadRequest                400
 * │  ├─ Forbidden                 401, 403
 * │  ├─ NotFound                  404
 * │  ├─ Conflict                  409
 * │  ├─ TooLarge                  413
 * │  ├─ SpecialError              415
 * │  ├─ UnavailableForLegalReasons 451
 * │  ├─ ServerError               500, 502, 503, 504
 * │  ├─ Redirect                  a redirect that was not followed
 * │  └─ UnhandledResponse         any other 4xx or 5xx, or what `validateStatus` refuses
 * ├─ TransportException           no complete response arrived
 * │  ├─ Aborted, Timeout, TooManyRedirects
 * │  ├─ ConnectionFailed, ConnectionRefused, ConnectionReset, HostNotFound, TlsFailure
 * │  └─ InvalidResponse, ResponseTooLarge
 * ├─ ListChanged                  a list changed while it was read
 * ├─ PartFailed                   some of many could not be read
 * ├─ IncompleteWrite              a write of several steps ended in the middle, or it is unknown whether it was done
 * └─ DuplicateObjectsInDB
 *    └─ DuplicateTestRuns
 * ```
 */
export class ITkDBException extends Error {
  /** What went wrong, stable across releases. */
  readonly code: ErrorCode = 'ERR_ITKDB';
  /** Of a list: the page that could not be read. */
  declare readonly pageInfo?: { readonly pageIndex: number; readonly pageSize: number };
  /** Of `toArray()`: the items that were read before. */
  declare readonly items?: readonly unknown[];

  /**
   * @param message - its first line says what happened, in at most 300 characters; a longer one is broken at a space.
   *   Control characters are escaped: a server may have sent a part of it.
   */
  constructor(message?: string, options?: ErrorOptions) {
    super(message === undefined ? message : breakFirstLine(escapeControls(String(message))), options);
  }

  /** The first line of the message: what happened, in at most 300 characters, for a log. */
  get summary(): string {
    return this.message.split('\n', 1)[0] ?? '';
  }
}
nameClass(ITkDBException, 'ITkDBException');
Object.defineProperty(ITkDBException.prototype, BRAND, { value: true });

/** Returns whether an error is an {@link ITkDBException} of this copy of the package or of another one. */
export function isException(error: unknown): error is ITkDBException {
  try {
    return isObject(error) && BRAND in error;
  } catch {
    return false;
  }
}

/** An argument, an option, a setting or a request was wrong; the message names it and says what would be right. */
export class InvalidInvocation extends ITkDBException {
  override readonly code: 'ERR_INVALID_INVOCATION' | 'ERR_NOT_SIGNED_IN' | 'ERR_INVALID_TEST_RUN' =
    'ERR_INVALID_INVOCATION';
}
nameClass(InvalidInvocation, 'InvalidInvocation');

/**
 * There are no access codes, and no stored sign-in that can be used: there is none, it has expired, or it is for another
 * database. The message says which. `npx itkdb login` stores a new one.
 */
export class NotSignedIn extends InvalidInvocation {
  override readonly code = 'ERR_NOT_SIGNED_IN';
}
nameClass(NotSignedIn, 'NotSignedIn');

/** A list changed while it was read, so that items can be missing. Thrown only where `onChange` is `'throw'`. */
export class ListChanged extends ITkDBException {
  override readonly code = 'ERR_LIST_CHANGED';
}
nameClass(ListChanged, 'ListChanged');

/** Some of many failed, after all others were done. `cause` is the first exception. */
export class PartFailed extends ITkDBException {
  override readonly code = 'ERR_PART_FAILED';
  /** What was read, in the order of the ids. Empty where the items were iterated over. */
  declare readonly items: readonly unknown[];
  /** The ids that the database does not know. */
  declare readonly missing: readonly string[];
  /** The ids that failed, and why. */
  declare readonly failed: readonly { readonly id: string; readonly error: ITkDBException }[];

  constructor(
    message?: string,
    { items = [], missing = [], failed = [] }: Partial<Pick<PartFailed, 'items' | 'missing' | 'failed'>> = {},
  ) {
    super(message, failed[0] && { cause: failed[0].error });
    // Not enumerable, so that thousands are not printed with the exception.
    for (const [name, value] of Object.entries({ items, missing, failed }))
      Object.defineProperty(this, name, { value });
  }
}
nameClass(PartFailed, 'PartFailed');

/** A step of a write, and what became of it. */
export interface StepReport {
  /** What it does, such as `set the stage of 20USBML1234567 to BONDED`. */
  readonly name: string;
  /** `'unknown'`: it was sent, no response said that it was done, and it was not found when it was looked for. */
  readonly outcome: 'done' | 'not done' | 'unknown';
}

/**
 * A write of several steps ended in the middle, or it is unknown whether a write was done. Nothing is sent again unless
 * {@link IncompleteWrite.resume} is called. `cause` is the exception of the step that failed.
 */
export class IncompleteWrite extends ITkDBException {
  override readonly code = 'ERR_INCOMPLETE_WRITE';
  /** The steps in their order, and what became of each. */
  declare readonly steps: readonly StepReport[];
  /** What became of the step that failed. */
  readonly outcome: 'not done' | 'unknown';
  readonly #resume: () => Promise<unknown>;
  #resuming: Promise<unknown> | undefined;

  /**
   * @param message - what happened
   * @param details - the steps, the outcome of the one that failed, and what does the remaining ones
   */
  constructor(
    message: string,
    {
      steps,
      outcome,
      resume,
      ...options
    }: ErrorOptions &
      Pick<IncompleteWrite, 'steps' | 'outcome'> & { readonly resume: () => Promise<unknown> },
  ) {
    super(message, options);
    this.outcome = outcome;
    this.#resume = resume;
    // Not enumerable: the message says it.
    Object.defineProperty(this, 'steps', { value: steps });
  }

  /**
   * Does the steps that are not done, and resolves to what the method would have returned. A step of unknown outcome is
   * looked for once more, and done if it is not there. A second call at the same time does nothing more.
   *
   * @throws what the method throws
   */
  resume(): Promise<unknown> {
    this.#resuming ??= this.#resume().finally(() => {
      this.#resuming = undefined;
    });
    return this.#resuming;
  }
}
nameClass(IncompleteWrite, 'IncompleteWrite');

/** Several objects with the same contents are already in the database. */
export class DuplicateObjectsInDB extends ITkDBException {
  override readonly code: 'ERR_DUPLICATE_OBJECTS' | 'ERR_DUPLICATE_TEST_RUNS' = 'ERR_DUPLICATE_OBJECTS';
}
nameClass(DuplicateObjectsInDB, 'DuplicateObjectsInDB');

/** A test run with the same contents is already in the database; nothing was uploaded. */
export class DuplicateTestRuns extends DuplicateObjectsInDB {
  override readonly code = 'ERR_DUPLICATE_TEST_RUNS';
  /** The ids of the test runs in the database that have the same contents. */
  readonly ids: readonly string[];

  constructor(message?: string, { ids = [], ...options }: ErrorOptions & { ids?: readonly string[] } = {}) {
    super(message, options);
    this.ids = ids;
  }
}
nameClass(DuplicateTestRuns, 'DuplicateTestRuns');

/** The first half of a character that a cut has split. */
const HALF_CHARACTER = /[\ud800-\udbff]$/;

/** Joins a text into one line of at most the given number of characters. Secrets in it must have been replaced before. */
export function clipLine(text: string, longest: number = LONGEST_LINE): string {
  const line = escapeControls(text.replace(/\s+/g, ' ').trim());
  return line.length > longest ? `${line.slice(0, longest - 1).replace(HALF_CHARACTER, '')}…` : line;
}

function breakFirstLine(message: string): string {
  const end = message.indexOf('\n');
  if ((end === -1 ? message.length : end) <= LONGEST_LINE) return message;
  const space = message.lastIndexOf(' ', LONGEST_LINE);
  const at = space > 0 ? space : LONGEST_LINE;
  return `${message.slice(0, at)}\n${message.slice(at).replace(/^ /, '')}`;
}

/**
 * Sets the `name` of a class's errors. A literal, because bundlers rename classes; on the prototype, so that it is not
 * an enumerable field of each error, and known when the constructor runs, so that `stack` starts with it.
 */
export function nameClass(type: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
