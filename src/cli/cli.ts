import type { Client } from '../client/client.js';
import type { Progress } from '../client/requests/progress.js';
import { escapeControls } from '../util/control-characters.js';
import { CliError, EXIT } from './errors.js';
import { Interruption } from './interruption.js';
import type { OutputOptions } from './options.js';
import { Output } from './output/output.js';
import { ProgressLine } from './output/progress-line.js';
import type { GlobalOptions } from './program.js';

/** The output, the client and the signal of a command. */
export class Cli {
  /** Writes results to stdout. */
  readonly output: Output;
  /** Aborted by Ctrl-C, and when the reader of stdout has ended. Every call of the client must get it. */
  readonly signal: AbortSignal;
  /** Shows the progress on stderr, if that is a terminal. */
  readonly progress: ProgressLine = new ProgressLine();
  readonly #options: GlobalOptions;
  #client: Promise<Client> | undefined;

  constructor(options: GlobalOptions & OutputOptions, interruption: Interruption) {
    this.#options = options;
    this.signal = interruption.signal;
    this.output = new Output(options, {
      interruption,
      say: (line) => this.say(line),
      progress: this.progress,
    });
  }

  /** The client of the options and settings. Nothing is sent before a command uses it. */
  client(): Promise<Client> {
    this.#client ??= import('./client.js').then(({ createClient }) =>
      createClient(this.#options, { say: (line) => this.say(line) }),
    );
    return this.#client;
  }

  /** Options of a list of the client: the signal, the wanted number of items, and the listener for progress. */
  get listOptions(): {
    signal: AbortSignal;
    limit?: number;
    onProgress: (progress: Progress) => void;
  } {
    const { limit } = this.output;
    return {
      signal: this.signal,
      ...(limit !== undefined && { limit }),
      onProgress: (progress) => this.progress.show(progress),
    };
  }

  /** Whether a person can answer a question. */
  get isTerminal(): boolean {
    return process.stdin.isTTY === true && process.stderr.isTTY === true;
  }

  /** Writes a line to stderr, which is not part of the result. */
  say(line: string): void {
    this.progress.clear();
    // What a text of the database has in a second line must not look like a line of this program.
    this.output.tell(`${escapeControls(line.replace(/\n(?! {2})/g, '\n  '))}\n`);
  }

  /**
   * Asks a question that must be answered with `y`.
   *
   * @param question - such as `Delete the attachment photo.jpg?`
   * @param isYes - whether the option `--yes` was given
   * @throws CliError where there is no terminal, or the answer is no
   */
  async confirm(question: string, isYes: boolean): Promise<void> {
    if (isYes) return;
    if (!this.isTerminal)
      throw new CliError(`${question} There is no terminal for the answer`, {
        advice: 'To do it without a question, add --yes.',
      });
    const { askYesNo } = await import('./prompt.js');
    if (!(await askYesNo(question, this)))
      throw new CliError('nothing was changed', { exitCode: EXIT.failed });
  }

  /** Closes the client, and waits until the output is written. */
  async close(): Promise<void> {
    this.progress.clear();
    await (await this.#client?.catch(() => undefined))?.close();
    await this.output.close();
  }
}

/** Runs a command, and sets the exit code. */
export async function runCli(
  options: GlobalOptions & OutputOptions,
  {
    isWrite,
    keepsCommand,
    body,
  }: {
    readonly isWrite: boolean;
    readonly keepsCommand: boolean;
    readonly body: (cli: Cli) => Promise<void>;
  },
): Promise<void> {
  const interruption = new Interruption({ isWrite });
  const cli = new Cli(options, interruption);
  // Node.js would name itself and a stack.
  process.removeAllListeners('warning').on('warning', ({ message }) => cli.say(`itkdb: warning: ${message}`));
  try {
    await body(cli);
    await cli.close();
    interruption.check();
  } catch (error) {
    await cli.close();
    process.exitCode = interruption.exitCodeFor(error, {
      isJson: options.json !== undefined,
      isDebug: options.debug === true,
      keepsCommand,
    });
  } finally {
    interruption.end();
  }
}
