import { callBack, type Logger, SILENT } from '../config/logger.js';
import { Notice } from '../config/notice.js';
import { nameUnknownKeys } from '../exceptions/reason.js';
import { redactor } from '../redaction/redact.js';
import { isRecord } from '../util/guards.js';

/** What the server, or the client itself, remarks on a request that went well. */
export interface Warning {
  /** The command, such as `getComponent`; the URL where it is no command. */
  readonly command: string;
  /** What it is about, such as `cern-itkpd-main/getComponent/unsupportedKeys`, or `listChanged`. */
  readonly key: string;
  /** The sentence of the server; `''` where it sent none. */
  readonly message: string;
  /** Details, such as `{ unsupportedKeyList: ['$.colour'] }`; `{}` where there are none. */
  readonly paramMap: Readonly<Record<string, unknown>>;
}

/** Who is told of warnings. */
interface Listeners {
  readonly logger: Logger;
  readonly onWarning: ((warning: Warning) => void) | undefined;
  /** Whether a person at the terminal is told nothing. Where there is a log or a function, the person is told nothing either. */
  readonly quiet: boolean;
}

const notice = new Notice();

/** Tells of warnings: in the log and to the caller's function, else a person at the terminal. */
export class WarningReporter {
  readonly #listeners: Listeners;

  constructor(listeners: Listeners) {
    this.#listeners = listeners;
  }

  readonly report = (warning: Warning): void => {
    const { logger, onWarning, quiet } = this.#listeners;
    const { key, message, paramMap } = warning;
    if (logger === SILENT && onWarning === undefined) {
      if (!quiet) notice.show(() => warningLine(warning));
      return;
    }
    const details = Object.keys(paramMap).length > 0 ? ` ${JSON.stringify(paramMap)}` : '';
    logger.warn(`${warningLine(warning)}${message === '' ? '' : ` (${key})`}${details}`);
    callBack(logger, 'onWarning', () => onWarning?.(warning));
  };
}

/** Returns what a person needs to know of a warning: which keys of the input were ignored. */
export function warningLine({ command, key, message, paramMap }: Warning): string {
  const unknown = nameUnknownKeys(paramMap).replace(/\.$/, ' (ignored).');
  return `${command}: ${message || key}${unknown === '' ? '' : ` ${unknown}`}`;
}

/**
 * Reads the warnings of a response body, without credentials: people print them. The map of a good response may also be a
 * text, a bug of the server.
 */
export function readWarnings(command: string, body: unknown): Warning[] {
  if (!isRecord(body)) return [];
  const map = redactor.json(body['uuAppErrorMap']);
  if (isRecord(map)) return Object.entries(map).map(([key, entry]) => toWarning(command, key, entry));
  if (map === undefined || map === null || map === '') return [];
  return [toWarning(command, 'uuAppErrorMap', map)];
}

function toWarning(command: string, key: string, entry: unknown): Warning {
  if (!isRecord(entry)) {
    const message = typeof entry === 'string' ? entry : JSON.stringify(entry);
    return { command, key, message, paramMap: {} };
  }
  const { message, paramMap } = entry;
  return {
    command,
    key,
    message: typeof message === 'string' ? message : '',
    paramMap: isRecord(paramMap) ? paramMap : {},
  };
}
