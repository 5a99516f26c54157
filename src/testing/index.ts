/**
 * An embedded production database, for tests and for trying things out.
 *
 * @packageDocumentation
 */

export type { DtoIn, PdbUser } from './commands/command.js';
export type { ComponentType, Named, Part } from './data/catalogue.js';
export type {
  AttachmentRecord,
  BatchRecord,
  CommentRecord,
  ComponentRecord,
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
export type { Fault, FaultKind, PlannedFault } from './faults.js';
export type { IdentityProvider, TokenOverrides } from './identity-provider.js';
export type { Answer, RecordedRequest } from './messages.js';
export { EmbeddedPdb, type PdbOptions, startPdb } from './pdb.js';
