/**
 * A client for the ATLAS ITk Production Database.
 *
 * {@link Client} is what most scripts use: it returns results, and reads lists over all their pages. {@link Session} sends
 * its requests, and returns whole responses. {@link User} and {@link UserBearer} sign in, {@link ConcurrencyLimit} is
 * shared by the sessions of a web tool, and every error is an {@link ITkDBException}. An embedded database to test
 * against is in `itkdb/testing`.
 *
 * ```ts
 * import { Client } from 'itkdb';
 *
 * const client = new Client(); // access codes from the environment or from .env
 * for await (const project of client.list('listProjects')) console.log(project.code, project.name);
 * await client.close();
 * ```
 *
 * @packageDocumentation
 */

export type { IdTokenClaims, JwtOptions } from './auth/id-token.js';
export type { HttpClient } from './auth/identity-provider.js';
export { User } from './auth/user.js';
export { UserBearer, type UserBearerOptions } from './auth/user-bearer.js';
export type { AuthenticateOptions, UserLike } from './auth/user-like.js';
export type { UserOptions } from './auth/user-options.js';
export type { SessionCache } from './cache/session-cache.js';
export type { CacheSize, CacheStore } from './cache/store.js';
export type { BulkFailure, BulkOutcome, BulkRead } from './client/bulk/bulk-job.js';
export type { BulkPromise } from './client/bulk/bulk-promise.js';
export type { BulkOptions } from './client/bulk/options.js';
export { Client, type InputOption } from './client/client.js';
export type { ReceivedFile } from './client/files/received-file.js';
export { Component, type ComponentData, type WalkOptions } from './client/models/component.js';
export { toCsv } from './client/models/csv.js';
export {
  type InstitutionProject,
  type InstitutionRecord,
  makeInstitution,
} from './client/models/institution.js';
export { type Row, type RowOptions, toRows } from './client/models/rows.js';
export {
  type CodedValue,
  property,
  result,
  type WithProperties,
  type WithResults,
} from './client/models/values.js';
export { type WithWebPage, webUrl } from './client/models/web-url.js';
export type { CallOptions, ClientOptions, GetOptions, ListOptions, PostOptions } from './client/options.js';
export type { Progress } from './client/pages/listing.js';
export { Page } from './client/pages/page.js';
export type { PagePromise } from './client/pages/page-promise.js';
export type { Plan, PlannedRequest } from './client/plan.js';
export type {
  BulkComponentOf,
  ComponentFilter,
  Components,
  GetComponentsOptions,
  ListComponentsOptions,
  ListedComponentOf,
  OutputType,
} from './client/resources/components.js';
export type { MergedList } from './client/resources/merged-list.js';
export type { ListTestRunsOptions, TestRuns } from './client/resources/test-runs.js';
export type { Answer, ResultPromise } from './client/result-promise.js';
export type {
  CommandResultOf,
  Converted,
  FileCommandName,
  FlatCommandResultOf,
  ItemOf,
  ListCommandName,
} from './client/results.js';
export type { SyncBatch, SyncOptions, SyncQuery } from './client/sync.js';
export type { Warning } from './client/warnings.js';
export * from './commands/commands.js';
export { type Ref, refCode, refId } from './commands/references.js';
export type * from './commands/shapes.js';
export { unchecked } from './commands/unchecked.js';
export type { Duration } from './config/duration.js';
export type { Logger } from './config/logger.js';
export { DEFAULT_SETTINGS, type Settings } from './config/settings.js';
export * from './exceptions/index.js';
export type { ResponseType } from './http/body/response-body.js';
export { ConcurrencyLimit } from './http/interceptors/concurrency.js';
export type { CacheMode } from './http/request.js';
export type { Retry, RetryEvent, RetryOptions } from './http/retry-policy.js';
export type { ShownHeaders } from './redaction/redact.js';
export type { SessionOptions } from './session/options.js';
export { PreparedRequest } from './session/prepared-request.js';
export type { DataOf, RequestConfig, SessionResponse, Transforms } from './session/request-options.js';
export { Session } from './session/session.js';
export { VERSION } from './util/version.js';
