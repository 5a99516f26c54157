import type { Client } from '../client/client.js';
import type { Progress } from '../client/requests/progress.js';
import { CliError, EXIT } from './errors.js';
import { Interruption } from './interruption.js';
import type { OutputOptions } from './options.js';
import { Output } from './output/output.js';
import { ProgressLine } from './output/progress-line.js';
import type { GlobalOptions } from './program.js';

/** What a command works with. */
export class Cli {
  /** Writes results to stdout. */
  readonly output: Output;
  /** Aborted by Ctrl-C, and where the reader of stdout has gone. Every call of the client must get it. */
  readonly signal: AbortSignal;
  /** Shows how far a job is: on stderr, if that is a terminal. */
  readonly progress: ProgressLine = new ProgressLine();
  readonly #options: GlobalOptions;
  #client: Promise<Client> | undefined;

  constructor(options: GlobalOptions & OutputOptions, interruption: Interruption) {
    this.#options = options;
    this.signal = interruption.signal;
    this.output = new Output(options, {
      interruption,
      say: (line) => this.say(line),
      clearProgress: () => this.progress.clear(),
    });
  }

  /** The client of the options and settings. Nothing is sent before a command uses it. */
  client(): Promise<Client> {
    this.#client ??= import('./client.js').then(({ createClient }) =>
      createClient(this.#options, { say: (line) => this.say(line) }),
    );
    return this.#client;
  }

  /** Options of a list of the client: the signal, the number of items that is wanted, and what tells of progress. */
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

  /** Whether a person can be asked. */
  get isTerminal(): boolean {
    return process.stdin.isTTY === true && process.stderr.isTTY === true;
  }

  /** Writes a line to stderr, which is not part of the result. */
  say(line: string): void {
    this.progress.clear();
    this.output.sayLine(line);
  }

  /**
   * Asks a question that must be answered with `y`.
   *
   * @param question - such as `Delete the attachment photo.jpg?`
   * @param isYes - whether the option `--yes` was given
   * @throws CliError where there is nobody to ask, or the answer is no
   */
  async confirm(question: string, isYes: boolean): Promise<void> {
    if (isYes) return;
    if (!this.isTerminal)
      throw new CliError(`${question} There is no terminal to answer at`, {
        advice: 'To do it without a question, add --yes.',
      });
    const { ask } = await import('./prompt.js');
    const answer = await ask(`${question} [y/N] `, { signal: this.signal });
    if (!/^y(?:es)?$/i.test(answer.trim()))
      throw new CliError('nothing was changed', { exitCode: EXIT.failed });
  }

  /** Ends what is under way, and closes the connections. */
  async close(): Promise<void> {
    this.progress.clear();
    await (await this.#client?.catch(() => undefined))?.close();
    await this.output.close();
  }
}

/** Runs a command, and sets the exit code. */
export async function runCli(
  options: GlobalOptions & OutputOptions,
  { isWrite, body }: { readonly isWrite: boolean; readonly body: (cli: Cli) => Promise<void> },
): Promise<void> {
  const interruption = new Interruption({ isWrite });
  const cli = new Cli(options, interruption);
  try {
    await body(cli);
    await cli.close();
    interruption.check();
  } catch (error) {
    await cli.close();
    process.exitCode = interruption.exitCodeFor(error, {
      isJson: options.json !== undefined,
      isDebug: options.debug === true,
    });
  } finally {
    interruption.end();
  }
}
