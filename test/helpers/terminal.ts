import { stripVTControlCharacters } from 'node:util';
import type { IPty } from '@lydell/node-pty';
import xterm, { type Terminal } from '@xterm/headless';
import { it, onTestFinished, type TestContext } from 'vitest';
import { BINARY, type Cli, type EnvironmentOptions, expectSoon } from './cli.js';

/** The pseudo-terminals of this platform; undefined where there are none. */
const pty = await import('@lydell/node-pty').catch(() => undefined);

/** A test that needs a pseudo-terminal. It is skipped where there is none. @param timeout - in milliseconds */
export function itOnTerminal(title: string, test: () => Promise<void>, timeout?: number): void {
  const skipOrTest = (context: TestContext): Promise<void> =>
    pty === undefined ? context.skip('node-pty does not run on this platform') : test();
  it(title, skipOrTest, timeout);
}

/** A terminal, and what a person does there. */
export interface TerminalOptions extends EnvironmentOptions {
  /** @defaultValue `80` */
  readonly columns?: number;
  /** @defaultValue `24` */
  readonly rows?: number;
  /** The program that runs. @defaultValue the installed `itkdb` */
  readonly program?: string;
  /** What is typed when something is on the screen, one after the other, such as `[/Delete\?/, 'y\r']`. */
  readonly answers?: readonly (readonly [when: RegExp, typed: string])[];
}

/** What a person saw of a command. */
export interface Seen {
  /** The exit code; `null` where a signal ended the process. */
  readonly code: number | null;
  /** The lines on the screen, and those that have been scrolled out of it, without spaces at their ends. */
  readonly screen: string;
  /** What the terminal received, with its escape sequences. */
  readonly raw: string;
}

/** Runs `itkdb` on a pseudo-terminal, and waits for its end. */
export async function runInTerminal(
  cli: Cli,
  args: readonly string[],
  { answers = [], ...options }: TerminalOptions = {},
): Promise<Seen> {
  const terminal = new TerminalRun(cli, args, options);
  for (const [when, typed] of answers) {
    await terminal.shows(when);
    terminal.type(typed);
  }
  return terminal.ended;
}

/** `itkdb` on a pseudo-terminal. It is killed at the end of the test if it still runs. */
export class TerminalRun {
  readonly ended: Promise<Seen>;
  readonly #process: IPty;
  readonly #screen: Terminal;
  #raw = '';
  /** The length of the raw text when something was typed. */
  #typedAt = 0;
  #isRunning = true;

  constructor(cli: Cli, args: readonly string[], options: TerminalOptions = {}) {
    if (pty === undefined) throw new Error('There are no pseudo-terminals: use itOnTerminal');
    const { columns: cols = 80, rows = 24, program = BINARY } = options;
    this.#screen = new xterm.Terminal({ cols, rows, scrollback: 10_000, allowProposedApi: true });
    this.#process = pty.spawn(program, [...args], {
      ...{ cols, rows, name: 'xterm-256color', cwd: cli.folder },
      env: cli.environment({ ...options, env: { TERM: 'xterm-256color', ...options.env } }),
    });
    onTestFinished(() => this.kill('SIGKILL'));
    this.#process.onData((data) => {
      this.#raw += data;
      this.#screen.write(data);
    });
    this.ended = this.#end();
  }

  /** Types something. Enter is `\r`, Ctrl-C is `\x03`. */
  type(text: string): void {
    this.#typedAt = this.#raw.length;
    this.#process.write(text);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#isRunning) this.#process.kill(signal);
  }

  /** Resolves when a text has been shown since the last time that something was typed. */
  shows(pattern: RegExp): Promise<void> {
    const text = (): string => stripVTControlCharacters(this.#raw.slice(this.#typedAt));
    return expectSoon(pattern, text, () => this.#isRunning);
  }

  async #end(): Promise<Seen> {
    const { exitCode, signal = 0 } = await new Promise<{ exitCode: number; signal?: number }>((resolve) => {
      this.#process.onExit(resolve);
    });
    this.#isRunning = false;
    // What was written before is on the screen when this has been written.
    await new Promise<void>((resolve) => this.#screen.write('', resolve));
    return { code: signal === 0 ? exitCode : null, screen: this.#lines(), raw: this.#raw };
  }

  #lines(): string {
    const { active } = this.#screen.buffer;
    const lines = Array.from({ length: active.length }, (_, at) =>
      active.getLine(at)?.translateToString(true),
    );
    return `${lines.join('\n').trimEnd()}\n`;
  }
}
