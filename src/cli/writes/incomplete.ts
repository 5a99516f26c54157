import { IncompleteWrite } from '../../exceptions/base.js';
import { CliError, EXIT, explain } from '../errors.js';

/** The advice after a write that ended in the middle, where the command can be repeated without harm. */
export const REPEATABLE = 'Run the same command again: it does only what is not done yet.';

/**
 * Explains what was done of a write that ended in the middle, and what to do now. Returns any other error as it is.
 *
 * @param advice - what to do now
 */
export function explainIncomplete(error: unknown, advice: string): unknown {
  if (!(error instanceof IncompleteWrite)) return error;
  const { reason, advice: lines } = explain(error);
  const kept = lines.split('\n').map(withoutResume);
  return new CliError(reason, {
    exitCode: EXIT.failed,
    advice: [...kept, advice].filter((line) => line !== '').join('\n'),
    cause: error,
  });
}

/** Removes a sentence about `resume()`, which a person at a terminal cannot call. */
function withoutResume(line: string): string {
  return line.startsWith('- ') ? line : line.replace(/(?:^|(?<=\. ))[^.]*\bresume\(\)[^.]*\.?$/, '').trim();
}

/** Returns why a write ended in the middle; any other error as it is. */
export function causeOf(error: unknown): unknown {
  return incompleteOf(error)?.cause ?? error;
}

/** Returns the exception of a write that ended in the middle, which an error is or has for its cause. */
export function incompleteOf(error: unknown): IncompleteWrite | undefined {
  const { cause } = error as { readonly cause?: unknown };
  return [error, cause].find((one) => one instanceof IncompleteWrite);
}
