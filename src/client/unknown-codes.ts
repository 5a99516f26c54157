import { messageOf } from '../util/errors.js';
import { similarNames, suggest } from '../util/similar.js';
import type { ResourceContext } from './resources/resource.js';

/** A code that the database does not know. */
export interface UnknownCode {
  /** What it is the code of, such as `componentType`. */
  readonly key: string;
  readonly code: string;
  /** The codes that there are. */
  readonly known: readonly string[];
  /** What is wrong, such as `there is no project X`. */
  readonly fault: string;
}

/** Says what is wrong, and which code may be meant. */
export function explainUnknown({ fault, code, known }: UnknownCode): string {
  return `${fault}${suggest(code, known)}`;
}

/**
 * Warns of codes that the database does not know: to the database a list of what they name is empty, and no error. What
 * cannot be read is not checked.
 *
 * @param command - of the list that is empty
 * @param find - reads which codes are unknown
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

/** Returns which codes are unknown; none where they cannot be read. */
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
