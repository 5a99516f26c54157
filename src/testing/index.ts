/**
 * An embedded production database, for tests and for trying things out.
 *
 * @packageDocumentation
 */

export type { AnswerOptions, PlannedAnswer } from './answers.js';
export type { DtoIn, PdbUser } from './commands/command.js';
export type { ComponentType, Named, Part, Stage, TypeVariant } from './data/catalogue.js';
export type {
  AttachmentRecord,
  BatchRecord,
  CommentRecord,
  ComponentRecord,
  Grade,
  Institution,
  LocationEntry,
  Person,
  ShipmentItem,
  ShipmentRecord,
  Slot,
  StageEntry,
  TestRunRecord,
} from './data/records.js';
export type { Dataset, Snapshot } from './data/store.js';
export type { Parameter, TestType } from './data/test-types.js';
export type { Fault, FaultKind } from './faults.js';
export type { IdentityProvider, TokenOverrides } from './identity-provider.js';
export type { LatencyModel } from './latency.js';
export type { RecordedRequest } from './messages.js';
export type { FilePart } from './multipart.js';
export { EmbeddedPdb, type PdbOptions, startPdb } from './pdb.js';
export type { PlannedFault, PlanOptions } from './plans.js';
