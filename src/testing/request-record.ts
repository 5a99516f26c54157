import { commandName, type RecordedRequest } from './messages.js';

/** The last requests, and the number of all of them. */
export class RequestRecord {
  readonly #kept: number;
  readonly #counts = new Map<string, number>();
  #requests: RecordedRequest[] = [];

  constructor(kept: number) {
    this.#kept = kept;
  }

  get requests(): readonly RecordedRequest[] {
    return this.#kept === 0 ? [] : this.#requests.slice(-this.#kept);
  }

  add(request: RecordedRequest): void {
    const { command } = request;
    this.#counts.set(command, this.count(command) + 1);
    this.#requests.push(request);
    if (this.#requests.length > 2 * this.#kept) this.#requests = [...this.requests];
  }

  count(command?: string): number {
    if (command !== undefined) return this.#counts.get(commandName(command)) ?? 0;
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  clear(): void {
    this.#counts.clear();
    this.#requests = [];
  }
}
