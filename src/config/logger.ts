import { debuglog } from 'node:util';
import { redactor } from '../redaction/redact.js';
import { messageOf } from '../util/errors.js';

/** Where log lines go: `console` and pino loggers fit. */
export interface Logger {
  /** Takes a line that only helps to look into the client itself, such as each request. */
  debug(message: string): void;
  /** Takes a line that is good to know. */
  info(message: string): void;
  /** Takes a line about something that may be wrong, such as a retry. */
  warn(message: string): void;
  /** Takes a line about something that is wrong. */
  error(message: string): void;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** What a `logger` option must be. */
export const LOGGER_EXPECTED = 'a logger with debug, info, warn and error, such as console';

/** Whether a value is a {@link Logger}. */
export function isLogger(value: unknown): boolean {
  return LEVELS.every((level) => typeof (value as Logger | null)?.[level] === 'function');
}

/**
 * Creates the logger that the package itself writes to. Each message becomes one line without credentials and control
 * characters. An error of the caller's logger is ignored.
 *
 * @param target - the caller's; without one, lines go to stderr where `NODE_DEBUG` names `itkdb`, else nowhere
 */
export function createLogger(target?: Logger): Logger {
  if (target === undefined) return debugLogger();
  const write = (level: (typeof LEVELS)[number]) => (message: string) => {
    try {
      target[level](redactedLine(message));
    } catch {
      // There is nowhere to say it.
    }
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** A logger that writes nothing. Code can compare with it, and then leave out the work of making a line. */
export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function debugLogger(): Logger {
  const log = debuglog('itkdb');
  if (!log.enabled) return SILENT;
  const write = (message: string): void => log('%s', redactedLine(message));
  return { debug: write, info: write, warn: write, error: write };
}

/** Makes one line of a message, without credentials and control characters. */
export function redactedLine(message: string): string {
  return redactor.text(message.replace(/[\r\n\u2028\u2029]+/g, ' '));
}

/** Calls a function of the caller's that is told of something. If it fails, also later, that is a warning and no more. */
export function callBack(logger: Logger, name: string, act: () => unknown): void {
  new Promise((resolve) => resolve(act())).catch((error) => {
    logger.warn(`${name} failed: ${messageOf(error)}`);
  });
}
