import type * as zod from 'zod';
import { isLogger, LOGGER_EXPECTED, type Logger } from '../config/logger.js';
import {
  atLeast0,
  check,
  lazyZod,
  optionsSchema,
  prefixUrlSchema,
  withoutTilde,
} from '../config/validation.js';
import { type RetryEvent, type RetryOptions, retrySchema } from '../http/retry-policy.js';
import { isFunction } from '../util/guards.js';
import type { JwtOptions } from './id-token.js';
import type { HttpClient } from './identity-provider.js';

/** Options of a {@link User}. What is not given comes from the settings, when it is first needed. */
export interface UserOptions {
  /** First personal access code. @defaultValue `ITKDB_ACCESS_CODE1` */
  readonly accessCode1?: string | undefined;
  /** Second personal access code. @defaultValue `ITKDB_ACCESS_CODE2` */
  readonly accessCode2?: string | undefined;
  /** Whom the id token must be meant for. @defaultValue `ITKDB_ACCESS_AUDIENCE` */
  readonly audience?: string | undefined;
  /** Where the identity service is. @defaultValue `ITKDB_AUTH_URL` */
  readonly prefixUrl?: string | URL | undefined;
  /** Further options for jose's `jwtVerify`; `clockTolerance` replaces `ITKDB_LEEWAY`. */
  readonly jwtOptions?: JwtOptions | undefined;
  /** A file in which tokens survive the process. It holds no access codes and only its owner can read it. */
  readonly saveAuth?: string | undefined;
  /** A token is renewed when it has no more than this left, in seconds. @defaultValue `15` */
  readonly authExpiryThreshold?: number | undefined;
  /** Silence of the identity service to bear, in milliseconds; 0 is without end. @defaultValue `60000` */
  readonly timeout?: number | undefined;
  /** When asking for a token is tried again; `false` for never. @defaultValue at most 4 times within 2 minutes */
  readonly retry?: RetryOptions | false | undefined;
  /** Called before each further try. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /** Where warnings go. @defaultValue stderr where `NODE_DEBUG` names `itkdb`, else nowhere */
  readonly logger?: Logger | undefined;
  /** The HTTP client to use, such as an axios instance; it is asked once. @defaultValue one of our own, with `retry` */
  readonly httpClient?: HttpClient | undefined;
}

/** A token is renewed when it has no more than this left, unless an option says otherwise. In seconds. */
export const AUTH_EXPIRY_THRESHOLD = 15;
/** Silence to bear unless an option says otherwise, in milliseconds. */
export const DEFAULT_TIMEOUT = 60_000;

/** What the options must be that a session and the user that it makes have in common. */
export function commonShape(): zod.ZodRawShape {
  const z = lazyZod();
  return {
    prefixUrl: prefixUrlSchema().optional(),
    saveAuth: withoutTilde(z.string('the path of a file').min(1, 'the path of a file')).optional(),
    authExpiryThreshold: atLeast0('seconds'),
    timeout: atLeast0('milliseconds'),
    retry: retrySchema().optional(),
    onRetry: z.custom(isFunction, 'a function').optional(),
    logger: z.custom(isLogger, LOGGER_EXPECTED).optional(),
  };
}

/** @throws InvalidInvocation that names the option that is wrong, and says what would be right */
export function checkUserOptions(options: UserOptions): void {
  const z = lazyZod();
  const text = z.string('a string').optional();
  const isClient = (value: unknown): boolean => isFunction((value as HttpClient | null)?.request);
  const shape = {
    ...commonShape(),
    accessCode1: text,
    accessCode2: text,
    audience: text,
    jwtOptions: jwtOptionsSchema().optional(),
    httpClient: z.custom(isClient, 'an HTTP client, such as axios').optional(),
  };
  check(
    'new User',
    optionsSchema(shape, 'given an object of options, such as { accessCode1, accessCode2 }'),
    options,
  );
}

/** What `jwtOptions` may be: no algorithm of one's own, and none of the Python package's switches that turn checks off. */
function jwtOptionsSchema(): zod.ZodType {
  const z = lazyZod();
  const text = z.string('a string');
  const texts = z.array(text, 'a list of strings');
  const time = z.union([z.number().min(0), text], 'a number of seconds, or a time such as "2 minutes"');
  const types: Record<keyof JwtOptions, zod.ZodType> = {
    clockTolerance: time,
    crit: z.record(text, z.boolean('true or false'), 'an object such as { b64: true }'),
    currentDate: z.date('a Date'),
    issuer: z.union([text, texts], 'a string, or a list of them'),
    maxTokenAge: time,
    requiredClaims: texts,
    subject: text,
    typ: text,
  };
  const shape = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, type.optional()]));
  return optionsSchema(shape, "an object of options for jose's jwtVerify");
}
