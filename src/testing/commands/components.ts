import { isRecord } from '../../util/guards.js';
import { PROJECTS } from '../data/catalogue.js';
import type { ComponentRecord } from '../data/records.js';
import type { Store } from '../data/store.js';
import { type View, viewComponent } from '../data/views.js';
import type { Command, DtoIn } from './command.js';
import { refusal } from './command-error.js';
import { componentOf, isTrue, page, toList } from './input.js';

/** Returns a component by serial number, code, id or alternative identifier. */
export const getComponent: Command = (input, context) => {
  const { component: identifier } = input;
  const alternative = isTrue(input['alternativeIdentifier'])
    ? context.store.findAlternative(String(identifier))
    : undefined;
  const component = alternative ?? componentOf(identifier, context);
  return viewComponent(component, { view: viewFor(input['outputType'], 'full'), quirks: context.quirks });
};

/** Returns several components. One that does not exist is an error, unless the input says `force`. */
export const getComponentBulk: Command = (input, context) => {
  const { store, quirks } = context;
  const view = viewFor(input['outputType'], 'full');
  const identifiers = toList(input['component']);
  const components = isTrue(input['force'])
    ? identifiers.flatMap((identifier) => store.find(String(identifier)) ?? [])
    : identifiers.map((identifier) => componentOf(identifier, context));
  return { itemList: components.map((component) => viewComponent(component, { view, quirks })) };
};

/** Lists the components that a filter matches, given as `filterMap` or, in the older way, as keys of the input itself. */
export const listComponents: Command = (input, { command, store, quirks }) => {
  const filterMap = isRecord(input['filterMap']) ? input['filterMap'] : undefined;
  const filter = filterMap ?? input;
  const unknown = toList(filter['project']).find((project) => !PROJECTS.some(({ code }) => code === project));
  if (unknown !== undefined)
    throw refusal(command, 'projectDoesNotExist', 'Project does not exist.', { project: unknown });
  const components = candidates(store, filter).filter((component) => matches(component, filter));
  const view = viewFor(input['outputType'], 'list');
  return page(filterMap ? 'itemList' : 'pageItemList', components, input, (component) =>
    viewComponent(component, { view, quirks }),
  );
};

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
  state: ({ state }) => state,
  assembled: ({ parent }) => parent !== undefined,
  trashed: ({ trashed }) => trashed,
};

/** Returns the components of the smallest index that a key of the filter has, or all. */
function candidates(store: Store, filter: DtoIn): readonly ComponentRecord[] {
  const serialNumbers = toList(filter['serialNumber']);
  if (serialNumbers.length > 0)
    return [...new Set(serialNumbers)].flatMap((number) => store.find(String(number)) ?? []);
  return Object.keys(FILTERS)
    .filter((key) => toList(filter[key]).length > 0)
    .map((key) => store.group(key, toList(filter[key])) ?? store.components)
    .reduce(
      (least, group) => (group.length < least.length ? group : least),
      store.components as readonly ComponentRecord[],
    );
}

function matches(component: ComponentRecord, filter: DtoIn): boolean {
  return Object.entries(FILTERS).every(([key, read]) => {
    const wanted = filter[key];
    return wanted === undefined || wanted === null || toList(wanted).includes(read(component));
  });
}

function viewFor(outputType: unknown, otherwise: View): View {
  return outputType === 'full' || outputType === 'object' ? outputType : otherwise;
}
