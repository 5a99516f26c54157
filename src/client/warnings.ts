import { callBack, type Logger } from '../config/logger.js';
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

/** Tells of warnings: in the log, and to the caller's function. */
export class WarningReporter {
  readonly #logger: Logger;
  readonly #onWarning: ((warning: Warning) => void) | undefined;

  constructor(logger: Logger, onWarning: ((warning: Warning) => void) | undefined) {
    this.#logger = logger;
    this.#onWarning = onWarning;
  }

  readonly report = (warning: Warning): void => {
    const { command, key, message, paramMap } = warning;
    const details = Object.keys(paramMap).length > 0 ? ` ${JSON.stringify(paramMap)}` : '';
    this.#logger.warn(`${command}: ${message || key}${message === '' ? '' : ` (${key})`}${details}`);
    callBack(this.#logger, 'onWarning', () => this.#onWarning?.(warning));
  };
}

/** Reads the warnings of a response body. The map of a good response may also be a text, a bug of the server. */
export function readWarnings(command: string, body: unknown): Warning[] {
  if (!isRecord(body)) return [];
  const map = body['uuAppErrorMap'];
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
