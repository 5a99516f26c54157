import type { Client } from '../../client/client.js';
import type { AddAttachmentOptions } from '../../client/uploads/add.js';
import type { AddedAttachment } from '../../client/uploads/upload.js';
import { IncompleteWrite } from '../../exceptions/base.js';
import type { Cli } from '../cli.js';
import { formatSize } from '../output/format.js';
import { resultOfCommand } from '../writes/command-result.js';
import { explainIncomplete } from '../writes/incomplete.js';
import { type DryRunOptions, showPlan } from '../writes/plan.js';

/**
 * Attaches a file to a component, and shows it: in JSON the result of the database, as the original does.
 *
 * @param file - its path; `-` for standard input
 */
export async function add(
  cli: Cli,
  component: string,
  file: string,
  { dryRun, ...options }: AddAttachmentOptions & DryRunOptions,
): Promise<void> {
  const source = file === '-' ? process.stdin : file;
  const send = (client: Client): Promise<AddedAttachment> =>
    client.attachments.add({ component }, source, {
      ...options,
      signal: cli.signal,
      onProgress: ({ done, total }) => {
        const of = total === undefined ? '' : ` of ${formatSize(total)}`;
        cli.progress.text(`${formatSize(done)}${of} sent`);
      },
    });
  if (dryRun) return showPlan(cli, send);
  const client = await cli.client();
  let added: AddedAttachment | undefined;
  const result = await resultOfCommand(client, 'createComponentAttachment', async () => {
    added = await send(client).catch((error: unknown) => {
      throw explainIncomplete(error, adviceOf(error, component));
    });
  });
  await cli.output.show(result ?? added, () => sentenceOf(added as AddedAttachment, component));
}

function sentenceOf({ title, filesize, type }: AddedAttachment, component: string): string {
  return `${title} is attached to ${component} (${formatSize(filesize)}${type === 'eos' ? ', on EOS' : ''})`;
}

function adviceOf(error: unknown, component: string): string {
  const isUnknown =
    error instanceof IncompleteWrite && error.steps.some(({ outcome }) => outcome === 'unknown');
  const look = `itkdb get-component-info ${component} --json=attachments`;
  return isUnknown
    ? `Look for it before you attach it again: ${look}`
    : 'To attach it, run the same command again.';
}
