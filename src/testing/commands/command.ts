import type { Person } from '../data/records.js';
import type { Store } from '../data/store.js';

/** A user that the embedded database knows. */
export interface PdbUser {
  readonly accessCode1: string;
  readonly accessCode2: string;
  /** Full name. */
  readonly name: string;
  /** Such as `1234-567-1`. */
  readonly identity: string;
  /** Code of the institution. */
  readonly institution: string;
}

/** The input of a command: the parsed JSON body, the fields of the form, or else the query. */
export type DtoIn = Readonly<Record<string, unknown>>;

/** What a command works on. */
export interface CommandContext {
  /** The name that the command was called by. */
  readonly command: string;
  readonly store: Store;
  readonly users: readonly PdbUser[];
  /** Who sent the request. */
  readonly user: Person;
  /** Whether the quirks of the real database are shown. */
  readonly quirks: boolean;
}

/** The bytes that a command returns in place of JSON. */
export class FileResult {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly filename: string;

  constructor(bytes: Buffer, contentType: string, filename: string) {
    this.bytes = bytes;
    this.contentType = contentType;
    this.filename = filename;
  }
}

/**
 * A command of the API. Its input was checked against the catalogue.
 *
 * @throws CommandError where the database refuses it
 */
export type Command = (input: DtoIn, context: CommandContext) => Record<string, unknown> | FileResult;
