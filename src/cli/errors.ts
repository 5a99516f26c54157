import { CommanderError } from 'commander';
import type { AppErrors } from '../exceptions/app-errors.js';
import { type ITkDBException, isException } from '../exceptions/base.js';
import { redactor } from '../redaction/redact.js';
import { escapeControls } from '../util/control-characters.js';
import { explainException } from './explain-exception.js';
import { similarCommands } from './similar-commands.js';

/** The exit codes of the program. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  signIn: 3,
  notFound: 4,
  server: 5,
  interrupted: 130,
  terminated: 143,
} as const;

/** An error of the command line: it was used in a wrong way, or some of several items failed. */
export class CliError extends Error {
  readonly exitCode: number;
  /** What to do now; `''` where that is clear. */
  readonly advice: string;

  /** @param message - what happened, in one line */
  constructor(
    message: string,
    {
      exitCode = EXIT.usage,
      advice = '',
      ...options
    }: ErrorOptions & { exitCode?: number; advice?: string } = {},
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.advice = advice;
  }
}

/** An error in words. */
export interface Explanation {
  /** What happened, in one line. */
  readonly reason: string;
  /** What to do now, in as few lines as possible; `''` where that is not known. */
  readonly advice: string;
  readonly exitCode: number;
}

/** How an error is written. */
export interface WriteErrorOptions {
  /** Whether the error is written as JSON. */
  readonly isJson: boolean;
  /** Whether the details of the error are written. */
  readonly isDebug?: boolean;
  /** The command that shows the right words. */
  readonly help?: string;
  /** Whether the name of the command of the database stays before the reason. */
  readonly keepsCommand?: boolean;
}

/** Writes an error to stderr: a line with the reason, and the advice. Returns the exit code. */
export function writeError(
  error: unknown,
  { isJson, isDebug = false, ...options }: WriteErrorOptions,
): number {
  const { reason, advice, exitCode } = explain(error, options);
  const details = isDebug && error instanceof Error ? detailsOf(error) : '';
  const lines = isJson
    ? JSON.stringify({ error: { ...factsOf(error), message: reason, ...(advice && { advice }), exitCode } })
    : [`itkdb: ${reason}`, advice, details].filter((line) => line !== '').join('\n');
  process.stderr.write(`${escapeControls(redactor.text(lines))}\n`);
  return exitCode;
}

/** Explains an error in words. */
export function explain(
  error: unknown,
  { help = 'itkdb --help', keepsCommand = false }: Omit<WriteErrorOptions, 'isJson'> = {},
): Explanation {
  if (error instanceof CliError)
    return { reason: error.message, advice: error.advice, exitCode: error.exitCode };
  if (error instanceof CommanderError) return explainUsage(error, help);
  if (isException(error)) {
    const { reason, advice } = explainException(error, keepsCommand);
    const exitCode = exitCodeOf(error);
    return { reason, advice: advice || ADVICE[exitCode] || '', exitCode };
  }
  const reason = `internal error: ${error instanceof Error ? error.message : String(error)}`;
  return { reason, advice: 'Please report it, with the output of --debug.', exitCode: EXIT.failed };
}

/** Returns the lines that tell of the failure of one of several items. */
export function failureLines(name: string, error: unknown): string {
  const { reason, advice, exitCode } = explain(error);
  // What is not there may be many lines already.
  const lines = advice === '' || exitCode === EXIT.notFound ? [] : advice.split('\n');
  return [`${name}: ${reason}`, ...lines].join('\n  ');
}

/** Explains a mistake in the words of the command that the parser found. */
function explainUsage({ message, code }: CommanderError, help: string): Explanation {
  if (code === 'commander.help') return { reason: 'no command was given', advice: '', exitCode: EXIT.usage };
  const text = message
    .replace(/^error: /, '')
    .replace("'--json='", "'--json'")
    // What the user gave to a wrong option may be an access code.
    .replace(/(unknown option '--?[\w-]+)=[^\n]*'/, "$1'")
    .replace(/^command-argument value/, 'the value');
  const [reason = '', ...rest] = text.split('\n');
  const advice =
    code === 'commander.unknownCommand' ? commandAdvice(reason) : rest.join(' ').replace(/^\((.*)\)$/, '$1');
  const isBefore = code === 'commander.unknownOption' && help === 'itkdb --help';
  const way = isBefore
    ? 'Options of a command are written after its name: itkdb stats --json'
    : `See ${help}`;
  return { reason, advice: advice || way, exitCode: EXIT.usage };
}

/** @param reason - such as `unknown command 'info'` */
function commandAdvice(reason: string): string {
  const similar = similarCommands(/'(.*)'/.exec(reason)?.[1] ?? '');
  return similar.length > 0 ? `Did you mean ${similar.join(' or ')}?` : '';
}

const ADVICE: Readonly<Record<number, string>> = {
  [EXIT.signIn]: 'Run: itkdb login',
  [EXIT.server]: 'Try again later. The option --debug shows what was sent.',
};

const SERVER_CODES: ReadonlySet<string> = new Set([
  ...['ERR_SERVER_ERROR', 'ERR_TRANSPORT', 'ERR_CONNECTION_FAILED', 'ERR_CONNECTION_REFUSED'],
  ...['ERR_CONNECTION_RESET', 'ERR_HOST_NOT_FOUND', 'ERR_INVALID_RESPONSE', 'ERR_TIMEOUT', 'ERR_TLS'],
  ...['ERR_TOO_MANY_REDIRECTS', 'ERR_BAD_JSON'],
]);
const SIGN_IN_CODES: ReadonlySet<string> = new Set([
  ...['ERR_NOT_SIGNED_IN', 'ERR_AUTHENTICATION_FAILED', 'ERR_INVALID_ID_TOKEN'],
]);

function exitCodeOf(error: ITkDBException & { status?: number; appErrors?: AppErrors }): number {
  const { code, status = 0, appErrors } = error;
  // The identity service is out of order: the access codes are not to blame.
  if (code === 'ERR_AUTHENTICATION_FAILED' && (status >= 500 || status === 429)) return EXIT.server;
  if (SIGN_IN_CODES.has(code) || status === 401) return EXIT.signIn;
  if (code === 'ERR_NOT_FOUND' || Object.keys(appErrors ?? {}).some(isAbsence)) return EXIT.notFound;
  if (code === 'ERR_INVALID_INVOCATION') return EXIT.usage;
  return SERVER_CODES.has(code) || status === 429 ? EXIT.server : EXIT.failed;
}

/** Whether an error of the database says that there is no such thing: `cern-itkpd-main/getComponent/componentDoesNotExist`. */
function isAbsence(key: string): boolean {
  return /(?:DoesNotExist|NotFound|DoNotExist|DaoGetByCodeFailed)$/i.test(key);
}

function factsOf(error: unknown): object {
  if (!isException(error)) return { code: 'ERR_CLI' };
  const { code, status } = error as ITkDBException & { status?: number };
  return { code, ...(status !== undefined && { status }) };
}

function detailsOf(error: Error): string {
  return `\n${isException(error) ? error.message : (error.stack ?? '')}`;
}
