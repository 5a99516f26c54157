/** Prints for people: colours and a progress line on a terminal only, 80 columns everywhere. */
export class Terminal {
  readonly #stream: NodeJS.WriteStream;
  readonly #hasColours: boolean;
  #step = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // https://no-color.org
    this.#hasColours = stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
  }

  line(text = ''): void {
    this.#stream.write(`${text}\n`);
  }

  /** The headline of the next step. */
  step(title: string): void {
    this.#step += 1;
    this.line(`\n${this.bold(`${this.#step}  ${title}`)}`);
  }

  /** One thing and its name, in two columns. */
  field(name: string, value: string): void {
    this.line(`   ${this.dim(name.padEnd(11))} ${value}`);
  }

  /** Text of several lines, indented and cut to the width. */
  quote(text: string): void {
    for (const line of text.split(/\r?\n/)) this.line(`   ${this.dim('│')} ${line.slice(0, 74)}`);
  }

  /** How far a long piece of work is; each call replaces the last, and nothing is shown where there is no terminal. */
  progress(done: number, total: number): void {
    if (!this.#stream.isTTY) return;
    const filled = Math.round((done / total) * 30);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(30 - filled)}`;
    this.#stream.write(done >= total ? '\r\u001b[K' : `\r   ${bar} ${done} of ${total}`);
  }

  bold(text: string): string {
    return this.#paint(text, 1);
  }

  dim(text: string): string {
    return this.#paint(text, 2);
  }

  good(text: string): string {
    return this.#paint(text, 32);
  }

  bad(text: string): string {
    return this.#paint(text, 31);
  }

  #paint(text: string, code: number): string {
    return this.#hasColours ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
