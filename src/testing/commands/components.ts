import { isRecord } from '../../util/guards.js';
import { PROJECTS } from '../data/catalogue.js';
import type { ComponentRecord } from '../data/dataset.js';
import { type View, viewComponent } from '../data/views.js';
import type { Command, DtoIn } from './command.js';
import { CommandError, componentDoesNotExist, missingKey, NAMESPACE } from './command-error.js';
import { page, requireList, requireText, toList } from './input.js';

/** Returns a component by serial number, code, id or alternative identifier. */
export const getComponent: Command = {
  keys: ['component', 'alternativeIdentifier', 'noEosToken', 'outputType', 'state', 'project'],
  run(input, { command, dataset }) {
    const identifier = requireText(input, 'component', command);
    const component = input['alternativeIdentifier']
      ? dataset.findAlternative(identifier)
      : dataset.find(identifier);
    if (component === undefined) throw componentDoesNotExist(command, identifier);
    return viewComponent(component, viewFor(input['outputType'], 'full'));
  },
};

/** Returns several components. One that does not exist is an error, unless the input says `force`. */
export const getComponentBulk: Command = {
  keys: ['component', 'outputType', 'force', 'identifierType'],
  run(input, { command, dataset }) {
    const identifiers = requireList(input, 'component', command);
    const view = viewFor(input['outputType'], 'full');
    const found = identifiers.map((identifier) => dataset.find(String(identifier)));
    const missing = found.indexOf(undefined);
    if (missing !== -1 && !input['force']) throw componentDoesNotExist(command, String(identifiers[missing]));
    const components = found.filter((component) => component !== undefined);
    return { itemList: components.map((component) => viewComponent(component, view)) };
  },
};

/** Lists the components that a filter matches, given as `filterMap` or, in the older way, as keys of the input itself. */
export const listComponents: Command = {
  keys: [
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
  run(input, { command, dataset }) {
    const filterMap = isRecord(input['filterMap']) ? input['filterMap'] : undefined;
    const filter = filterMap ?? input;
    if (filterMap === undefined && filter['project'] === undefined)
      throw missingKey(command, 'project', 'string');
    checkProjects(toList(filter['project']), command);
    const components = dataset.components.filter((component) => matches(component, filter));
    const view = viewFor(input['outputType'], 'list');
    return page(filterMap ? 'itemList' : 'pageItemList', components, input, (component) =>
      viewComponent(component, view),
    );
  },
};

function checkProjects(projects: readonly unknown[], command: string): void {
  const unknown = projects.find((project) => !PROJECTS.some(({ code }) => code === project));
  if (unknown === undefined) return;
  const key = `${NAMESPACE}/${command}/projectDoesNotExist`;
  throw new CommandError(400, key, 'Project does not exist.', { project: unknown });
}

/** The value of a component that each key of a filter is compared with. */
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

function viewFor(outputType: unknown, otherwise: View): View {
  return outputType === 'full' || outputType === 'object' ? outputType : otherwise;
}
