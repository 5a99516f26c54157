import { redactedLine } from './logger.js';

/** The least time between two lines of one kind, in milliseconds. */
const INTERVAL = 5000;
/** The longest line, in characters. */
const LONGEST_LINE = 300;

/**
 * Lines on stderr for a person at a terminal, of one kind: at most one in 5 s for the whole process. A line has no
 * credentials and no control characters. Never throws.
 */
export class Notice {
  #lastLineAt = -Infinity;

  /** @param toLine - returns what to say; called only where it is said */
  show(toLine: () => string): void {
    const now = performance.now();
    try {
      if (now - this.#lastLineAt < INTERVAL || !process.stderr.isTTY) return;
      this.#lastLineAt = now;
      const line = redactedLine(toLine()).slice(0, LONGEST_LINE);
      // biome-ignore lint/suspicious/noConsole: a write to the stream could fail later, as an event that ends the program
      console.error(`itkdb: ${line}`);
    } catch {
      // There is nowhere to say it.
    }
  }
}
