import type { OptionTable } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { type CallOptions, checkJob, optionsOfJob } from '../options.js';

/** Options of a method that writes: those of each request that it sends. What it reads never comes from the cache. */
export interface WriteOptions extends Omit<CallOptions, 'cache' | 'data' | 'fresh' | 'json'> {}

/**
 * Checks the options of a method that writes.
 *
 * @param example - options that are right, for the message
 * @param own - the checks of its own options
 * @throws InvalidInvocation that names every wrong option
 */
export function checkWrite<Options extends WriteOptions>(
  subject: string,
  options: Options,
  example = '{ timeout: 30_000 }',
  own: OptionTable = {},
): Options {
  const { table, ...expected } = optionsOfJob(example, own);
  const { cache: _, fresh: __, ...others } = table;
  return checkJob(subject, options, { ...expected, table: others });
}

/** The options of a request that the cache does not answer. */
export function reload<Call extends object>(call: Call): Call & { readonly cache: 'reload' } {
  return { ...call, cache: 'reload' };
}

/** @throws InvalidInvocation with all problems, where there is one */
export function refuseProblems(subject: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  if (problems.length === 1) throw new InvalidInvocation(`${subject}: ${problems[0]}\nNothing was written.`);
  const lines = problems.map((problem) => `- ${problem}`);
  throw new InvalidInvocation(
    `${subject}: there are ${lines.length} problems, so nothing was written\n${lines.join('\n')}`,
  );
}
