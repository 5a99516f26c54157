import { IncompleteWrite } from '../exceptions/base.js';
import { CliError, EXIT, reportOf } from './errors.js';

/** What to do after a write that ended in the middle, where the command can be repeated without harm. */
export const REPEATABLE = 'Run the same command again: it does what is not done, and nothing twice.';

/**
 * Says of a write that ended in the middle what was done, and what to do now. Returns any other error as it is.
 *
 * @param advice - what to do now
 */
export function explainIncomplete(error: unknown, advice: string): unknown {
  if (!(error instanceof IncompleteWrite)) return error;
  const { reason, advice: lines } = reportOf(error);
  const kept = lines.split('\n').map(withoutResume);
  return new CliError(reason, {
    exitCode: EXIT.failed,
    advice: [...kept, advice].filter((line) => line !== '').join('\n'),
    cause: error,
  });
}

/** A person at a terminal has no exception to call. */
function withoutResume(line: string): string {
  return line.startsWith('- ') ? line : line.replace(/(?:^|(?<=\. ))[^.]*\bresume\(\)[^.]*\.?$/, '').trim();
}

/** Returns the exception of a write that ended in the middle, which an error is or has for its cause. */
export function incompleteOf(error: unknown): IncompleteWrite | undefined {
  const { cause } = error as { readonly cause?: unknown };
  return [error, cause].find((one) => one instanceof IncompleteWrite);
}
