import { lstat, mkdir, readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../client/client.js';
import { createLock } from '../../client/files/lock-file.js';
import { claim } from '../../client/files/place.js';
import { numberedName } from '../../client/files/safe-name.js';
import { readTestRunFile } from '../../client/test-runs/json-file.js';
import { isException } from '../../exceptions/base.js';
import { redactText } from '../../redaction/redact-text.js';
import { messageOf } from '../../util/errors.js';
import { ignore } from '../../util/files.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT, explain, failureLines } from '../errors.js';
import { formatCounted } from '../output/style.js';
import { causeOf } from '../writes/incomplete.js';
import { type DryRunOptions, showRequests } from '../writes/plan.js';
import { readSpooledRun } from './read-run.js';
import { type Uploaded, type UploadSettings, uploadSpooledRun } from './upload.js';

/** A file that was changed less than this ago is perhaps still being written, in milliseconds. */
const JUST_NOW = 1000;
/** A file that is not JSON, and was changed less than this ago, is perhaps still being written, in milliseconds. */
const YOUNG = 60_000;
/** After this number of failures of the server in a row, the other files are left for later. */
const GIVE_UP = 3;
const LOCK = '.itkdb-upload.lock';
const COLUMNS = ['file', 'status', 'runNumber', 'id'];

/**
 * Uploads the test runs that wait in a folder, the oldest first, and moves their files to the folders `done` and `failed` in
 * it. Files that could not be sent stay where they are.
 */
export async function uploadSpool(
  cli: Cli,
  folder: string,
  { dryRun, ...settings }: UploadSettings & DryRunOptions,
): Promise<void> {
  await checkFolder(folder);
  const client = await cli.client();
  if (dryRun) {
    const spool = new Spool(cli, folder, settings, true);
    const plan = await client.plan(async (planning) => {
      for await (const _ of spool.send(planning));
    });
    await showRequests(cli, plan);
    return spool.end();
  }
  const unlock = await lock(folder);
  const spool = new Spool(cli, folder, settings, false);
  try {
    await cli.output.list(spool.send(client), {
      noun: 'test runs to upload',
      columns: COLUMNS,
      isWhole: true,
    });
  } catch (error) {
    // An interruption ends the output too; the outcome of a write is more important.
    spool.end();
    throw error;
  } finally {
    await unlock();
  }
  spool.end();
}

async function checkFolder(folder: string): Promise<void> {
  const status = await stat(folder).catch(ignore('ENOENT', 'ENOTDIR'));
  if (!status?.isDirectory()) throw new CliError(`there is no folder ${folder}`);
}

/** Sends the files that wait in a folder. */
class Spool {
  readonly #cli: Cli;
  readonly #folder: string;
  readonly #settings: UploadSettings;
  readonly #isDryRun: boolean;
  #failed = 0;
  /** The number of failures of the server in a row. */
  #outages = 0;
  /** Why files are left in the folder. */
  #left: unknown;

  constructor(cli: Cli, folder: string, settings: UploadSettings, isDryRun: boolean) {
    this.#cli = cli;
    this.#folder = folder;
    this.#settings = settings;
    this.#isDryRun = isDryRun;
  }

  /** Yields the result of each file that is done. */
  async *send(client: Client): AsyncGenerator<Uploaded> {
    const names = await this.#waiting();
    for (const [index, name] of names.entries()) {
      if (this.#cli.signal.aborted) return;
      const uploaded = await this.#sendOne(client, name);
      this.#cli.progress.show({ done: index + 1, total: names.length, failed: this.#failed }, 'test runs');
      if (uploaded !== undefined) yield uploaded;
      if (this.#outages >= GIVE_UP) return;
    }
  }

  /** @throws why files are left or failed */
  end(): void {
    if (this.#left !== undefined) throw this.#left;
    if (this.#failed === 0) return;
    throw new CliError(`${formatCounted(this.#failed, 'test run')} could not be uploaded`, {
      exitCode: EXIT.failed,
      advice: this.#isDryRun ? '' : `See the files and the reasons in ${join(this.#folder, 'failed')}`,
    });
  }

  /** The names of the files that wait, the oldest first. */
  async #waiting(): Promise<string[]> {
    const found: { name: string; time: number }[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!/^[^.].*\.json$/is.test(name)) continue;
      const status = await lstat(join(this.#folder, name)).catch(ignore('ENOENT'));
      // A link may lead to a file that is not meant to be sent.
      if (status?.isSymbolicLink()) this.#cli.say(`${name} is a link, and was left`);
      else if (status?.isFile()) found.push({ name, time: status.mtimeMs });
    }
    const byTime = found.sort((a, b) => a.time - b.time || (a.name < b.name ? -1 : 1));
    return byTime.map(({ name }) => name);
  }

  async #sendOne(client: Client, name: string): Promise<Uploaded | undefined> {
    const path = join(this.#folder, name);
    try {
      const unfinished = await this.#whyUnfinished(path);
      if (unfinished !== undefined) {
        this.#cli.say(`${name} ${unfinished}, and was left for the next time`);
        return undefined;
      }
      const file = await readSpooledRun(this.#folder, path);
      const uploaded = await uploadSpooledRun(client, file, this.#settings);
      this.#outages = 0;
      if (!this.#isDryRun) await this.#move(name, 'done');
      return uploaded;
    } catch (error) {
      await this.#failedWith(error, name);
      return undefined;
    }
  }

  /** Says why a file is perhaps still being written; undefined where it is not. */
  async #whyUnfinished(path: string): Promise<string | undefined> {
    const age = async (): Promise<number> => Math.abs(Date.now() - (await stat(path)).mtimeMs);
    if ((await age()) < JUST_NOW) return 'is perhaps still being written';
    try {
      await readTestRunFile('upload', path);
      return undefined;
    } catch (error) {
      if ((await age()) >= YOUNG) return undefined;
      const reason = messageOf(error).replace(/^.* is not JSON: /s, '');
      return `is not JSON (${reason}): it is perhaps still being written`;
    }
  }

  async #failedWith(error: unknown, name: string): Promise<void> {
    // Another program removed the file.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    const { exitCode } = explain(causeOf(error));
    const isKnown = isException(error) || error instanceof CliError;
    if (!isKnown || this.#cli.signal.aborted || exitCode === EXIT.signIn) {
      this.#left = error;
      this.#outages = GIVE_UP;
    } else if (exitCode === EXIT.server) {
      this.#left = laterOf(error);
      this.#outages += 1;
      this.#cli.say(`${name}: ${explain(error).reason}; it was left for the next time`);
    } else {
      this.#outages = 0;
      this.#failed += 1;
      await this.#refuse(name, error);
    }
  }

  /** Moves a file to `failed`, with the reason in a second file. */
  async #refuse(name: string, error: unknown): Promise<void> {
    this.#cli.say(failureLines(name, error));
    if (this.#isDryRun) return;
    const { reason, advice } = explain(error);
    await this.#move(name, 'failed', redactText(`${reason}\n${advice === '' ? '' : `${advice}\n`}`));
  }

  /** Writes the reason beside a file. The person has been told it, so nothing waits where that fails. */
  async #writeReason(path: string, reason: string): Promise<void> {
    try {
      await unlink(path).catch(ignore('ENOENT'));
      // A link could lead anywhere.
      await writeFile(path, reason, { flag: 'wx' });
    } catch (error) {
      this.#cli.say(`the reason could not be written: ${messageOf(error)}`);
    }
  }

  /**
   * Moves a file to a folder of the spool, under a name that is free there.
   *
   * @param reason - the text of the second file
   */
  async #move(name: string, to: 'done' | 'failed', reason?: string): Promise<void> {
    const from = join(this.#folder, name);
    try {
      await mkdir(join(this.#folder, to), { recursive: true });
      // A link could lead anywhere.
      if (!(await lstat(join(this.#folder, to))).isDirectory()) throw new Error(`${to} is not a folder`);
      for (let number = 1; ; number++) {
        const target = join(this.#folder, to, numberedName(name, number));
        if (!(await claim(from, target))) continue;
        if (reason !== undefined) await this.#writeReason(`${target}.reason.txt`, reason);
        // The second name of the same file; a file system without links has moved it.
        return await unlink(from).catch(ignore('ENOENT'));
      }
    } catch (error) {
      // Another program removed the file.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#outages = GIVE_UP;
      this.#left = new CliError(`${name} could not be moved to ${to}: ${messageOf(error)}`, {
        exitCode: EXIT.failed,
        advice: to === 'done' ? 'It is uploaded. It is not uploaded again the next time.' : '',
        cause: error,
      });
    }
  }
}

/** A write that ended in the middle is checked the next time, so it is not a failure. */
function laterOf(error: unknown): unknown {
  if (!(error instanceof CliError)) return error;
  const { message, advice, cause } = error;
  return new CliError(message, { exitCode: EXIT.server, advice, cause });
}

/**
 * Makes sure that no other process sends the files in a folder.
 *
 * @returns a function that removes the lock
 * @throws CliError where another process sends them
 */
async function lock(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, LOCK);
  const unlock = await createLock(path).catch((error: unknown) => {
    throw new CliError(`${folder} cannot be written: ${messageOf(error)}`, { exitCode: EXIT.failed });
  });
  if (unlock !== undefined) return unlock;
  throw new CliError(`another process uploads what is in ${folder}`, {
    exitCode: EXIT.failed,
    advice: `If none does, delete ${path}`,
  });
}
