import type { Command, CommandContext, DtoIn } from './command.js';
import { commandNotFound } from './command-error.js';
import { getComponent, getComponentBulk, listComponents } from './components.js';
import { listInstitutions, listProjects } from './institutions.js';
import { getTestRun, getTestRunBulk, listTestRunsByComponent } from './test-runs.js';
import { getUser } from './users.js';

/** The commands that the embedded database answers. */
const COMMANDS: Readonly<Record<string, Command>> = {
  getUser,
  listInstitutions,
  listProjects,
  listComponents,
  getComponent,
  getComponentBulk,
  listTestRunsByComponent,
  getTestRun,
  getTestRunBulk,
};

/**
 * Runs a command.
 *
 * @throws CommandError where there is no such command, or its input is wrong
 */
export function runCommand(input: DtoIn, context: CommandContext): Record<string, unknown> {
  const { command } = context;
  const found = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (found === undefined) {
    const how = `fault({ on: '${command}', status: 200, body: { … } })`;
    throw commandNotFound(
      `${Object.keys(COMMANDS).join(', ')}; the answer to any other is yours to plan: ${how}`,
    );
  }
  return { ...found.run(input, context), uuAppErrorMap: warnings(input, command, found.keys) };
}

function warnings(input: DtoIn, command: string, known: readonly string[]): Record<string, unknown> {
  const unsupported = Object.keys(input).filter((key) => !known.includes(key));
  if (unsupported.length === 0) return {};
  const paramMap = { unsupportedKeyList: unsupported.map((key) => `$.${key}`) };
  const message = 'DtoIn contains unsupported keys.';
  return { [`cern-itkpd-main/${command}/unsupportedKeys`]: { type: 'warning', message, paramMap } };
}
