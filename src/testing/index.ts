/**
 * An embedded production database, for tests and for trying things out.
 *
 * @packageDocumentation
 */

export type { PdbUser } from './commands.js';
export type { ComponentType, Named } from './data/catalogue.js';
export type { ComponentRecord, Dataset, Institution, Slot, TestRunRecord } from './data/dataset.js';
export type { DtoIn } from './dto-in.js';
export type { Fault, FaultKind, PlannedFault } from './faults.js';
export type { IdentityProvider, TokenOverrides } from './identity-provider.js';
export { EmbeddedPdb, type PdbOptions, startPdb } from './pdb.js';
export type { Answer, RecordedRequest } from './server.js';
