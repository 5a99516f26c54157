import type { AxiosProgressEvent } from '../axios.js';

/** The shortest time between two events, in milliseconds. */
const INTERVAL = 333;

/** Tells the caller how many bytes have been sent or received: at most three times a second, and at the end. */
export class Progress {
  readonly #tell: (event: AxiosProgressEvent) => void;
  readonly #direction: 'upload' | 'download';
  readonly #total: number | undefined;
  #loaded = 0;
  #told = 0;
  #toldAt = performance.now();

  /** @param total - in bytes; undefined where it is not known */
  constructor(
    tell: (event: AxiosProgressEvent) => void,
    direction: 'upload' | 'download',
    total: number | undefined,
  ) {
    this.#tell = tell;
    this.#direction = direction;
    this.#total = total;
  }

  add(bytes: number): void {
    this.#loaded += bytes;
    if (performance.now() - this.#toldAt >= INTERVAL) this.#emit();
  }

  end(): void {
    if (this.#loaded > this.#told || this.#loaded === 0) this.#emit();
  }

  #emit(): void {
    const [loaded, total, now] = [this.#loaded, this.#total, performance.now()];
    const bytes = loaded - this.#told;
    const rate = bytes / Math.max(0.001, (now - this.#toldAt) / 1000);
    this.#told = loaded;
    this.#toldAt = now;
    this.#tell({
      loaded,
      bytes,
      rate,
      lengthComputable: total !== undefined,
      ...(total !== undefined && {
        total,
        progress: total === 0 ? 1 : loaded / total,
        estimated: rate > 0 ? (total - loaded) / rate : Infinity,
      }),
      [this.#direction]: true,
    });
  }
}
