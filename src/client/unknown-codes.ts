import { messageOf } from '../util/errors.js';
import { similarNames, suggest } from '../util/similar.js';
import type { ResourceContext } from './resources/resource.js';

/** A code that does not exist in the database. */
export interface UnknownCode {
  /** The key that has the code, such as `componentType`. */
  readonly key: string;
  readonly code: string;
  /** The codes that exist. */
  readonly known: readonly string[];
  /** The fault, such as `there is no project X`. */
  readonly fault: string;
}

/** Returns a sentence with the fault, and a suggestion. */
export function explainUnknown({ fault, code, known }: UnknownCode): string {
  return `${fault}${suggest(code, known)}`;
}

/**
 * Warns of codes that do not exist: for such a code, the database returns an empty list and no error. Where the codes cannot
 * be read, there is no warning.
 *
 * @param command - of the list that is empty
 * @param find - finds the unknown codes
 */
export async function warnOfUnknown(
  { logger, report }: Pick<ResourceContext, 'logger' | 'report'>,
  command: string,
  find: () => Promise<readonly UnknownCode[]>,
): Promise<void> {
  for (const unknown of await findQuietly({ logger }, command, find)) {
    const { key, code, known } = unknown;
    const paramMap = { [key]: code, similar: similarNames(code, known) };
    report({ command, key: 'unknownCode', message: explainUnknown(unknown), paramMap });
  }
}

/** Returns the unknown codes; none where the codes cannot be read. */
export async function findQuietly(
  { logger }: Pick<ResourceContext, 'logger'>,
  subject: string,
  find: () => Promise<readonly UnknownCode[]>,
): Promise<readonly UnknownCode[]> {
  try {
    return await find();
  } catch (error) {
    logger.debug(`${subject}: the codes were not checked: ${messageOf(error)}`);
    return [];
  }
}
