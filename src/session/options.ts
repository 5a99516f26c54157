import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { User } from '../auth/user.js';
import type { UserLike } from '../auth/user-like.js';
import { SHARED_OPTIONS } from '../auth/user-options.js';
import type { CacheStore } from '../cache/store.js';
import {
  BOOLEAN,
  both,
  type Check,
  checkOptions,
  isWhole,
  must,
  NO_TILDE,
  numberOf,
  type OptionsExpected,
  type OptionTable,
  optionsOf,
  recordOf,
  STRING,
  wholeNumber,
} from '../config/check-options.js';
import { type Duration, toMilliseconds } from '../config/duration.js';
import { createLogger, type Logger } from '../config/logger.js';
import { SettingsReader } from '../config/settings.js';
import { InvalidInvocation } from '../exceptions/base.js';
import type { AxiosProxyConfig } from '../http/axios.js';
import { ConcurrencyLimit } from '../http/interceptors/concurrency.js';
import { HEADERS, isAgent, isForSignIn } from '../http/option-checks.js';
import { type RetryEvent, type RetryOptions, type RetryPolicy, resolveRetry } from '../http/retry-policy.js';
import { parsePrefix } from '../http/url.js';
import { isFilledString, isFunction, isObject } from '../util/guards.js';

/** Options of a `Session`. */
export interface SessionOptions {
  /** Not an option: reports `new Session(user)`. Write `new Session({ user })`. */
  readonly authenticate?: never;
  /**
   * The user that the requests are made for.
   *
   * @defaultValue a `User` with the access codes of the settings or, without any, the stored sign-in; closed together with
   * the session
   */
  readonly user?: UserLike | undefined;
  /** URL of the database. The token is sent only to URLs under it. @defaultValue `ITKDB_API_URL` */
  readonly prefixUrl?: string | URL | undefined;
  /** The file in which tokens are saved for the next process. Only without `user`, which has the same option. @defaultValue none */
  readonly saveAuth?: string | undefined;
  /** A token is refreshed when it expires within this number of seconds. Only without `user`. @defaultValue `15` */
  readonly authExpiryThreshold?: number | undefined;
  /**
   * Where responses are stored: `true` for the directory `.webcache` in the working directory, the path of another
   * directory, a `Keyv`, or a storage adapter of Keyv. `false` for no cache. @defaultValue `true`
   */
  readonly cache?: boolean | string | CacheStore | undefined;
  /** How long responses of the database to GET requests are fresh, such as `{ days: 1 }`. It overrides their headers. @defaultValue as their headers say */
  readonly expiresAfter?: Duration | undefined;
  /** Whether a write to the database invalidates the user's stored responses. @defaultValue `true` */
  readonly invalidateOnWrite?: boolean | undefined;
  /** The largest total size of the stored responses in a directory, in bytes. The least recently used are evicted. @defaultValue 512 MiB */
  readonly maxCacheSize?: number | undefined;
  /** Idle timeout in milliseconds, including sign-in. 0 disables it. @defaultValue `60000` */
  readonly timeout?: number | undefined;
  /** When a failed request is retried; `false` for never. @defaultValue 4 attempts within 2 minutes; a write only if it cannot have reached the server */
  readonly retry?: RetryOptions | false | undefined;
  /** Called before each retry. @defaultValue none */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /**
   * The number of requests sent to one server at a time; the others wait. To share one limit, give several sessions the
   * same `ConcurrencyLimit`. @defaultValue `16`
   */
  readonly maxConcurrency?: number | ConcurrencyLimit | undefined;
  /** The minimum interval between the starts of two requests to one server, in milliseconds. @defaultValue `0` */
  readonly minInterval?: number | undefined;
  /** The largest number of redirects of one request. @defaultValue `30` */
  readonly maxRedirects?: number | undefined;
  /** The largest response body, in bytes after decompression. Streams have no limit. @defaultValue 256 MiB */
  readonly maxContentLength?: number | undefined;
  /**
   * Header fields of every request. If a field contains a credential, such as `X-Api-Key`, it is sent to the database only.
   * `Authorization` and `Cookie` are refused. @defaultValue none
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Where log lines go: an object with `debug`, `info`, `warn` and `error`, such as `console`. @defaultValue stderr if `NODE_DEBUG` contains `itkdb`, otherwise nowhere */
  readonly logger?: Logger | undefined;
  /**
   * `true` turns off the lines on stderr about retries and, of a `Client`, about warnings. They are written only if stderr is a
   * terminal and there is no log.
   * @defaultValue `false`
   */
  readonly quiet?: boolean | undefined;
  /**
   * The proxy for requests and for sign-in: its URL, such as `http://proxy.example:3128`, or its parts; `false` for none.
   * @defaultValue from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`
   */
  readonly proxy?: string | AxiosProxyConfig | false | undefined;
  /**
   * Certificates of private authorities, for requests and for sign-in: the contents of a file in PEM or DER, or a list of
   * such contents. They are trusted in addition to those of Node.js. @defaultValue none
   */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The agent for `http:` URLs. `close()` does not destroy it. @defaultValue an agent of the session that keeps connections alive */
  readonly httpAgent?: HttpAgent | undefined;
  /**
   * The agent for `https:` URLs. `close()` does not destroy it. It is also used for sign-in if it verifies certificates and
   * has no client certificate. @defaultValue an agent of the session that keeps connections alive
   */
  readonly httpsAgent?: HttpsAgent | undefined;
}

