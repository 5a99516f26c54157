import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { InvalidInvocation, ITkDBException } from '../../exceptions/base.js';
import { canonicalJson } from '../../util/canonical-json.js';
import { messageOf } from '../../util/errors.js';
import { isRecord } from '../../util/guards.js';

/** What a journal says of a row. The last entry of a row counts. */
export interface JournalEntry {
  /** Identifies the row by its contents. */
  readonly key: string;
  /** The number of the row when it was written, for people. */
  readonly row: number;
  readonly status: string;
  readonly [more: string]: unknown;
}

/**
 * A file that says what became of each row: one line of JSON for each step. An entry is on the disk when `write()`
 * resolves.
 */
export class Journal {
  readonly path: string;
  readonly #entries = new Map<string, JournalEntry & { readonly line: number }>();
  readonly #handle: FileHandle | undefined;
  #lines = 0;
  /** Entries are written one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, handle: FileHandle | undefined) {
    this.path = path;
    this.#handle = handle;
  }

  /**
   * Opens a journal, and creates it where there is none.
   *
   * @param job - the method that writes it
   * @param isReadOnly - for a plan: nothing is created or written
   * @throws InvalidInvocation where the file is another kind of file or belongs to another method. It is left as it is
   */
  static async open(job: string, path: string, isReadOnly = false): Promise<Journal> {
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
    const handle = isReadOnly ? undefined : await open(path, 'a').catch(failed);
    const journal = new Journal(path, handle);
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

/** Returns what identifies each row: its contents, with a number where several rows have the same. */
export function rowKeys(rows: readonly unknown[]): string[] {
  const counts = new Map<string, number>();
  return rows.map((row) => {
    const text = canonicalJson(JSON.stringify(row) ?? String(row));
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const count = (counts.get(digest) ?? 0) + 1;
    counts.set(digest, count);
    return count === 1 ? digest : `${digest}-${count}`;
  });
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
