/** Prints text of at most 80 columns; colours and progress only on a terminal. */
export class Terminal {
  #stream;
  #hasColours;
  #step = 0;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.#stream = stream;
    // https://no-color.org
    this.#hasColours = stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
  }

  line(text = '') {
    this.#stream.write(`${text}\n`);
  }

  /** The headline of the next step. */
  step(title) {
    this.#step += 1;
    this.line(`\n${this.bold(`${this.#step}  ${title}`)}`);
  }

  /** A name and its value, in two columns. */
  field(name, value) {
    this.line(`   ${this.dim(name.padEnd(11))} ${value}`);
  }

  /** Indented text, each line cut to the width. */
  quote(text) {
    for (const line of text.split(/\r?\n/)) this.line(`   ${this.dim('│')} ${line.slice(0, 74)}`);
  }

  /** The progress of a long task. Each call replaces what the last one showed. */
  progress(done, total) {
    if (!this.#stream.isTTY) return;
    const filled = Math.round((done / total) * 30);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(30 - filled)}`;
    this.#stream.write(done >= total ? '\r\u001b[K' : `\r   ${bar} ${done} of ${total}`);
  }

  bold(text) {
    return this.#paint(text, 1);
  }

  dim(text) {
    return this.#paint(text, 2);
  }

  good(text) {
    return this.#paint(text, 32);
  }

  bad(text) {
    return this.#paint(text, 31);
  }

  #paint(text, code) {
    return this.#hasColours ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
