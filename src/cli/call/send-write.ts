import type { Client } from '../../client/client.js';
import { Page } from '../../client/pages/page.js';
import { hadNoEffect } from '../../client/writes/steps.js';
import { IncompleteWrite, isException } from '../../exceptions/base.js';
import type { Cli } from '../cli.js';
import { type DryRunOptions, showPlan } from '../writes/plan.js';
import type { Call } from './call.js';

interface WriteOptions extends DryRunOptions {
  readonly yes?: boolean;
}

/** Sends a command that writes, and shows its result; with `dryRun`, only shows the request. */
export async function sendWrite(cli: Cli, { command, input }: Call, options: WriteOptions): Promise<void> {
  const { signal } = cli;
  const send = (client: Client): Promise<unknown> =>
    client.post<unknown>(command as string, input, { signal }).catch((error: unknown) => {
      throw explainUnknown(error, command);
    });
  if (options.dryRun) return showPlan(cli, send);
  if (/delete/i.test(command)) await cli.confirm(`Send ${command} ${describe(input)}?`, options.yes === true);
  const result = await send(await cli.client());
  const data = result instanceof Page ? await result.toArray() : result;
  await cli.output.show(data);
}

/** Says where it is unknown whether a write was done: it must not be sent again unseen. Returns any other error as it is. */
function explainUnknown(error: unknown, command: string): unknown {
  if (!isException(error) || hadNoEffect(error)) return error;
  return new IncompleteWrite(
    `it is unknown whether this was done: ${command} (${error.summary})\nLook in the database before you send it again.`,
    {
      steps: [{ name: command, outcome: 'unknown' }],
      outcome: 'unknown',
      resume: () => Promise.reject(error),
      cause: error,
    },
  );
}

function describe(input: object): string {
  return Object.entries(input)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
