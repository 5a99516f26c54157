import type { Client } from '../../client/client.js';
import { eosOptions, sendToEos } from '../../client/eos/request.js';
import { openFile } from '../../client/uploads/local-file.js';
import type { Cli } from '../cli.js';
import { CliError } from '../errors.js';
import { type DryRunOptions, showPlan } from '../writes/plan.js';

/** A file on EOS, as the options name it. */
interface EosFile extends DryRunOptions {
  readonly token: string;
  readonly path: string;
  /** The address of EOS. */
  readonly url: string;
}

/** Uploads a file to EOS. */
export async function upload(cli: Cli, eosFile: EosFile, source: string): Promise<void> {
  const url = urlOf(eosFile);
  const { file, dispose } = await openFile('eos upload', source === '-' ? process.stdin : source, {
    ...(source === '-' && { filename: 'stdin' }),
  });
  try {
    await write(cli, eosFile, (client) =>
      sendToEos({ client }, 'PUT', { url, token: eosFile.token }, [201], optionsOf(cli), file),
    );
  } finally {
    await dispose?.();
  }
  await tell(cli, eosFile, `${eosFile.path} is uploaded`);
}

/** Deletes a file of EOS. */
export async function remove(cli: Cli, eosFile: EosFile, isYes: boolean): Promise<void> {
  const url = urlOf(eosFile);
  if (!eosFile.dryRun) await cli.confirm(`Delete ${eosFile.path} from EOS?`, isYes);
  await write(cli, eosFile, (client) =>
    sendToEos({ client }, 'DELETE', { url, token: eosFile.token }, [204], optionsOf(cli)),
  );
  await tell(cli, eosFile, `${eosFile.path} is deleted`);
}

async function write(cli: Cli, { dryRun }: EosFile, send: (client: Client) => Promise<void>): Promise<void> {
  if (dryRun) return showPlan(cli, send);
  await send(await cli.client());
}

/** Shows a sentence on a terminal. In a pipe, the original prints nothing either. */
async function tell(cli: Cli, { dryRun }: EosFile, sentence: string): Promise<void> {
  if (!dryRun && cli.output.format === 'text') await cli.output.show(null, () => sentence);
}

function optionsOf(cli: Cli): Parameters<typeof sendToEos>[4] {
  const onUploadProgress = ({ loaded, total }: { loaded: number; total?: number }): void => {
    if (total) cli.progress.text(`${Math.floor((100 * loaded) / total)} % sent`);
  };
  return { ...eosOptions({ signal: cli.signal }, undefined), onUploadProgress };
}

function urlOf({ url, path }: EosFile): string {
  const advice = 'For example: -p /eos/atlas/test/itkpd/1/2/3/1234';
  if (!path.startsWith('/')) throw new CliError(`the path must start with /, not ${path}`, { advice });
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliError(`the address of EOS is not a URL: ${url}`, {
      advice: 'For example: https://eosatlas.cern.ch',
    });
  // A name may have characters that have a meaning in a URL.
  return new URL(url).origin + path.replace(/[?#]/g, encodeURIComponent);
}
