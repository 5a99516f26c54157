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
export type { AssembledSlot, AssembleOptions, DisassembleOptions } from './client/components/assemble.js';
export type { SetStageOptions } from './client/components/change.js';
export type { ComponentName } from './client/components/component-name.js';
export type {
  ForEachRowOptions,
  RowFunction,
  RowResult,
  RowsReport,
} from './client/components/for-each-row.js';
export type { MergedList } from './client/components/merged-list.js';
export { type CsvRow, parseCsv, readCsv } from './client/components/read-csv.js';
export type { RegisterOptions } from './client/components/register.js';
export type {
  RegisteredRow,
  RegisterManyOptions,
  RegisterReport,
  RegisterRow,
} from './client/components/register-many.js';
export type { RegisterInput } from './client/components/registration.js';
export { parseSerialNumber, type SerialNumberParts } from './client/components/serial-number.js';
export type {
  DownloadAllOptions,
  DownloadedFile,
  DownloadOptions,
  DownloadReport,
  TransferProgress,
} from './client/files/download.js';
export {
  BinaryFile,
  type FileDetails,
  ImageFile,
  type SaveOptions,
  TextFile,
  ZipFile,
} from './client/files/file.js';
export type { WhichAttachment } from './client/files/which-attachment.js';
export type { ZipEntry } from './client/files/zip.js';
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
export type {
  CallOptions,
  ClientOptions,
  EosChoice,
  GetOptions,
  ListOptions,
  PostOptions,
  ReadOptions,
} from './client/options.js';
export { Page } from './client/pages/page.js';
export type { PagePromise } from './client/pages/page-promise.js';
export type { Progress } from './client/requests/progress.js';
export type { Attachments } from './client/resources/attachments.js';
export type {
  AddedToBatch,
  Batches,
  BatchFilter,
  BatchNumber,
} from './client/resources/batches.js';
export type {
  BulkComponentOf,
  ComponentFilter,
  Components,
  GetComponentOptions,
  GetComponentsOptions,
  ListComponentsOptions,
  ListedComponentOf,
  OutputType,
  SiteFilter,
  TreeOptions,
} from './client/resources/components.js';
export type { Institutions, UserInstitution } from './client/resources/institutions.js';
export type { ShipmentFilter, Shipments } from './client/resources/shipments.js';
export type { ListTestRunsOptions, TestRuns } from './client/resources/test-runs.js';
export type { Users } from './client/resources/users.js';
export type { Answer, ResultPromise } from './client/result-promise.js';
export type {
  CommandResultOf,
  Converted,
  FileCommandName,
  FlatCommandResultOf,
  ItemOf,
  ListCommandName,
} from './client/results.js';
export type { CreateShipmentOptions } from './client/shipments/create.js';
export type { ReceiveShipmentOptions } from './client/shipments/receive.js';
export type { ShipmentName } from './client/shipments/status.js';
export type { SyncBatch, SyncOptions, SyncQuery } from './client/sync.js';
export type { Target, TargetName } from './client/targets.js';
export type { TestRunName } from './client/test-runs/changes.js';
export type { TestRunsOfTreeOptions } from './client/test-runs/of-tree.js';
export type { CheckTestRunOptions, UploadTestRunOptions } from './client/test-runs/options.js';
export type { TestRunInput, TestRunTemplate, UploadInput } from './client/test-runs/test-run-input.js';
export type { UploadedTestRun } from './client/test-runs/upload.js';
export type { AddAttachmentOptions } from './client/uploads/add.js';
export type { UploadSource } from './client/uploads/local-file.js';
export type { DeleteAttachmentOptions } from './client/uploads/remove.js';
export type { AddedAttachment } from './client/uploads/upload.js';
export type { Warning } from './client/warnings.js';
export type { WriteOptions } from './client/writes/checks.js';
export type { Plan, PlannedRequest } from './client/writes/plan.js';
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
