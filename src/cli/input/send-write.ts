import type { Client } from '../../client/client.js';
import { Page } from '../../client/pages/page.js';
import type { Cli } from '../cli.js';
import type { Call } from './call.js';

interface WriteOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Sends a command that writes, and writes what it gives; with `dryRun`, only what would be sent. */
export async function sendWrite(cli: Cli, { command, input }: Call, options: WriteOptions): Promise<void> {
  const { signal } = cli;
  const send = (client: Client): PromiseLike<unknown> =>
    client.post<unknown>(command as string, input, { signal });
  const client = await cli.client();
  if (options.dryRun) {
    const { requests } = await client.plan(send);
    await cli.output.show(requests, () =>
      requests.map((one) => `${one.method} ${one.command}\n${JSON.stringify(one.input, null, 2)}`).join('\n'),
    );
    cli.say('nothing was written');
    return;
  }
  if (/delete/i.test(command)) await cli.confirm(`Send ${command} ${describe(input)}?`, options.yes === true);
  const result = await send(client);
  const data = result instanceof Page ? await result.toArray() : result;
  await cli.output.show(data, () => JSON.stringify(data ?? null, null, 2));
}

function describe(input: object): string {
  return Object.entries(input)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
