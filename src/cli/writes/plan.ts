import type { Client } from '../../client/client.js';
import type { Plan, PlannedRequest } from '../../client/writes/plan.js';
import type { Cli } from '../cli.js';
import { formatCounted, type Style } from '../output/style.js';

/** The option `--dry-run`. */
export interface DryRunOptions {
  readonly dryRun?: boolean | undefined;
}

/**
 * Shows what a command would write, and writes nothing.
 *
 * @param work - does the work of the command, with the client that it gets
 */
export async function showPlan(cli: Cli, work: (client: Client) => unknown): Promise<void> {
  const client = await cli.client();
  await showRequests(cli, await client.plan(work));
}

/**
 * Shows the requests of a plan.
 *
 * @param lines - what they would change; empty ones are left out
 */
export async function showRequests(cli: Cli, plan: Plan, lines: readonly string[] = []): Promise<void> {
  await cli.output.show({ requests: plan.requests }, (style) =>
    [...lines.filter((line) => line !== ''), textOf(plan.requests, style)].join('\n'),
  );
}

function textOf(requests: readonly PlannedRequest[], { bold }: Style): string {
  if (requests.length === 0) return 'Nothing would be written.';
  const blocks = requests.map(({ method, command, input }, index) => {
    const head = bold(`${index + 1}. ${method} ${command}`);
    return input === undefined ? head : `${head}\n${indent(JSON.stringify(input, null, 2))}`;
  });
  return [
    ...blocks,
    `${formatCounted(requests.length, 'request')}. Nothing was written: this was a dry run.`,
  ].join('\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '   ');
}