/** {@link SessionOptions} after checks and defaults. Frozen. */
export interface ResolvedSessionOptions {
  readonly user: UserLike;
  /** Whether the session created the user, and closes it. */
  readonly ownsUser: boolean;
  /** URL of the database. Its path ends with a slash. */
  readonly prefix: URL;
  readonly cache: boolean | string | CacheStore;
  /** In milliseconds. */
  readonly expiresAfter: number | undefined;
  readonly invalidateOnWrite: boolean;
  readonly maxCacheSize: number;
  readonly timeout: number;
  /** undefined for one attempt. The option of a request overrides it: `resolveRetry(retry ?? false, config.retry)`. */
  readonly retry: RetryPolicy | undefined;
  readonly onRetry: ((event: RetryEvent) => void) | undefined;
  readonly maxConcurrency: ConcurrencyLimit;
  readonly minInterval: number;
  readonly maxRedirects: number;
  readonly maxContentLength: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Redacts each line, then passes it to the caller's logger. */
  readonly logger: Logger;
  readonly quiet: boolean;
  readonly proxy: string | AxiosProxyConfig | false | undefined;
  readonly ca: string | Buffer | readonly (string | Buffer)[] | undefined;
  readonly httpAgent: HttpAgent | undefined;
  readonly httpsAgent: HttpsAgent | undefined;
}

const MAX_CONCURRENCY = 16;
const MAX_REDIRECTS = 30;
const TIMEOUT = 60_000;
/** Half of the longest possible string. */
const MAX_CONTENT_LENGTH: number = 256 * 1024 * 1024;
const MAX_CACHE_SIZE: number = 512 * 1024 * 1024;

/**
 * Checks the options of a session and applies the defaults.
 *
 * @throws InvalidInvocation that names the option or setting that is wrong, and says what would be right
 */
export function resolveOptions(given: SessionOptions): ResolvedSessionOptions {
  const options = checkSessionOptions('new Session', given);
  const { maxConcurrency = MAX_CONCURRENCY } = options;
  return Object.freeze({
    user: options.user ?? defaultUser(options),
    ownsUser: options.user === undefined,
    prefix: parsePrefix(options.prefixUrl ?? new SettingsReader().get('ITKDB_API_URL')),
    cache: options.cache ?? true,
    expiresAfter: toMilliseconds(options.expiresAfter),
    invalidateOnWrite: options.invalidateOnWrite ?? true,
    maxCacheSize: options.maxCacheSize ?? MAX_CACHE_SIZE,
    timeout: options.timeout ?? TIMEOUT,
    retry: resolveRetry(options.retry),
    onRetry: options.onRetry,
    maxConcurrency:
      typeof maxConcurrency === 'number' ? new ConcurrencyLimit(maxConcurrency) : maxConcurrency,
    minInterval: options.minInterval ?? 0,
    maxRedirects: options.maxRedirects ?? MAX_REDIRECTS,
    maxContentLength: options.maxContentLength ?? MAX_CONTENT_LENGTH,
    headers: Object.freeze({ ...options.headers }),
    logger: createLogger(options.logger),
    quiet: options.quiet ?? false,
    proxy: options.proxy,
    ca: options.ca,
    httpAgent: options.httpAgent,
    httpsAgent: options.httpsAgent,
  });
}

/**
 * Checks the options of a session.
 *
 * @param subject - what has these options; starts the message
 * @param more - the options that it has besides
 * @returns a copy, without options that are undefined
 * @throws InvalidInvocation that names the option
 */
