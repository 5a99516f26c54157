import { similarNames } from '../../util/similar.js';
import * as assembly from './assembly.js';
import { createAttachment, deleteAttachment, getAttachment } from './attachments.js';
import * as batches from './batches.js';
import { createBinaryTestRunParameter, getBinaryData, listBinaries } from './binary.js';
import { catalogueEntry, checkInput } from './check-input.js';
import { type Command, type CommandContext, type CommandRequest, type DtoIn, FileResult } from './command.js';
import { CommandError, commandNotFound, invalidInput } from './command-error.js';
import { createComment, deleteComment, updateComment } from './comments.js';
import * as changes from './component-changes.js';
import * as lists from './component-lists.js';
import * as types from './component-types.js';
import { getComponent, getComponentBulk } from './components.js';
import { requestUploadEosFile, withEosTokens } from './eos.js';
import * as institutions from './institutions.js';
import { createDummyChildren, registerComponent } from './register.js';
import { generateComponentTypeDtoSample, generateTestTypeDtoSample } from './samples.js';
import * as shipments from './shipments.js';
import * as runChanges from './test-run-changes.js';
import * as runs from './test-runs.js';
import * as testTypes from './test-types.js';
import { getUser } from './users.js';

/** The commands that the embedded database answers. */
const EMBEDDED_COMMANDS: Readonly<Record<string, Command>> = {
  getComponent: withEosTokens(getComponent),
  getComponentBulk,
  listComponents: lists.listComponents,
  listComponentsByProperty: lists.listComponentsByProperty,
  listMyComponents: lists.listMyComponents,
  registerComponent,
  createDummyChildren,
  updateComponentSN: changes.updateComponentSN,
  setComponentStage: changes.setComponentStage,
  setComponentProperty: changes.setComponentProperty,
  setComponentFlags: changes.setComponentFlags,
  addComponentFlag: changes.addComponentFlag,
  deleteComponentFlag: changes.deleteComponentFlag,
  setComponentTrashed: changes.setComponentTrashed,
  setComponentCompleted: changes.setComponentCompleted,
  setComponentCompletedBulk: changes.setComponentCompletedBulk,
  setComponentGrade: changes.setComponentGrade,
  setComponentLocation: changes.setComponentLocation,
  setScriptState: changes.setScriptState,
  deleteComponent: changes.deleteComponent,
  approveDeleteComponent: changes.approveDeleteComponent,

  assembleComponent: assembly.assembleComponent,
  assembleComponentBySlot: assembly.assembleComponentBySlot,
  disassembleComponent: assembly.disassembleComponent,
  setParentChildRelationPropertyBySlot: assembly.setParentChildRelationPropertyBySlot,

  getTestRun: withEosTokens(runs.getTestRun),
  getTestRunBulk: runs.getTestRunBulk,
  listTestRunsByComponent: runs.listTestRunsByComponent,
  listTestRunsByTestType: runs.listTestRunsByTestType,
  listTestRunsByParameter: runs.listTestRunsByParameter,
  listMyTestRuns: runs.listMyTestRuns,
  uploadTestRunResults: runChanges.uploadTestRunResults,
  setTestRunParameter: runChanges.setTestRunParameter,
  createBinaryTestRunParameter,
  setTestRunProperty: runChanges.setTestRunProperty,
  deleteTestRun: runChanges.deleteTestRun,

  createComponentComment: createComment('component'),
  updateComponentComment: updateComment('component'),
  deleteComponentComment: deleteComment('component'),
  createTestRunComment: createComment('testRun'),
  updateTestRunComment: updateComment('testRun'),
  deleteTestRunComment: deleteComment('testRun'),
  createShipmentComment: createComment('shipment'),
  updateShipmentComment: updateComment('shipment'),
  deleteShipmentComment: deleteComment('shipment'),

  createComponentAttachment: createAttachment('component'),
  getComponentAttachment: getAttachment('component'),
  deleteComponentAttachment: deleteAttachment('component'),
  createTestRunAttachment: createAttachment('testRun'),
  getTestRunAttachment: getAttachment('testRun'),
  deleteTestRunAttachment: deleteAttachment('testRun'),
  createShipmentAttachment: createAttachment('shipment'),
  getShipmentAttachment: getAttachment('shipment'),
  deleteShipmentAttachment: deleteAttachment('shipment'),
  getBatchAttachment: getAttachment('batch'),
  requestUploadEosFile,
  'uu-app-binarystore/getBinaryData': getBinaryData,
  'uu-app-binarystore/listBinaries': listBinaries,

  listComponentTypes: types.listComponentTypes,
  getComponentType: types.getComponentType,
  getComponentTypeByCode: types.getComponentTypeByCode,
  searchComponentTypeByName: types.searchComponentTypeByName,
  generateComponentTypeDtoSample,
  listTestTypes: testTypes.listTestTypes,
  listTestTypesByComponentTypes: testTypes.listTestTypesByComponentTypes,
  generateTestTypeDtoSample,
  exportTestType: testTypes.exportTestType,
  importTestType: testTypes.importTestType,

  listInstitutions: institutions.listInstitutions,
  getInstitution: institutions.getInstitution,
  getInstitutionByCode: institutions.getInstitutionByCode,
  addInstitutionComponentType: institutions.addInstitutionComponentType,
  listProjects: institutions.listProjects,
  listSubprojects: institutions.listSubprojects,
  getUser,
  getItkpdOverallStatistics: institutions.getItkpdOverallStatistics,

  listBatches: batches.listBatches,
  getBatchByNumber: batches.getBatchByNumber,
  listBatchesByComponent: batches.listBatchesByComponent,
  createBatch: batches.createBatch,
  addBatchComponent: batches.addBatchComponent,
  setBatchProperty: batches.setBatchProperty,

  createShipment: shipments.createShipment,
  updateShipment: shipments.updateShipment,
  setShipmentStatus: shipments.setShipmentStatus,
  getShipment: withEosTokens(shipments.getShipment),
  listShipmentItems: shipments.listShipmentItems,
  listShipmentsByComponent: shipments.listShipmentsByComponent,
  listShipmentsByInstitution: shipments.listShipmentsByInstitution,
};

