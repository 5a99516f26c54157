import type { Person } from '../data/records.js';
import type { Store } from '../data/store.js';
import type { Eos } from '../eos.js';

/** A user that the embedded database knows. */
export interface PdbUser {
  /** The first access code. */
  readonly accessCode1: string;
  /** The second access code. */
  readonly accessCode2: string;
  /** Full name. */
  readonly name: string;
  /** Such as `1234-567-1`. */
  readonly identity: string;
  /** Code of the institution. */
  readonly institution: string;
  /** Whether each write of the user is refused with the status 403. @defaultValue `false` */
  readonly readOnly?: boolean | undefined;
}

/** The input of a command: the parsed JSON body, the fields of the form, or else the query. */
export type DtoIn = Readonly<Record<string, unknown>>;

/** A request to the database. */
export interface CommandRequest {
  /** The name that the command was called by. */
  readonly command: string;
  readonly store: Store;
  readonly eos: Eos;
  readonly users: readonly PdbUser[];
  /** Who sent the request. */
  readonly user: Person;
  /** Whether the quirks of the real database are shown. */
  readonly quirks: boolean;
  /** How `getComponentBulk` shows parents and children, if there are quirks. @defaultValue `object` */
  readonly bulkReferences?: 'id' | 'object' | undefined;
}

/** What a command works on. */
export interface CommandContext extends CommandRequest {
  /** Adds a warning of keys that the command does not know, such as `$.results.IGNOREME`. Called before any change. */
  warn(...paths: string[]): void;
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
