import { callBack, type Logger } from '../config/logger.js';
import { isPersonal } from '../http/own-credentials.js';
import { DEFAULT_REQUEST_OPTIONS, type RequestOptions } from '../http/request.js';
import { resolveRetry } from '../http/retry-policy.js';
import { ACCEPT_ENCODING } from '../http/transport/content-coding.js';
import { VERSION } from '../util/version.js';
import type { ResolvedSessionOptions } from './options.js';
import type { RequestConfig } from './request-options.js';

/** Header fields of every request, unless an option says otherwise. */
const HEADERS = { accept: '*/*', 'accept-encoding': ACCEPT_ENCODING, 'user-agent': `itkdb/${VERSION}` };

/** What the requests of a session have where they do not say otherwise. */
export class RequestDefaults {
  readonly #options: RequestOptions;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #publicHeaders: Readonly<Record<string, string>>;
  readonly #logger: Logger;

  constructor(session: ResolvedSessionOptions) {
    const { timeout, maxContentLength, maxRedirects, retry, httpAgent, httpsAgent, proxy } = session;
    this.#options = Object.freeze({
      ...DEFAULT_REQUEST_OPTIONS,
      ...{ timeout, maxContentLength, maxRedirects, retry, httpAgent, httpsAgent, proxy },
    });
    const headers = Object.entries(session.headers).map(
      ([name, value]) => [name.toLowerCase(), value] as const,
    );
    this.#headers = Object.freeze({ ...HEADERS, ...Object.fromEntries(headers) });
    this.#publicHeaders = Object.freeze({
      ...HEADERS,
      ...Object.fromEntries(headers.filter(([name]) => !isPersonal(name))),
    });
    this.#logger = session.logger;
  }

  /** The header fields of a request, names in lower case. Another server than the database is told no secrets. */
  headers(isToDatabase: boolean): Readonly<Record<string, string>> {
    return isToDatabase ? this.#headers : this.#publicHeaders;
  }

  /** The options of a request over those of the session, which most requests have as they are. */
  options(config: RequestConfig): RequestOptions {
    const overrides: Record<string, unknown> = {};
    for (const name of Object.keys(config)) {
      if (Object.hasOwn(this.#options, name)) overrides[name] = config[name as keyof RequestConfig];
    }
    if (config.responseType === 'stream') {
      overrides['isStream'] = true;
      overrides['maxContentLength'] ??= -1;
    }
    if (Object.keys(overrides).length === 0) return this.#options;
    if (config.validateStatus === null) overrides['validateStatus'] = () => true;
    if (config.retry !== undefined)
      overrides['retry'] = resolveRetry(this.#options.retry ?? false, config.retry);
    for (const name of ['onUploadProgress', 'onDownloadProgress'] as const)
      if (config[name] !== undefined) overrides[name] = this.#notifier(name, config[name]);
    return Object.freeze({ ...this.#options, ...overrides });
  }

  /** Calls a function of the caller that is told of something: if it fails, that is a warning and no more. */
  #notifier<Event>(name: string, tell: (event: Event) => void): (event: Event) => void {
    return (event) => callBack(this.#logger, name, () => tell(event));
  }
}