/**
 * Runs a command.
 *
 * @throws CommandError where there is no such command, or it refuses its input
 */
export function runCommand(
  method: string,
  input: DtoIn,
  request: CommandRequest,
): Record<string, unknown> | FileResult {
  const { command } = request;
  const run = Object.hasOwn(EMBEDDED_COMMANDS, command) ? EMBEDDED_COMMANDS[command] : undefined;
  const entry = catalogueEntry(command);
  if (run === undefined || entry === undefined) {
    const similar = similarNames(command, Object.keys(EMBEDDED_COMMANDS)).map((name) => `\`${name}\``);
    const question = similar.length > 0 ? `Is it ${similar.join(' or ')}? ` : '';
    throw commandNotFound(
      `${question}A test can define the response to it: pdb.answer('${command}', { … }).`,
    );
  }
  // Some scripts read by POST. Nothing is written by GET.
  const methods = entry.method === 'POST' ? ['POST'] : ['GET', 'POST', 'HEAD'];
  if (!methods.includes(method)) throw commandNotFound(`${command} is sent by ${entry.method}.`);
  checkRights(entry.method, request);
  const unsupported: string[] = [];
  const context: CommandContext = {
    ...request,
    warn(...paths) {
      // Without quirks, an unknown key is an error.
      if (!request.quirks && paths.length > 0) throw invalidInput(command, { unsupportedKeyList: paths });
      unsupported.push(...paths);
    },
  };
  context.warn(...checkInput(command, entry, input));
  const result = run(input, context);
  if (result instanceof FileResult) return result;
  return { ...result, uuAppErrorMap: warnings(command, unsupported) };
}

/** @throws CommandError where a command writes, and the user may only read */
function checkRights(method: string, { users, user }: CommandRequest): void {
  const known = users.find(({ identity }) => identity === user.userIdentity);
  if (method !== 'POST' || known?.readOnly !== true) return;
  const message = 'The user is not authorized to use this command.';
  throw new CommandError(403, 'uu-app-workspace/authorization/userIsNotAuthorized', message);
}

function warnings(command: string, unsupported: readonly string[]): Record<string, unknown> {
  if (unsupported.length === 0) return {};
  const message = 'DtoIn contains unsupported keys.';
  const paramMap = { unsupportedKeyList: unsupported };
  return { [`cern-itkpd-main/${command}/unsupportedKeys`]: { type: 'warning', message, paramMap } };
}
