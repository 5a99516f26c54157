import type { Dataset } from '../data/dataset.js';

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

/** The input of a command: the parsed JSON body, or else the query. */
export type DtoIn = Readonly<Record<string, unknown>>;

/** What a command works on. */
export interface CommandContext {
  /** The name that the command was called by. */
  readonly command: string;
  readonly dataset: Dataset;
  readonly users: readonly PdbUser[];
}

/** A command of the API. */
export interface Command {
  /** The keys of the input that it knows. Others add a warning to the result. */
  readonly keys: readonly string[];
  /** Returns the result. @throws CommandError where the input is wrong */
  readonly run: (input: DtoIn, context: CommandContext) => Record<string, unknown>;
}
