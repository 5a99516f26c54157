import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Interruption } from '../interruption.js';

/** Shows a long text page by page: the program that `ITKDB_PAGER` or `PAGER` names. */
export class Pager {
  readonly stream: Writable;
  readonly #exit: Promise<unknown>;

  private constructor(process: ChildProcess & { readonly stdin: Writable }, interruption: Interruption) {
    this.stream = process.stdin;
    this.#exit = Promise.race([once(process, 'exit'), once(process, 'error')]).catch(() => {});
    // It was left before the end.
    this.stream.on('error', () => interruption.close());
  }

  /** Starts the pager; undefined where there is no terminal or no pager. */
  static async start(interruption: Interruption): Promise<Pager | undefined> {
    const command = process.env['ITKDB_PAGER'] ?? process.env['PAGER'] ?? '';
    if (!process.stdout.isTTY || command.trim() === '' || command === 'cat') return undefined;
    // less: end if all fits on the screen, show colours, leave the text on the screen.
    const env = { LESS: 'FRX', ...process.env };
    const child = spawn(command, { shell: true, stdio: ['pipe', 'inherit', 'inherit'], env });
    interruption.leaveToPager();
    return new Pager(child as ChildProcess & { readonly stdin: Writable }, interruption);
  }

  /** Waits until the person has left the pager. */
  async end(): Promise<void> {
    this.stream.end();
    await this.#exit;
  }
}