export function checkSessionOptions<Options extends SessionOptions>(
  subject: string,
  given: Options,
  more: OptionTable = {},
): Options {
  const { table } = SESSION_OPTIONS;
  const options = checkOptions(subject, given, { ...SESSION_OPTIONS, table: { ...table, ...more } });
  for (const name of ['saveAuth', 'authExpiryThreshold'] as const) {
    if (options.user === undefined || options[name] === undefined) continue;
    throw new InvalidInvocation(
      `${subject}: \`${name}\` belongs to new User({ ${name} }) where there is a \`user\``,
    );
  }
  return options;
}

/** The user of a session that is given none: what the session was told about the network counts for sign-in too. */
function defaultUser(options: SessionOptions): User {
  const { saveAuth, authExpiryThreshold, timeout, logger, quiet, retry, onRetry, proxy, ca, httpsAgent } =
    options;
  return new User({
    ...{ saveAuth, authExpiryThreshold, timeout, logger, quiet, retry, onRetry, proxy, ca },
    httpsAgent: isForSignIn(httpsAgent) ? httpsAgent : undefined,
    apiUrl: options.prefixUrl,
  });
}

function isUserLike(value: unknown): boolean {
  return isFunction((value as UserLike | null)?.authenticate) && 'bearer' in (value as object);
}

function isCacheStore(value: unknown): boolean {
  return (
    isObject(value) && ['get', 'set', 'delete', 'clear'].every((name) => isFunction(value[name as never]))
  );
}

const NUMBER = must(Number.isFinite, 'a number');

const DURATION: OptionsExpected = {
  expectation: 'an object such as { days: 1 }',
  table: {
    weeks: NUMBER,
    days: NUMBER,
    hours: NUMBER,
    minutes: NUMBER,
    seconds: NUMBER,
    milliseconds: NUMBER,
    microseconds: NUMBER,
  } satisfies Record<keyof Duration, Check>,
};

const NO_CREDENTIALS: Check = (headers, name, faults) => {
  for (const header of Object.keys(headers as object)) {
    if (!/^(?:proxy-)?authorization$|^cookie$/i.test(header)) continue;
    faults.push(
      `\`${name}.${header}\` must be left out: these headers go to every origin; use \`user\`, or \`auth\` of a request`,
    );
  }
  return headers;
};

/** What users of other clients look for, in a session or in a request. */
export const HINTS_FOR_BOTH: Readonly<Record<string, string>> = {
  proxies: 'it is `proxy` here',
  retries: 'it is `retry: { tries: 4 }` here',
  verify: 'certificates of a private authority go into `ca` of the session, or into NODE_EXTRA_CA_CERTS',
};

const OPTIONS_OF_USER = ['accessCode1', 'accessCode2', 'audience', 'jwtOptions', 'httpClient'];

const SESSION_OPTIONS: OptionsExpected = {
  expectation: 'given an object of options, such as { user }',
  hints: {
    ...HINTS_FOR_BOTH,
    ...Object.fromEntries(
      OPTIONS_OF_USER.map((name) => [name, `it is one of new User, for \`user: new User({ ${name} })\``]),
    ),
    apiUrl: 'it is `prefixUrl` here',
    baseURL: 'it is `prefixUrl` here',
    siteUrl: 'it is `prefixUrl` here',
  },
  table: {
    user: must(isUserLike, 'a user: an object with authenticate() and bearer'),
    ...SHARED_OPTIONS,
    cache: both(
      must(
        (value) => typeof value === 'boolean' || isFilledString(value) || isCacheStore(value),
        'true, false, a path or a store',
      ),
      NO_TILDE,
    ),
    expiresAfter: optionsOf(DURATION),
    invalidateOnWrite: BOOLEAN,
    maxCacheSize: numberOf('bytes'),
    maxConcurrency: must(
      (value) => isWhole(value, 1) || value === Infinity || value instanceof ConcurrencyLimit,
      'a whole number, at least 1, or Infinity; or a ConcurrencyLimit',
    ),
    minInterval: numberOf('milliseconds'),
    maxRedirects: wholeNumber('a whole number, at least 0'),
    maxContentLength: numberOf('bytes'),
    headers: both(recordOf(STRING, 'an object of header fields'), both(NO_CREDENTIALS, HEADERS)),
    httpAgent: must(isAgent, 'an http.Agent'),
  } satisfies Record<Exclude<keyof SessionOptions, 'authenticate'>, Check>,
};

/** The names of all options of a session. */
export const SESSION_OPTION_NAMES: readonly string[] = Object.keys(SESSION_OPTIONS.table);
