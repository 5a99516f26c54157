import { CliError, EXIT, type WriteErrorOptions, writeError } from './errors.js';
import { incompleteOf } from './writes/incomplete.js';

/** The time that a command that reads has to end after a signal, in milliseconds. */
const GRACE = 800;
/** The same for a command that writes: it completes or undoes the write that was sent. */
const GRACE_OF_WRITE = 10_000;

const PATIENCE = 'itkdb: finishing the request that was sent; press Ctrl-C again to stop at once\n';

/** Ends a command early: after Ctrl-C or another signal, or when the reader of stdout, such as `head`, has ended. */
export class Interruption {
  readonly #controller = new AbortController();
  #reason: 'SIGINT' | 'SIGTERM' | 'closed' | undefined;
  /** Why stdout could not be written. */
  #failure: CliError | undefined;
  /** Whether the command writes to the database. Then it goes on without a reader of its output. */
  readonly isWrite: boolean;
  /** Whether the reader of stdout has ended. */
  #isClosed = false;

  constructor({ isWrite }: { readonly isWrite: boolean }) {
    this.isWrite = isWrite;
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

  /** Tells that the reader of the output has ended. A command that reads then ends too, without an error. */
  close(): void {
    this.#isClosed = true;
    if (this.isWrite) return;
    this.#reason ??= 'closed';
    this.#controller.abort(new Error('the reader of the output has ended'));
  }

  /** Tells that the output cannot be written. */
  fail(failure: CliError): void {
    this.#failure ??= failure;
    this.close();
  }

  /** Leaves Ctrl-C to the pager. When the pager ends, the output is closed. */
  leaveToPager(): void {
    process.off('SIGINT', this.#onSignal);
    process.on('SIGINT', ignore);
  }

  /** Reports the error that ended a command, and returns the exit code. */
  exitCodeFor(error: unknown, options: WriteErrorOptions): number {
    const reason = this.#reason;
    if (this.#failure !== undefined) return writeError(this.#failure, options);
    // Whether a write is done may be unknown: that is always reported.
    if (incompleteOf(error) !== undefined) {
      const exitCode = writeError(error, options);
      return reason === undefined || reason === 'closed' ? exitCode : codeOf(reason);
    }
    if (reason === undefined) return writeError(error, options);
    if (reason === 'closed') return EXIT.done;
    return writeError(new CliError('interrupted', { exitCode: codeOf(reason) }), options);
  }

  /**
   * Sets the exit code of a signal, also where the command did all of its work.
   *
   * @throws CliError where the output could not be written
   */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const reason = this.#reason;
    if (reason !== undefined && reason !== 'closed') process.exitCode = codeOf(reason);
  }

  /** @throws where the command is to end, unless it writes: then it still reports what it has written */
  throwIfEnded(): void {
    if (!this.isWrite) this.signal.throwIfAborted();
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
    setTimeout(exit, this.isWrite ? GRACE_OF_WRITE : GRACE).unref();
    if (this.isWrite) setTimeout(() => process.stderr.write(PATIENCE), GRACE).unref();
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') this.close();
    else this.fail(outputFailed(error));
  };
}

function ignore(): void {}

function outputFailed({ code, message }: NodeJS.ErrnoException): CliError {
  return new CliError(`the output could not be written (${code ?? message})`, { exitCode: EXIT.failed });
}

function codeOf(reason: 'SIGINT' | 'SIGTERM'): number {
  return reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
}
