import { isRecord } from '../util/guards.js';
import { CommandError, commandNotFound } from './app-error.js';
import { PROJECTS } from './data/catalogue.js';
import type { ComponentRecord, Dataset } from './data/dataset.js';
import { type View, viewComponent, viewInstitution } from './data/views.js';
import {
  componentDoesNotExist,
  type DtoIn,
  missingKey,
  NAMESPACE,
  page,
  requireText,
  toList,
} from './dto-in.js';
import { getTestRun, getTestRunBulk, listTestRunsByComponent } from './test-run-commands.js';

/** Somebody whom the database knows. */
export interface PdbUser {
  readonly accessCode1: string;
  readonly accessCode2: string;
  /** Full name. */
  readonly name: string;
  /** Such as `1234-567-1`. */
  readonly identity: string;
  /** Code of the institution. */
  readonly institution: string;
}

/** What a command works on. */
export interface CommandContext {
  readonly command: string;
  readonly dataset: Dataset;
  readonly users: readonly PdbUser[];
}

type Command = (input: DtoIn, context: CommandContext) => Record<string, unknown>;

/** The commands that the embedded database answers. */
const COMMANDS: Readonly<Record<string, Command>> = {
  getUser,
  listInstitutions: (input, { dataset }) =>
    page('pageItemList', dataset.institutions, input, viewInstitution),
  listProjects: (input, { dataset }) =>
    page('itemList', dataset.projects, input, (project) => ({ ...project })),
  listComponents,
  getComponent,
  getComponentBulk,
  listTestRunsByComponent,
  getTestRun,
  getTestRunBulk,
};

/** The keys that each command knows; others are answered with a warning. */
const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  getUser: ['userIdentity'],
  listInstitutions: ['pageInfo'],
  listProjects: ['pageInfo'],
  listComponents: [
    'filterMap',
    'pageInfo',
    'outputType',
    'useOrInLocationSearch',
    'project',
    'subproject',
    'componentType',
    'type',
    'institution',
    'currentLocation',
    'assembled',
    'includeProperties',
  ],
  getComponent: ['component', 'alternativeIdentifier', 'noEosToken', 'outputType', 'state', 'project'],
  getComponentBulk: ['component', 'outputType', 'force', 'identifierType'],
  listTestRunsByComponent: [
    'filterMap',
    'pageInfo',
    'outputType',
    'component',
    'testType',
    'stage',
    'runNumber',
  ],
  getTestRun: ['testRun', 'noEosToken', 'outputType'],
  getTestRunBulk: ['testRun', 'noEosToken', 'outputType'],
};

/** Runs a command. */
export function runCommand(input: DtoIn, context: CommandContext): Record<string, unknown> {
  const { command } = context;
  const handler = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (handler === undefined) {
    const how = `fault({ on: '${command}', status: 200, body: { … } })`;
    throw commandNotFound(
      `${Object.keys(COMMANDS).join(', ')}; the answer to any other is yours to plan: ${how}`,
    );
  }
  return { ...handler(input, context), uuAppErrorMap: warnings(command, input) };
}

function warnings(command: string, input: DtoIn): Record<string, unknown> {
  const unsupported = Object.keys(input).filter((key) => !KNOWN_KEYS[command]?.includes(key));
  if (unsupported.length === 0) return {};
  const paramMap = { unsupportedKeyList: unsupported.map((key) => `$.${key}`) };
  const message = 'DtoIn contains unsupported keys.';
  return { [`cern-itkpd-main/${command}/unsupportedKeys`]: { type: 'warning', message, paramMap } };
}

function getUser(input: DtoIn, { command, users, dataset }: CommandContext): Record<string, unknown> {
  const userIdentity = requireText(input, 'userIdentity', command);
  const user = users.find(({ identity }) => identity === userIdentity);
  if (user === undefined) {
    throw new CommandError(400, `${NAMESPACE}/${command}/userDoesNotExist`, 'User does not exist.', {
      userIdentity,
    });
  }
  const [firstName = '', ...rest] = user.name.split(' ');
  const institution = dataset.institutions.find(({ code }) => code === user.institution);
  return {
    userIdentity,
    firstName,
    lastName: rest.join(' '),
    email: `${firstName.toLowerCase()}@${user.institution.toLowerCase()}.example`,
    state: 'active',
    preferences: null,
    institutions: institution && [
      { id: institution.id, code: institution.code, name: institution.name, default: true, executive: false },
    ],
  };
}

function getComponent(input: DtoIn, { command, dataset }: CommandContext): Record<string, unknown> {
  const identifier = requireText(input, 'component', command);
  const component = input['alternativeIdentifier']
    ? dataset.findAlternative(identifier)
    : dataset.find(identifier);
  if (component === undefined) throw componentDoesNotExist(command, identifier);
  return viewComponent(component, input['outputType'] === 'object' ? 'object' : 'full');
}

function getComponentBulk(input: DtoIn, { command, dataset }: CommandContext): Record<string, unknown> {
  const identifiers = input['component'];
  if (!Array.isArray(identifiers)) throw missingKey(command, 'component', 'array');
  const view: View = input['outputType'] === 'object' ? 'object' : 'full';
  const found = identifiers.map((identifier) => dataset.find(String(identifier)));
  const missing = found.indexOf(undefined);
  if (missing !== -1 && !input['force']) throw componentDoesNotExist(command, String(identifiers[missing]));
  const components = found.filter((component) => component !== undefined);
  return { itemList: components.map((component) => viewComponent(component, view)) };
}

function listComponents(input: DtoIn, { command, dataset }: CommandContext): Record<string, unknown> {
  const isFiltered = isRecord(input['filterMap']);
  const filter = isRecord(input['filterMap']) ? input['filterMap'] : input;
  if (!isFiltered && filter['project'] === undefined) throw missingKey(command, 'project', 'string');
  for (const project of toList(filter['project'])) {
    if (!PROJECTS.some(({ code }) => code === project)) {
      throw new CommandError(400, `${NAMESPACE}/${command}/projectDoesNotExist`, 'Project does not exist.', {
        project,
      });
    }
  }
  const components = dataset.components.filter((component) => matches(component, filter));
  const view = viewFor(input['outputType']);
  return page(isFiltered ? 'itemList' : 'pageItemList', components, input, (component) =>
    viewComponent(component, view),
  );
}

/** How each key of a filter reads what it compares with. */
const FILTERS: Readonly<Record<string, (component: ComponentRecord) => string | boolean>> = {
  project: ({ type }) => type.project,
  subproject: ({ type, typeCode }) => type.types[typeCode]?.subproject ?? '',
  componentType: ({ type }) => type.code,
  type: ({ typeCode }) => typeCode,
  currentStage: ({ type, stage }) => type.stages[stage]?.code ?? '',
  currentLocation: ({ location }) => location.code,
  institute: ({ institution }) => institution.code,
  institution: ({ institution }) => institution.code,
  serialNumber: ({ serialNumber }) => serialNumber,
  state: () => 'ready',
  assembled: ({ parent }) => parent !== undefined,
  trashed: () => false,
};

function matches(component: ComponentRecord, filter: DtoIn): boolean {
  return Object.entries(FILTERS).every(([key, read]) => {
    const wanted = filter[key];
    return wanted === undefined || wanted === null || toList(wanted).includes(read(component));
  });
}

function viewFor(outputType: unknown): View {
  return outputType === 'full' || outputType === 'object' ? outputType : 'list';
}
