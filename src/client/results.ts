import type { COMMANDS } from '../commands/catalogue.js';
import type { CommandOutput, Commands, FlatCommandName, FlatCommandOutput } from '../commands/commands.js';
import type { BinaryFile } from './files/file.js';
import type { Page } from './pages/page.js';

/** The names of the commands that are answered with a file. */
export type FileCommandName = {
  [K in keyof typeof COMMANDS]: (typeof COMMANDS)[K] extends { result: 'file' } ? K : never;
}[keyof typeof COMMANDS];

/** What a client makes of a response body: the page of a list, the list of a bulk command, a sample, or the object. */
export type Converted<Body> = Body extends { pageInfo: unknown; itemList: (infer T)[] }
  ? Page<T>
  : Body extends { pageInfo: unknown; pageItemList: (infer T)[] }
    ? Page<T>
    : Body extends { itemList: (infer T)[] }
      ? T[]
      : Body extends { dtoSample: infer Sample }
        ? Sample
        : Body extends { uuAppErrorMap: unknown }
          ? Omit<Body, 'uuAppErrorMap'>
          : Body;

/**
 * The type of the result of a command.
 *
 * @typeParam O - the `outputType` of the input
 */
export type CommandResultOf<K extends keyof Commands, O = undefined> = K extends FileCommandName
  ? BinaryFile
  : Converted<CommandOutput<K, O>>;

/** The type of the result of a command with the older form of its input. */
export type FlatCommandResultOf<K extends FlatCommandName> = Converted<FlatCommandOutput<K>>;

/** The type of an item of a list command. */
export type ItemOf<Result> = Result extends Page<infer T> ? T : never;

/** The names of the commands that are answered with pages. */
export type ListCommandName = {
  [K in keyof Commands]: Commands[K]['result'] extends { pageInfo: unknown } ? K : never;
}[keyof Commands];
