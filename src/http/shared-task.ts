import { withLimits } from './limits.js';

/** How one caller waits for a task. */
export interface Waiting {
  /** Starts the message of the exception. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

interface Run<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/** An asynchronous task that runs once for all callers that wait for it at the same time. */
export class SharedTask<T> {
  readonly #task: (signal: AbortSignal) => Promise<T>;
  #run: Run<T> | undefined;

  constructor(task: (signal: AbortSignal) => Promise<T>) {
    this.#task = task;
  }

  /**
   * Waits for the current run, or starts one. A caller whose signal is aborted leaves alone; the run is aborted when the
   * last caller has left.
   *
   * @throws Aborted where the signal is aborted, and what the task throws
   */
  async join({ what, signal }: Waiting): Promise<T> {
    this.#run ??= this.#start();
    const run = this.#run;
    run.waiting += 1;
    try {
      return await withLimits(run.result, { what, signal });
    } finally {
      run.waiting -= 1;
      if (run.waiting === 0 && this.#run === run) this.abort(signal?.reason);
    }
  }

  /** Aborts the current run, if there is one. */
  abort(reason: unknown): void {
    const run = this.#run;
    this.#run = undefined;
    run?.controller.abort(reason);
  }

  #start(): Run<T> {
    const controller = new AbortController();
    const result = this.#task(controller.signal).finally(() => {
      if (this.#run === run) this.#run = undefined;
    });
    // Those that wait have left when it is aborted.
    result.catch(() => {});
    const run: Run<T> = { result, controller, waiting: 0 };
    return run;
  }
}
