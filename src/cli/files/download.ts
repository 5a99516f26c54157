import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Client } from '../../client/client.js';
import type { DownloadedFile } from '../../client/files/download.js';
import { numberedName, safeName } from '../../client/files/safe-name.js';
import type { Attachment, TestRun } from '../../commands/shapes.js';
import { isException } from '../../exceptions/base.js';
import { isFilledString } from '../../util/guards.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT, explain } from '../errors.js';
import { formatCounted } from '../output/style.js';

/** The component or the test run that files belong to. */
type DownloadTarget = { readonly component: string } | { readonly testRun: string };

interface DownloadSettings {
  /** The folder for the files. */
  readonly into: string;
  /** File names or titles; `*` stands for any text. */
  readonly only?: readonly string[] | undefined;
}

/** All exit codes of errors: where there is one target, its failure is the failure of the command. */
const ANY: readonly number[] = Object.values(EXIT);
const COLUMNS = ['file', 'size', 'contentType', 'new'];

/** A file that is wanted, and the function that downloads it. */
interface Wanted {
  readonly title: string;
  readonly names: readonly string[];
  readonly download: (folder: string) => Promise<DownloadedFile>;
}

/** Downloads the files of components and of test runs, and shows where they are. */
export async function download(
  cli: Cli,
  targets: readonly DownloadTarget[],
  settings: DownloadSettings,
): Promise<void> {
  const client = await cli.client();
  const job = new DownloadJob(cli, client, targets, settings);
  try {
    await cli.output.list(job.files(), { noun: 'files', columns: COLUMNS, isWhole: true });
  } finally {
    job.end();
  }
}

/** Downloads files one after the other, and counts the failures. */
class DownloadJob {
  readonly #cli: Cli;
  readonly #client: Client;
  readonly #targets: readonly DownloadTarget[];
  readonly #settings: DownloadSettings;
  #done = 0;
  #failed = 0;
  #error: unknown;

  constructor(cli: Cli, client: Client, targets: readonly DownloadTarget[], settings: DownloadSettings) {
    this.#cli = cli;
    this.#client = client;
    this.#targets = targets;
    this.#settings = settings;
  }

  async *files(): AsyncGenerator<object> {
    const isOnly = this.#targets.length === 1;
    for (const target of this.#targets) {
      const name = 'component' in target ? target.component : target.testRun;
      const folder = isOnly ? this.#settings.into : join(this.#settings.into, safeName(name));
      const wanted = await this.#attempt(name, isOnly ? ANY : [EXIT.signIn, EXIT.server], () =>
        this.#wanted(target),
      );
      if (this.#error !== undefined) return;
      const old = await namesIn(folder);
      for (const one of wanted ?? []) {
        const file = await this.#attempt(`${name}: ${one.title}`, [EXIT.signIn, EXIT.usage], () =>
          one.download(folder),
        );
        if (this.#error !== undefined) return;
        if (file === undefined) continue;
        this.#done += 1;
        this.#cli.progress.text(formatCounted(this.#done, 'file'));
        yield {
          ...('component' in target ? { component: name } : { testRun: name }),
          ...(await shown(file, folder, old)),
        };
      }
    }
  }

  /** @throws the failure that ended the downloads, or CliError where some failed */
  end(): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#failed > 0)
      throw new CliError(`${formatCounted(this.#failed, 'download')} failed`, {
        exitCode: EXIT.failed,
        advice: this.#done > 0 ? 'The other files are there.' : '',
      });
  }

  /** @param fatal - the exit codes of failures that end the downloads */
  async #attempt<T>(name: string, fatal: readonly number[], work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const { reason, exitCode } = explain(error);
      if (this.#cli.signal.aborted || !isException(error) || fatal.includes(exitCode)) this.#error = error;
      else {
        this.#failed += 1;
        this.#cli.say(`${name}: ${reason}`);
      }
      return undefined;
    }
  }

  /** Returns the files of a target that are to be downloaded. */
  async #wanted(target: DownloadTarget): Promise<Wanted[]> {
    const { signal } = this.#cli;
    const attachments = await this.#client.attachments.list(target, { signal, cache: 'reload' });
    const files = attachments
      .filter(({ type }) => type !== 'link')
      .map((one) => this.#ofAttachment(target, one));
    if ('testRun' in target) files.push(...(await this.#ofResults(target.testRun)));
    for (const { title, url, type } of attachments)
      if (type === 'link' && this.#isWanted([title])) this.#cli.say(`${title} is a link: ${url}`);
    return files.filter(({ names }) => this.#isWanted(names));
  }

  #ofAttachment(target: DownloadTarget, attachment: Attachment): Wanted {
    const { title, filename, code } = attachment;
    const { signal } = this.#cli;
    return {
      title: title || filename || code,
      names: [title, filename, code].filter(isFilledString),
      download: (folder) => this.#client.attachments.download(target, attachment, folder, { signal }),
    };
  }

  /** The results of a test run that are files. */
  async #ofResults(id: string): Promise<Wanted[]> {
    const { signal } = this.#cli;
    const run: TestRun = await this.#client.testRuns.get(id, { signal, cache: 'reload' });
    return (run.results ?? [])
      .filter(({ dataType, value }) => ['image', 'file'].includes(dataType) && isFilledString(value))
      .map(({ code, name }) => ({
        title: name || code,
        names: [name, code].filter(isFilledString),
        download: (folder) => this.#client.testRuns.downloadResult(run, code, folder, { signal }),
      }));
  }

  #isWanted(names: readonly string[]): boolean {
    const { only } = this.#settings;
    return only === undefined || only.some((pattern) => names.some((name) => toPattern(pattern).test(name)));
  }
}

function toPattern(text: string): RegExp {
  const source = text
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`, 'is');
}

/** Returns the row of a file. If a file with the same contents was there before, the new one is removed. */
async function shown(
  { path, name, size, contentType, code }: DownloadedFile,
  folder: string,
  old: ReadonlySet<string>,
): Promise<object> {
  const same = await sameFile(path, name, folder, old);
  if (same !== undefined) await unlink(path);
  const file = relative('.', same ?? path);
  return { file, size, contentType, new: same === undefined, code };
}

const NUMBERED = /^(.*) \((\d+)\)((?:\.[^.]*)*)$/s;

/** Finds a file that was there before, with the same contents and the name that the new file would have had. */
async function sameFile(
  path: string,
  name: string,
  folder: string,
  old: ReadonlySet<string>,
): Promise<string | undefined> {
  const [, stem, number, extension = ''] = NUMBERED.exec(name) ?? [];
  if (stem === undefined || old.has(name)) return undefined;
  for (let before = 1; before < Number(number); before++) {
    const other = numberedName(stem + extension, before);
    if (old.has(other) && (await hasSameBytes(path, join(folder, other)))) return join(folder, other);
  }
  return undefined;
}

async function hasSameBytes(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one), stat(other).catch(() => undefined)]);
  if (b === undefined || !b.isFile() || a.size !== b.size) return false;
  const [left, right] = await Promise.all([digestOf(one), digestOf(other)]);
  return left === right;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

async function namesIn(folder: string): Promise<ReadonlySet<string>> {
  return new Set(await readdir(folder).catch(() => []));
}
