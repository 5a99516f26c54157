import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type * as zod from 'zod';
import type { UserLike } from '../auth/user-like.js';
import { commonShape } from '../auth/user-options.js';
import type { CacheStore } from '../cache/store.js';
import type { Logger } from '../config/logger.js';
import { atLeast0, check, lazyZod, optionsSchema, withoutTilde } from '../config/validation.js';
import { InvalidInvocation } from '../exceptions/base.js';
import type { RetryEvent, RetryOptions } from '../http/retry-policy.js';
import { isFunction, isObject } from '../util/guards.js';
import { HEADERS_EXPECTED, HINTS_FOR_BOTH, isAgent, isHeaders } from './request-config.js';

/** A length of time, as the sum of its parts; fractions are fine. The names are those of Python's `timedelta`. */
export interface Duration {
  readonly weeks?: number | undefined;
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly milliseconds?: number | undefined;
  readonly microseconds?: number | undefined;
}

/** Options of a `Session`. */
export interface SessionOptions {
  /** A user is an option, not the options: `new Session({ user })`. */
  readonly authenticate?: never;
  /** Who asks. @defaultValue a `User` with the access codes of the settings, closed together with the session */
  readonly user?: UserLike | undefined;
  /** Where the database is. Only URLs below it are sent the user's token. @defaultValue `ITKDB_API_URL` */
  readonly prefixUrl?: string | URL | undefined;
  /** A file in which tokens survive the process. Not beside `user`, which has its own. */
  readonly saveAuth?: string | undefined;
  /** A token is renewed when it has no more than this left, in seconds. Not beside `user`. @defaultValue `15` */
  readonly authExpiryThreshold?: number | undefined;
  /**
   * Where answers are kept that may be used again: `true` for `.webcache` in the working directory, the path of another
   * directory, or a `Keyv` or a storage adapter for one; `false` for nowhere. @defaultValue `true`
   */
  readonly cache?: boolean | string | CacheStore | undefined;
  /** How long the database's answers to GETs may be used again, whatever it says itself. */
  readonly expiresAfter?: Duration | undefined;
  /** Whether a write to the database makes the user's stored answers be asked for anew. @defaultValue `true` */
  readonly invalidateOnWrite?: boolean | undefined;
  /** How much the answers in a directory may take, in bytes; those not used for longest go first. @defaultValue 512 MiB */
  readonly maxCacheSize?: number | undefined;
  /** Silence of the other side to bear, in milliseconds; 0 is without end. Covers authentication. @defaultValue `60000` */
  readonly timeout?: number | undefined;
  /** When a failed request is tried again; `false` for never. @defaultValue reads at most 4 times within 2 minutes */
  readonly retry?: RetryOptions | false | undefined;
  /** Called before each further try. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /** How many requests may be under way to one server at a time; the others wait for their turn. @defaultValue `16` */
  readonly maxConcurrency?: number | undefined;
  /** The least time between the starts of two requests to one server, in milliseconds. @defaultValue `0` */
  readonly minInterval?: number | undefined;
  /** Redirects to follow. @defaultValue `30` */
  readonly maxRedirects?: number | undefined;
  /** The longest body of an answer, in bytes after decompression; streams have no limit. @defaultValue 256 MiB */
  readonly maxContentLength?: number | undefined;
  /** Header fields of every request, wherever it goes; so credentials are refused here. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Where log lines go. @defaultValue stderr where `NODE_DEBUG` names `itkdb`, else nowhere */
  readonly logger?: Logger | undefined;
  /** For `http:` URLs. Not destroyed by `close()`. @defaultValue one of the session's own that keeps sockets alive */
  readonly httpAgent?: HttpAgent | undefined;
  /** For `https:` URLs. Not destroyed by `close()`. @defaultValue one of the session's own that keeps sockets alive */
  readonly httpsAgent?: HttpsAgent | undefined;
}

/** How many requests may be under way to one server unless an option says otherwise. */
export const MAX_CONCURRENCY = 16;
/** The longest body of an answer unless an option says otherwise, in bytes: half of the longest string there can be. */
export const MAX_CONTENT_LENGTH: number = 256 * 1024 * 1024;

/** How much the answers in a directory may take unless an option says otherwise, in bytes. */
export const MAX_CACHE_SIZE: number = 512 * 1024 * 1024;

/** @throws InvalidInvocation that names the option that is wrong, and says what would be right */
export function checkSessionOptions(options: SessionOptions): void {
  const z = lazyZod();
  const units = ['weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds', 'microseconds'];
  const duration = Object.fromEntries(units.map((unit) => [unit, z.number('a number').optional()]));
  const shape = {
    user: z.custom(isUserLike, 'a user: an object with authenticate() and bearer').optional(),
    ...commonShape(),
    cache: withoutTilde(
      z.union([z.boolean(), z.string().min(1), z.custom(isCacheStore)], 'true, false, a path or a store'),
    ).optional(),
    expiresAfter: optionsSchema(duration, 'an object such as { days: 1 }').optional(),
    invalidateOnWrite: z.boolean('true or false').optional(),
    maxCacheSize: atLeast0('bytes'),
    maxConcurrency: z
      .union([z.int().min(1), z.literal(Infinity)], 'a whole number, at least 1, or Infinity')
      .optional(),
    minInterval: atLeast0('milliseconds'),
    maxRedirects: z.int('a whole number, at least 0').min(0, 'a whole number, at least 0').optional(),
    maxContentLength: atLeast0('bytes'),
    headers: z
      .record(z.string(), z.string('a string'), 'an object of header fields')
      .refine(isHeaders, HEADERS_EXPECTED)
      .superRefine(refuseCredentials)
      .optional(),
    httpAgent: z.custom(isAgent, 'an http.Agent').optional(),
    httpsAgent: z.custom(isAgent, 'an https.Agent').optional(),
  };
  check('new Session', optionsSchema(shape, 'given an object of options, such as { user }', HINTS), options);
  for (const name of ['saveAuth', 'authExpiryThreshold'] as const) {
    if (options.user === undefined || options[name] === undefined) continue;
    throw new InvalidInvocation(
      `new Session: \`${name}\` belongs to new User({ ${name} }) where there is a \`user\``,
    );
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ...HINTS_FOR_BOTH,
  ...Object.fromEntries(
    ['accessCode1', 'accessCode2', 'audience', 'jwtOptions', 'httpClient'].map((name) => [
      name,
      `it is one of new User, for \`user: new User({ ${name} })\``,
    ]),
  ),
  baseURL: 'it is `prefixUrl` here',
  siteUrl: 'it is `prefixUrl` here',
};

function refuseCredentials(headers: Readonly<Record<string, string>>, context: zod.RefinementCtx): void {
  for (const name of Object.keys(headers)) {
    if (!/^(?:proxy-)?authorization$|^cookie$/i.test(name)) continue;
    const message = 'left out: these headers go to every origin; use `user`, or `auth` of a request';
    context.addIssue({ code: 'custom', path: [name], message });
  }
}

function isUserLike(value: unknown): boolean {
  return typeof (value as UserLike | null)?.authenticate === 'function' && 'bearer' in (value as object);
}

function isCacheStore(value: unknown): boolean {
  return (
    isObject(value) && ['get', 'set', 'delete', 'clear'].every((name) => isFunction(value[name as never]))
  );
}
