import { IncompleteWrite } from '../exceptions/base.js';
import { CliError, EXIT, report } from './errors.js';

/** How long a command that reads may take to end after a signal, in milliseconds. */
const GRACE = 800;
/** The same of a command that writes: it reads back or takes back what is under way, so that nothing is half done. */
const GRACE_OF_WRITE = 10_000;

const PATIENCE = 'itkdb: ending what is under way; a second Ctrl-C does not wait for it\n';

/** Ends a command early: Ctrl-C, another signal, or a reader of stdout that has gone, such as `head`. */
export class Interruption {
  readonly #controller = new AbortController();
  #reason: 'SIGINT' | 'SIGTERM' | 'closed' | undefined;
  /** Why stdout could not be written. */
  #failure: NodeJS.ErrnoException | undefined;

  readonly #isWrite: boolean;
  /** Whether the reader of stdout has gone. */
  #isClosed = false;

  /** @param isWrite - whether the command writes to the database: then it goes on without a reader of its output */
  constructor({ isWrite }: { readonly isWrite: boolean }) {
    this.#isWrite = isWrite;
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
    process.stdout.on('error', this.#onError);
  }

  /** Aborted when the command is to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether there is no reader of the output any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Tells that the reader of the output has gone: for a command that reads, that is a good end. */
  close(): void {
    this.#isClosed = true;
    if (this.#isWrite) return;
    this.#reason ??= 'closed';
    this.#controller.abort(new Error('the reader of the output has gone'));
  }

  /** Leaves Ctrl-C to the pager: a person stops it, and then the output is closed. */
  leaveToPager(): void {
    process.off('SIGINT', this.#onSignal);
    process.on('SIGINT', ignore);
  }

  /** Reports the error that ended a command, and returns the exit code. */
  exitCodeFor(error: unknown, options: { readonly isJson: boolean; readonly isDebug: boolean }): number {
    const reason = this.#reason;
    if (this.#failure !== undefined) return report(outputFailed(this.#failure), options);
    // A write that is in doubt is reported in any case.
    if (error instanceof IncompleteWrite || (error as Error).cause instanceof IncompleteWrite) {
      const exitCode = report(error, options);
      return reason === undefined || reason === 'closed' ? exitCode : codeOf(reason);
    }
    if (reason === undefined) return report(error, options);
    if (reason === 'closed') return EXIT.done;
    return report(new CliError('interrupted', { exitCode: codeOf(reason) }), options);
  }

  /**
   * Tells of a signal by the exit code, also where the command did all of its work.
   *
   * @throws CliError where the output could not be written
   */
  check(): void {
    if (this.#failure !== undefined) throw outputFailed(this.#failure);
    const reason = this.#reason;
    if (reason !== undefined && reason !== 'closed') process.exitCode = codeOf(reason);
  }

  /** @throws where the command is to end, unless it writes: what it has written to the database is still told */
  throwIfEnded(): void {
    if (!this.#isWrite) this.signal.throwIfAborted();
  }

  /** Stops listening. */
  end(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
    process.off('SIGINT', ignore);
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    const reason = name === 'SIGTERM' ? name : 'SIGINT';
    // The second Ctrl-C does not wait.
    if (this.#reason !== undefined) process.exit(codeOf(reason));
    this.#reason = reason;
    this.#controller.abort(new Error('interrupted'));
    const exit = (): void => {
      process.stderr.write('itkdb: interrupted\n');
      process.exit(codeOf(reason));
    };
    setTimeout(exit, this.#isWrite ? GRACE_OF_WRITE : GRACE).unref();
    if (this.#isWrite) setTimeout(() => process.stderr.write(PATIENCE), GRACE).unref();
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') this.#failure ??= error;
    this.close();
  };
}

function ignore(): void {}

function outputFailed({ code, message }: NodeJS.ErrnoException): CliError {
  return new CliError(`the output could not be written (${code ?? message})`, { exitCode: EXIT.failed });
}

function codeOf(reason: 'SIGINT' | 'SIGTERM'): number {
  return reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
}
