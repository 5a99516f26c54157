/**
 * A client for the ATLAS ITk Production Database.
 *
 * @packageDocumentation
 */

export type { SessionCache } from './cache/session-cache.js';
export type { CacheSize, CacheStore } from './cache/store.js';
export * from './exceptions/index.js';
export type { Retry, RetryEvent, RetryOptions } from './http/retry-policy.js';
export type { CacheMode } from './http/wire.js';
export type { Logger } from './logger.js';
export type { ShownHeaders } from './redact.js';
export type { Duration, SessionOptions } from './session/options.js';
export { PreparedRequest } from './session/prepared-request.js';
export type { RequestConfig, SessionResponse } from './session/request-config.js';
export { Session } from './session/session.js';
export { DEFAULT_SETTINGS, type Settings } from './settings.js';
export type { IdTokenClaims, JwtOptions } from './user/id-token.js';
export type { HttpClient } from './user/identity-service.js';
export { User } from './user/user.js';
export { UserBearer, type UserBearerOptions } from './user/user-bearer.js';
export type { AuthenticateOptions, UserLike } from './user/user-like.js';
export type { UserOptions } from './user/user-options.js';
export { VERSION } from './version.js';
