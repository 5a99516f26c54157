/**
 * An embedded production database, for tests and for trying things out.
 *
 * @packageDocumentation
 */

export type { DtoIn, PdbUser } from './commands/command.js';
export type { ComponentType, Named } from './data/catalogue.js';
export type { ComponentRecord, Dataset, Institution, Slot, TestRunRecord } from './data/dataset.js';
export type { Fault, FaultKind, PlannedFault } from './faults.js';
export type { IdentityProvider, TokenOverrides } from './identity-provider.js';
export type { Answer, RecordedRequest } from './messages.js';
export { EmbeddedPdb, type PdbOptions, startPdb } from './pdb.js';
