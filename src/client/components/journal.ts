import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { InvalidInvocation, ITkDBException } from '../../exceptions/base.js';
import { canonicalJson } from '../../util/canonical-json.js';
import { messageOf } from '../../util/errors.js';
import { isRecord } from '../../util/guards.js';
import { createLock } from '../files/lock-file.js';

/** What a journal says of a row. The last entry of a row counts. */
export interface JournalEntry {
  /** Identifies the row by its contents. */
  readonly key: string;
  /** The number of the row when it was written, for people. */
  readonly row: number;
  readonly status: string;
  readonly [more: string]: unknown;
}

/** Removes the lock of a journal. */
type Unlock = () => Promise<void>;

/**
 * A file that records the outcome of each row: one line of JSON for each step. An entry is on the disk when `write()`
 * resolves. While it is open, a file `….lock` keeps others from using it: they would do the same rows.
 */
export class Journal {
  readonly path: string;
  readonly #entries = new Map<string, JournalEntry & { readonly line: number }>();
  readonly #handle: FileHandle | undefined;
  readonly #unlock: Unlock | undefined;
  #lines = 0;
  /** Entries are written one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, handle: FileHandle | undefined, unlock: Unlock | undefined) {
    this.path = path;
    this.#handle = handle;
    this.#unlock = unlock;
  }

  /**
   * Opens a journal, and creates it where there is none.
   *
   * @param job - the method that writes it
   * @param isReadOnly - for a plan: nothing is created or written
   * @throws InvalidInvocation where the file is in use, is another kind of file or belongs to another method. It is left as
   * it is
   */
  static async open(job: string, path: string, isReadOnly = false): Promise<Journal> {
    const unlock = isReadOnly ? undefined : await lock(job, path);
    try {
      return await Journal.#read(job, path, unlock);
    } catch (error) {
      await unlock?.();
      throw error;
    }
  }

  static async #read(job: string, path: string, unlock: Unlock | undefined): Promise<Journal> {
    const failed = (error: unknown): never => {
      throw new InvalidInvocation(`${job}: the journal ${path} cannot be opened: ${messageOf(error)}`, {
        cause: error,
      });
    };
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? '' : failed(error),
    );
    // The last line has no end where the process was killed while it wrote: that entry was never counted on.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const lines = whole.split('\n').slice(0, -1);
    const entries = lines.map((line, index) => parse(line, index, job, path));
    if (lines.length === 0 && text !== '' && !headerOf(job).startsWith(text)) throw foreign(1, job, path);
    const handle = unlock === undefined ? undefined : await open(path, 'a').catch(failed);
    const journal = new Journal(path, handle, unlock);
    for (const entry of entries) journal.#keep(entry);
    if (handle === undefined) return journal;
    try {
      if (whole.length < text.length) await handle.truncate(Buffer.byteLength(whole));
      if (lines.length === 0) await journal.#append(headerOf(job));
      return journal;
    } catch (error) {
      await handle.close();
      return failed(error);
    }
  }

  /** Returns the last entry of a row, with the number of its line. */
  get(key: string): (JournalEntry & { readonly line: number }) | undefined {
    return this.#entries.get(key);
  }

  /**
   * Writes an entry. After a failure nothing more is written: the file may end in the middle of a line.
   *
   * @throws ITkDBException where it cannot be written
   */
  write(entry: JournalEntry): Promise<void> {
    const written = this.#last.then(async () => {
      await this.#append(`${JSON.stringify(entry)}\n`);
      this.#keep(entry);
    });
    this.#last = written;
    return written.catch((error: unknown) => {
      throw new ITkDBException(`the journal ${this.path} cannot be written: ${messageOf(error)}`, {
        cause: error,
      });
    });
  }

  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#handle?.close();
    await this.#unlock?.();
  }

  async #append(line: string): Promise<void> {
    if (this.#handle === undefined) return;
    await this.#handle.appendFile(line);
    await this.#handle.datasync();
  }

  #keep(entry: JournalEntry | undefined): void {
    this.#lines += 1;
    if (entry !== undefined) this.#entries.set(entry.key, { ...entry, line: this.#lines });
  }
}

/**
 * Returns what identifies each row: its contents, with a number where several rows have the same.
 *
 * @throws InvalidInvocation where a row cannot be JSON
 */
export function rowKeys(job: string, rows: readonly unknown[]): string[] {
  const counts = new Map<string, number>();
  return rows.map((row, index) => {
    const text = canonicalJson(jsonOf(job, row, index));
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const count = (counts.get(digest) ?? 0) + 1;
    counts.set(digest, count);
    return count === 1 ? digest : `${digest}-${count}`;
  });
}

/** Says that the journal does not know how a row ended. */
export function leftOpen(subject: string, { path }: Journal, row: number, line: number): ITkDBException {
  return new ITkDBException(
    `${subject}: it is not known whether row ${row} was done: the last time it was started, and not finished\nLook in the database. If it was not done, delete line ${line} of ${path}, and run this again.`,
  );
}

function jsonOf(job: string, row: unknown, index: number): string {
  try {
    return JSON.stringify(row) ?? String(row);
  } catch (error) {
    throw new InvalidInvocation(
      `${job}: row ${index + 1} cannot be kept in a journal: ${messageOf(error).split('\n', 1)[0]}`,
    );
  }
}

/** @throws InvalidInvocation where another call or process has the lock of a journal */
async function lock(job: string, path: string): Promise<Unlock> {
  const file = `${path}.lock`;
  const unlock = await createLock(file).catch((error: unknown) => {
    throw new InvalidInvocation(`${job}: the journal ${path} cannot be opened: ${messageOf(error)}`, {
      cause: error,
    });
  });
  if (unlock !== undefined) return unlock;
  throw new InvalidInvocation(
    `${job}: the journal ${path} is in use; one process at a time can use it. If none does, delete ${file}`,
  );
}

function headerOf(job: string): string {
  return `${JSON.stringify({ journal: job })}\n`;
}

/** Reads a line; undefined for the first one, which says what the file is. */
function parse(line: string, index: number, job: string, path: string): JournalEntry | undefined {
  if (index === 0 && `${line}\n` === headerOf(job)) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (index > 0 && isRecord(entry) && typeof entry['key'] === 'string')
      return entry as unknown as JournalEntry;
  } catch {
    // Said below.
  }
  throw foreign(index + 1, job, path);
}

function foreign(line: number, job: string, path: string): InvalidInvocation {
  return new InvalidInvocation(
    `${job}: line ${line} of ${path} is not a line of a journal of ${job}; give another file`,
  );
}
