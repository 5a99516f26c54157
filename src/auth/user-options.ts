import type { Agent as HttpsAgent } from 'node:https';
import {
  BOOLEAN,
  both,
  type Check,
  FUNCTION,
  isWhole,
  listOf,
  must,
  NO_TILDE,
  numberOf,
  type OptionsExpected,
  optionsOf,
  PREFIX_URL,
  recordOf,
  STRING,
} from '../config/check-options.js';
import { isLogger, LOGGER_EXPECTED, type Logger } from '../config/logger.js';
import type { AxiosProxyConfig } from '../http/axios.js';
import { CA, isAgent, PROXY } from '../http/option-checks.js';
import { RETRY, type RetryEvent, type RetryOptions } from '../http/retry-policy.js';
import { isFilledString, isFunction } from '../util/guards.js';
import type { JwtOptions } from './id-token.js';
import type { HttpClient } from './identity-provider.js';

/**
 * Options of a {@link User}. What is not given comes from the settings, when it is first needed. Where there are no access
 * codes at all, the sign-in is used that `npx itkdb login` has stored; `saveAuth` has no effect on it.
 */
export interface UserOptions {
  /** First personal access code. @defaultValue `ITKDB_ACCESS_CODE1` */
  readonly accessCode1?: string | undefined;
  /** Second personal access code. @defaultValue `ITKDB_ACCESS_CODE2` */
  readonly accessCode2?: string | undefined;
  /** The audience that the id token must have. @defaultValue `ITKDB_ACCESS_AUDIENCE` */
  readonly audience?: string | undefined;
  /** URL of the identity service. @defaultValue `ITKDB_AUTH_URL` */
  readonly prefixUrl?: string | URL | undefined;
  /**
   * URL of the database that the token is for. Without access codes, a stored sign-in must be for it.
   *
   * @defaultValue the `prefixUrl` of the session, or else `ITKDB_API_URL`
   */
  readonly apiUrl?: string | URL | undefined;
  /** Further options for jose's `jwtVerify`. @defaultValue `{ clockTolerance }`, in seconds, of `ITKDB_LEEWAY` */
  readonly jwtOptions?: JwtOptions | undefined;
  /** A file in which tokens survive the process. It holds no access codes and only its owner can read it. @defaultValue none */
  readonly saveAuth?: string | undefined;
  /** A token is refreshed when it has no more than this left, in seconds. @defaultValue `15` */
  readonly authExpiryThreshold?: number | undefined;
  /** Idle timeout of the identity service in milliseconds. 0 disables it. @defaultValue `60000` */
  readonly timeout?: number | undefined;
  /** When a failed request for a token is retried; `false` for never. @defaultValue 4 attempts within 2 minutes */
  readonly retry?: RetryOptions | false | undefined;
  /** Called before each retry. @defaultValue none */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /** Where log lines go: an object with `debug`, `info`, `warn` and `error`, such as `console`. @defaultValue stderr where `NODE_DEBUG` names `itkdb`, else nowhere */
  readonly logger?: Logger | undefined;
  /**
   * Whether no line on stderr says that requests for a token are being retried. There is such a line only where stderr is
   * a terminal and nothing is logged. @defaultValue `false`
   */
  readonly quiet?: boolean | undefined;
  /**
   * A proxy for sign-in: its URL, such as `http://proxy.example:3128`, or its parts; `false` for none.
   *
   * @defaultValue the proxy that the environment names
   */
  readonly proxy?: string | AxiosProxyConfig | false | undefined;
  /**
   * Certificates of private authorities, for sign-in: the contents of a file in PEM or DER, or a list of them. They are
   * trusted besides those of Node. @defaultValue none
   */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The agent for `https:` URLs. @defaultValue one of our own */
  readonly httpsAgent?: HttpsAgent | undefined;
  /**
   * The HTTP client to use, such as an axios instance. It sends each request once: `retry`, `proxy`, `ca` and `httpsAgent` do
   * not apply to it. @defaultValue one of our own
   */
  readonly httpClient?: HttpClient | undefined;
}

/** A token is refreshed when it has no more than this left, unless an option says otherwise. In seconds. */
export const AUTH_EXPIRY_THRESHOLD = 15;
/** Idle timeout unless an option says otherwise, in milliseconds. */
export const DEFAULT_TIMEOUT = 60_000;

type SharedOption =
  | 'prefixUrl'
  | 'saveAuth'
  | 'authExpiryThreshold'
  | 'timeout'
  | 'retry'
  | 'onRetry'
  | 'logger'
  | 'quiet'
  | 'proxy'
  | 'ca'
  | 'httpsAgent';

/** The options that a session and the user that it makes have in common. */
export const SHARED_OPTIONS: Readonly<Record<SharedOption, Check>> = {
  prefixUrl: PREFIX_URL,
  saveAuth: both(must(isFilledString, 'the path of a file'), NO_TILDE),
  authExpiryThreshold: numberOf('seconds'),
  timeout: numberOf('milliseconds'),
  retry: RETRY,
  onRetry: FUNCTION,
  logger: must(isLogger, LOGGER_EXPECTED),
  quiet: BOOLEAN,
  proxy: PROXY,
  ca: CA,
  httpsAgent: must(isAgent, 'an https.Agent'),
};

const TIME = must(
  (value) => typeof value === 'string' || (Number.isFinite(value) && (value as number) >= 0),
  'a number of seconds, or a time such as "2 minutes"',
);
const STRINGS = listOf(STRING, 'a list of strings');

/** No algorithm of the caller's, and none of the Python package's switches that turn checks off. */
const JWT_OPTIONS: OptionsExpected = {
  expectation: "an object of options for jose's jwtVerify",
  table: {
    clockTolerance: TIME,
    crit: recordOf(BOOLEAN, 'an object such as { b64: true }'),
    currentDate: must((value) => value instanceof Date && isWhole(value.getTime(), 0), 'a Date'),
    issuer: must(
      (value) => [value].flat().every((item) => typeof item === 'string'),
      'a string, or a list of them',
    ),
    maxTokenAge: TIME,
    requiredClaims: STRINGS,
    subject: STRING,
    typ: STRING,
  } satisfies Record<keyof JwtOptions, Check>,
};

/** What the options of a user are. */
export const USER_OPTIONS: OptionsExpected = {
  expectation: 'given an object of options, such as { accessCode1, accessCode2 }',
  table: {
    ...SHARED_OPTIONS,
    accessCode1: STRING,
    accessCode2: STRING,
    audience: STRING,
    apiUrl: PREFIX_URL,
    jwtOptions: optionsOf(JWT_OPTIONS),
    httpClient: must(
      (value) => isFunction((value as HttpClient | null)?.request),
      'an HTTP client, such as axios',
    ),
  } satisfies Record<keyof UserOptions, Check>,
};
