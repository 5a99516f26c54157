import {
  assembleComponent,
  assembleComponentBySlot,
  disassembleComponent,
  setParentChildRelationPropertyBySlot,
} from './assembly.js';
import { createAttachment, deleteAttachment, getAttachment } from './attachments.js';
import { catalogueEntry, checkInput } from './check-input.js';
import { type Command, type CommandContext, type DtoIn, FileResult } from './command.js';
import { CommandError, commandNotFound } from './command-error.js';
import { createComment, deleteComment, updateComment } from './comments.js';
import * as changes from './component-changes.js';
import { getComponent, getComponentBulk, listComponents } from './components.js';
import { listInstitutions, listProjects } from './institutions.js';
import { registerComponent } from './register.js';
import * as shipments from './shipments.js';
import { deleteTestRun, uploadTestRunResults } from './test-run-changes.js';
import { getTestRun, getTestRunBulk, listTestRunsByComponent } from './test-runs.js';
import { getUser } from './users.js';

/** The commands that the embedded database answers. */
const EMBEDDED_COMMANDS: Readonly<Record<string, Command>> = {
  getUser,
  listInstitutions,
  listProjects,
  listComponents,
  getComponent,
  getComponentBulk,
  listTestRunsByComponent,
  getTestRun,
  getTestRunBulk,
  registerComponent,
  updateComponentSN: changes.updateComponentSN,
  setComponentStage: changes.setComponentStage,
  setComponentProperty: changes.setComponentProperty,
  setComponentFlags: changes.setComponentFlags,
  addComponentFlag: changes.addComponentFlag,
  deleteComponentFlag: changes.deleteComponentFlag,
  setComponentTrashed: changes.setComponentTrashed,
  setComponentCompleted: changes.setComponentCompleted,
  deleteComponent: changes.deleteComponent,
  approveDeleteComponent: changes.approveDeleteComponent,
  assembleComponent,
  assembleComponentBySlot,
  disassembleComponent,
  setParentChildRelationPropertyBySlot,
  uploadTestRunResults,
  deleteTestRun,
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
  createShipment: shipments.createShipment,
  updateShipment: shipments.updateShipment,
  setShipmentStatus: shipments.setShipmentStatus,
  getShipment: shipments.getShipment,
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
  context: CommandContext,
): Record<string, unknown> | FileResult {
  const { command } = context;
  const run = Object.hasOwn(EMBEDDED_COMMANDS, command) ? EMBEDDED_COMMANDS[command] : undefined;
  const entry = catalogueEntry(command);
  if (run === undefined || entry === undefined) {
    const how = `fault({ on: '${command}', status: 200, body: { … } })`;
    throw commandNotFound(
      `${Object.keys(EMBEDDED_COMMANDS).join(', ')}; the answer to any other is yours to plan: ${how}`,
    );
  }
  // Some scripts read by POST. Nothing is written by GET.
  if (entry.method === 'POST' && method !== 'POST') {
    const message = `Command not found. ${command} is sent by POST.`;
    throw new CommandError(404, 'uu-app-server/commandNotFound', message);
  }
  const unsupported = checkInput(command, entry, input);
  const result = run(input, context);
  if (result instanceof FileResult) return result;
  return { ...result, uuAppErrorMap: warnings(command, unsupported) };
}

function warnings(command: string, unsupported: readonly string[]): Record<string, unknown> {
  if (unsupported.length === 0) return {};
  const message = 'DtoIn contains unsupported keys.';
  const paramMap = { unsupportedKeyList: unsupported };
  return { [`cern-itkpd-main/${command}/unsupportedKeys`]: { type: 'warning', message, paramMap } };
}
