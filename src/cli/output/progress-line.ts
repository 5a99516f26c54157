import type { Progress } from '../../client/requests/progress.js';
import { formatCount } from './style.js';

/** A job that is shorter shows no progress, in milliseconds. */
const DELAY = 500;
/** The least time between two lines, in milliseconds. */
const INTERVAL = 100;

/** One line on stderr that says how far a job is; nothing where stderr is no terminal. */
export class ProgressLine {
  readonly #start = performance.now();
  #shownAt = 0;
  #isShown = false;
  #isOver = false;

  /** Shows the number of items that are done. */
  show({ done, total, failed }: Progress, noun = ''): void {
    const of = total === undefined || total === Infinity ? '' : ` of ${formatCount(total)}`;
    const failures = failed > 0 ? `, ${formatCount(failed)} failed` : '';
    this.text(`${formatCount(done)}${of}${noun && ` ${noun}`}${failures}`);
  }

  /** Shows a text, in place of the last one. */
  text(text: string): void {
    const now = performance.now();
    if (this.#isOver || !process.stderr.isTTY || now - this.#start < DELAY || now - this.#shownAt < INTERVAL)
      return;
    this.#shownAt = now;
    this.#isShown = true;
    process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
  }

  /** Removes the line, and shows no other one. */
  end(): void {
    this.clear();
    this.#isOver = true;
  }

  /** Removes the line. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    process.stderr.write('\r\u001b[K');
  }
}
