import { createInterface } from 'node:readline/promises';
import { StringDecoder } from 'node:string_decoder';
import { escapeControls } from '../util/control-characters.js';

interface PromptOptions {
  /** Ends the question. */
  readonly signal: AbortSignal;
}

/** Asks a question at the terminal. Returns whether the answer is `y` or `yes`; Ctrl-D is a no. */
export async function askYesNo(question: string, { signal }: PromptOptions): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // The reader takes Ctrl-C for itself.
  lines.on('SIGINT', () => process.emit('SIGINT'));
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.once('close', () => resolve(''));
      lines.question(`${escapeControls(question)} [y/N] `, { signal }).then(resolve, reject);
    });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

/**
 * Asks questions at the terminal, one after the other, and does not show what is typed. Several lines that are pasted at
 * once are several answers.
 *
 * @returns the answers, without white space around them; fewer than questions after Ctrl-D
 */
export async function askHidden(questions: readonly string[], { signal }: PromptOptions): Promise<string[]> {
  const { stdin, stderr } = process;
  signal.throwIfAborted();
  const answers: string[] = [];
  const keys = new Keys();
  let resolve = (): void => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<void>((...functions) => {
    [resolve, reject] = functions;
  });
  const onAbort = (): void => reject(signal.reason);
  const onEnd = (): void => resolve();
  const onData = (chunk: Buffer): void => {
    for (const answer of keys.read(chunk)) {
      if (answer !== undefined) answers.push(answer);
      if (answer === undefined || answers.length === questions.length) {
        onEnd();
        return;
      }
      stderr.write(`\n${questions[answers.length]}`);
    }
  };
  signal.addEventListener('abort', onAbort);
  stdin.setRawMode(true);
  stdin.on('data', onData).on('end', onEnd).resume();
  stderr.write(questions[0] ?? '');
  try {
    await promise;
    return answers;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stdin.off('data', onData).off('end', onEnd).pause().setRawMode(false);
    stderr.write('\n');
  }
}

/** The escape sequences of special keys, such as the arrows, and those that some terminals put around pasted text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: such keys are control characters
const SPECIAL_KEYS = /\x1b(?:\[[\d;?]*[ -/]*[@-~]|O.|.)?/g;
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_U = '\x15';

/** Makes lines of the keys that are pressed while the terminal shows none of them. */
class Keys {
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  #last = '';

  /** Returns the lines that are complete; undefined for Ctrl-D on an empty one. */
  *read(chunk: Buffer): Generator<string | undefined> {
    for (const key of this.#decoder.write(chunk).replace(SPECIAL_KEYS, '')) {
      const last = this.#last;
      this.#last = key;
      if (key === '\r' || (key === '\n' && last !== '\r')) {
        const line = this.#line;
        this.#line = '';
        yield line.trim();
      } else if (key === CTRL_D && this.#line === '') yield undefined;
      else if (key === CTRL_C) process.emit('SIGINT');
      else if (key === CTRL_U) this.#line = '';
      else if (key === '\x7f' || key === '\b') this.#line = [...this.#line].slice(0, -1).join('');
      else if (key >= ' ') this.#line += key;
    }
  }
}
