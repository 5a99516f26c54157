const MINUTE = 60_000;
const LONGEST_PAUSE = 10 * MINUTE;
/** As many new tokens that are refused in a row begin a pause. */
const MOST_IN_A_ROW = 2;

/**
 * What becomes of a token that the database refused: another one is granted (`replace`); it stays, because other requests
 * succeed with it (`keep`); it stays, because new tokens are refused too, and a pause begins (`pause`) or goes on (`paused`).
 */
export type Verdict = 'replace' | 'keep' | 'pause' | 'paused';

/** What is known of the current token. */
interface TokenRecord {
  /** By `performance.now()`. */
  readonly grantedAt: number;
  /** Whether it was granted because the database refused the one before it. */
  readonly isReplacement: boolean;
  beganPause: boolean;
  hasSucceeded: boolean;
  /** Whether a request has succeeded with it since it was last refused. */
  hasSucceededSince: boolean;
}

/**
 * Decides whether a token that the database refused is replaced. A database that refuses all tokens, or answers 401 to one
 * command, would otherwise cost a grant per request, and the identity provider locks accounts for less.
 *
 * - Two new tokens are refused in a row: no grant for one minute. Each new token that is refused after that doubles the
 *   pause, up to ten minutes. A success ends it.
 * - A replacement is refused, but other requests have succeeded with it: it stays for one minute after its grant; then
 *   until it is refused twice without a success in between, or for ten minutes.
 */
export class Refusals {
  #inARow = 0;
  #pause = 0;
  #pausedUntil = 0;
  #token: TokenRecord = newRecord(false);
  /** Whether the next token replaces a refused one. */
  #isReplacing = false;

  /** The length of the pause in milliseconds; 0 where there is none. */
  get pause(): number {
    return this.#pause;
  }

  /** Records that there is another token. */
  granted(): void {
    this.#token = newRecord(this.#isReplacing);
    this.#isReplacing = false;
  }

  /** Records that a request succeeded with the current token. */
  succeeded(): void {
    this.#token.hasSucceeded = true;
    this.#token.hasSucceededSince = true;
    this.#inARow = 0;
    this.#pause = 0;
    this.#pausedUntil = 0;
  }

  /** Records that the database refused the current token. */
  refused(): Verdict {
    const verdict = this.#verdict(performance.now());
    this.#token.hasSucceededSince = false;
    this.#isReplacing = verdict === 'replace';
    return verdict;
  }

  #verdict(now: number): Verdict {
    const { grantedAt, isReplacement, beganPause, hasSucceeded, hasSucceededSince } = this.#token;
    if (now < this.#pausedUntil) return 'paused';
    if (hasSucceeded) {
      const keptFor = hasSucceededSince ? 10 * MINUTE : MINUTE;
      return isReplacement && now - grantedAt < keptFor ? 'keep' : 'replace';
    }
    if (beganPause) return 'replace';
    this.#inARow += 1;
    if (this.#inARow < MOST_IN_A_ROW) return 'replace';
    this.#token.beganPause = true;
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2 || MINUTE);
    this.#pausedUntil = now + this.#pause;
    return 'pause';
  }
}

function newRecord(isReplacement: boolean): TokenRecord {
  return {
    grantedAt: performance.now(),
    isReplacement,
    beganPause: false,
    hasSucceeded: false,
    hasSucceededSince: false,
  };
}
