import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { CliError, EXIT } from '../errors.js';
import type { Interruption } from '../interruption.js';

/** The exit codes of a shell that cannot start a program. */
const NOT_STARTED: readonly unknown[] = [126, 127];

/** Shows a long text page by page: the program that `ITKDB_PAGER` or `PAGER` names. */
export class Pager {
  readonly stream: Writable;
  readonly #exit: Promise<void>;
  #isEnded = false;

  private constructor(
    command: string,
    process: ChildProcess & { readonly stdin: Writable },
    interruption: Interruption,
  ) {
    this.stream = process.stdin;
    this.#exit = new Promise((resolve) => {
      const done = (code: unknown): void => {
        if (NOT_STARTED.includes(code)) interruption.fail(notStarted(command));
        // The person left it before the end.
        else if (!this.#isEnded) interruption.close();
        resolve();
      };
      process.once('exit', done).once('error', () => done(NOT_STARTED[0]));
    });
    this.stream.on('error', () => interruption.close());
  }

  /** Starts the pager; undefined where there is no terminal or no pager, or the command writes: its results are shown at once. */
  static async start(interruption: Interruption): Promise<Pager | undefined> {
    const command = process.env['ITKDB_PAGER'] ?? process.env['PAGER'] ?? '';
    if (!process.stdout.isTTY || interruption.isWrite || command.trim() === '' || command === 'cat')
      return undefined;
    // less: end if all fits on the screen, show colours, leave the text on the screen.
    const env = { LESS: 'FRX', ...process.env };
    const child = spawn(command, { shell: true, stdio: ['pipe', 'inherit', 'inherit'], env });
    interruption.leaveToPager();
    return new Pager(command, child as ChildProcess & { readonly stdin: Writable }, interruption);
  }

  /** Waits until the person has left the pager. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.stream.end();
    await this.#exit;
  }
}

function notStarted(command: string): CliError {
  return new CliError(`the pager ${command} could not be started`, {
    exitCode: EXIT.failed,
    advice: 'To see the output without it: ITKDB_PAGER=cat',
  });
}
