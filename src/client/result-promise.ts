import type { SessionResponse } from '../session/request-options.js';
import type { Warning } from './warnings.js';

/** A result, beside the response that it was read from. */
export interface Answer<T> {
  /** The result. */
  readonly data: T;
  /** The response. */
  readonly response: SessionResponse;
  /** The warnings of the server. */
  readonly warnings: readonly Warning[];
}

/** The promise of a result. `.withResponse()` gives the response and the warnings of the server too. */
export class ResultPromise<T> extends Promise<T> {
  /** `then` and `finally` give ordinary promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #answer: Promise<Answer<T>>;

  /** @internal */
  constructor(answer: Promise<Answer<T>>) {
    super((resolve, reject) => {
      answer.then(({ data }) => resolve(data), reject);
    });
    this.#answer = answer;
  }

  /** The result beside the response that it was read from, and the warnings of the server. */
  withResponse(): Promise<Answer<T>> {
    // The caller has the result from here: a failure is not to be reported twice.
    this.catch(() => {});
    return this.#answer;
  }
}
