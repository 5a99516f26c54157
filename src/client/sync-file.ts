import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { InvalidInvocation } from '../exceptions/base.js';
import { isRecord } from '../util/guards.js';
import { unwritable } from './files/place.js';
import { formOf } from './identifiers.js';

/** A record of the file: a component. */
interface Rec {
  readonly id: string;
  readonly sys?: { readonly rev?: number };
}

/** A line of the file. */
interface Line {
  readonly text: string;
  readonly number: number;
  /** The offset of its first byte. */
  readonly start: number;
  /** Whether it ends in a line feed. The last one does not where the process was killed while it wrote. */
  readonly isWhole: boolean;
}

/** What is known of a record without reading it again. */
interface Entry {
  readonly rev: number | undefined;
  /** The number of its last line. */
  readonly line: number;
}

/** What is added to the path of the file for the path of its query. */
const QUERY_FILE = '.query.json';

/** How each line starts that `append()` writes. */
const LINE_START = '{"id":"';

/**
 * A file with one JSON record in each line, and beside it a file with the query that gave the records. What changes is
 * written to its end: of several lines of a record the last one counts, until `compact()` replaces the file by one that
 * has each record once.
 *
 * All methods throw InvalidInvocation where a file cannot be written.
 */
export class RecordFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #entries = new Map<string, Entry>();
  /** The number of lines. */
  #lines = 0;
  /** Whether the last line has no line feed, although its record is complete. */
  #lacksLineFeed = false;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /**
   * Opens the file, and creates it where there is none. A last record that was not written to its end is cut off.
   *
   * @param query - the query and its database, in their canonical form
   * @throws InvalidInvocation where it is another kind of file or that of another query. It is left as it is
   */
  static async open(path: string, query: string): Promise<RecordFile> {
    // A device or a pipe may have no end.
    if ((await stat(path).catch(() => undefined))?.isFile() === false)
      throw new InvalidInvocation(`client.sync: ${path} is not a regular file; give another path`);
    const handle = await writing(path, () => open(path, 'a'));
    try {
      // A symbolic link stays one: `compact()` replaces the file that it leads to.
      const target = await realpath(path);
      const file = new RecordFile(target, handle);
      if ((await handle.stat()).size === 0)
        await replaceFile(`${target}${QUERY_FILE}`, (queryFile) => queryFile.appendFile(`${query}\n`));
      else await refuseOtherQuery(target, query);
      for await (const line of readLines(path)) {
        if (!line.isWhole && isTorn(line.text)) {
          await handle.truncate(line.start);
          break;
        }
        const { id, sys } = parse(line, path);
        file.#add(id, sys?.rev);
        file.#lacksLineFeed = !line.isWhole;
      }
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The ids of all records. */
  get ids(): string[] {
    return [...this.#entries.keys()];
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Returns `sys.rev` of a record; undefined where there is none. */
  revisionOf(id: string): number | undefined {
    return this.#entries.get(id)?.rev;
  }

  /** Writes records to the end of the file. They are on the disk when this resolves. */
  async append(records: readonly Rec[]): Promise<void> {
    if (records.length === 0) return;
    const lines = records.map(({ id, ...rest }) => `${JSON.stringify({ id, ...rest })}\n`).join('');
    await writing(this.#path, async () => {
      await this.#handle.appendFile(this.#lacksLineFeed ? `\n${lines}` : lines);
      await this.#handle.datasync();
    });
    this.#lacksLineFeed = false;
    for (const { id, sys } of records) this.#add(id, sys?.rev);
  }

  /** Reads records. */
  async read(ids: readonly string[]): Promise<Rec[]> {
    if (ids.length === 0) return [];
    const wanted = new Set(ids.map((id) => this.#entries.get(id)?.line));
    const records: Rec[] = [];
    for await (const line of readLines(this.#path))
      if (wanted.has(line.number)) records.push(parse(line, this.#path));
    return records;
  }

  /** Removes records, and the older lines of the others. The new file is complete before it replaces this one. */
  async compact(removed: readonly string[]): Promise<void> {
    for (const id of removed) this.#entries.delete(id);
    if (this.#entries.size === this.#lines) return;
    const kept = new Set([...this.#entries.values()].map(({ line }) => line));
    const mode = (await this.#handle.stat()).mode & 0o777;
    await replaceFile(
      this.#path,
      async (target) => {
        // The umask took some permissions away.
        await target.chmod(mode);
        for await (const { text, number } of readLines(this.#path))
          if (kept.has(number)) await target.appendFile(`${text}\n`);
      },
      // Windows does not replace a file that is open.
      { mode, beforeRename: () => this.close() },
    );
  }

  /** Can be called twice. */
  async close(): Promise<void> {
    if (this.#handle.fd !== -1) await this.#handle.close();
  }

  #add(id: string, rev: number | undefined): void {
    this.#entries.set(id, { rev, line: this.#lines });
    this.#lines += 1;
  }
}

/** Writes a file that is complete, and on the disk, before it has its name. */
function replaceFile(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  { mode = 0o666, beforeRename }: { mode?: number; beforeRename?: () => Promise<void> } = {},
): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
  return writing(path, async () => {
    try {
      const file = await open(temporary, 'wx', mode);
      try {
        await write(file);
        await file.sync();
      } finally {
        await file.close();
      }
      await beforeRename?.();
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
  });
}

/** Says which file cannot be written, where a task fails. */
async function writing<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw unwritable('client.sync', path, error);
  }
}

/** Refuses a file that another query wrote, or something else: what the query does not give would look gone. */
async function refuseOtherQuery(path: string, query: string): Promise<void> {
  const written = await readFile(`${path}${QUERY_FILE}`, 'utf8').catch(() => undefined);
  if (written === undefined)
    throw new InvalidInvocation(
      `client.sync: ${path} is not a file of client.sync: there is no ${path}${QUERY_FILE} with its query; give another file, or delete this one`,
    );
  if (written.trim() !== query)
    throw new InvalidInvocation(
      `client.sync: ${path} is the file of ${written.trim()}, and not of ${query}; give another file, or delete this one`,
    );
}

/** Whether a last line without a line feed can be the first part of a record that `append()` wrote. */
function isTorn(text: string): boolean {
  if (!text.startsWith(LINE_START) && !LINE_START.startsWith(text)) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

function parse({ text, number }: Line, path: string): Rec {
  try {
    const record: unknown = JSON.parse(text);
    if (isRecord(record) && isComponentId(record['id'])) return record as unknown as Rec;
  } catch {
    // Said below.
  }
  throw new InvalidInvocation(
    `client.sync: line ${number + 1} of ${path} is not a record of client.sync; give another file, or delete this one`,
  );
}

function isComponentId(id: unknown): boolean {
  return typeof id === 'string' && formOf(id) === 'id';
}

/** Reads the lines of a file, with only a part of it in memory. */
async function* readLines(path: string): AsyncGenerator<Line, void, undefined> {
  let rest: Buffer[] = [];
  let number = 0;
  let start = 0;
  const take = (isWhole: boolean): Line => {
    const bytes = rest.length === 1 ? (rest[0] as Buffer) : Buffer.concat(rest);
    const line = { text: bytes.toString(), number, start, isWhole };
    rest = [];
    number += 1;
    start += bytes.length + 1;
    return line;
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      rest.push(chunk.subarray(from, end));
      yield take(true);
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield take(false);
}
