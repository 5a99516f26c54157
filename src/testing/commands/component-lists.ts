import { isRecord } from '../../util/guards.js';
import type { ComponentRecord } from '../data/records.js';
import type { Store } from '../data/store.js';
import { COMPONENT_PROPERTIES } from '../data/test-types.js';
import { propertiesOf, type View, type ViewOptions, viewComponent } from '../data/views.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { invalidKeys } from './command-error.js';
import { isWanted, valueFilter } from './filters.js';
import { isShown, isTrue, page, pageOf, projectOf, toList } from './input.js';

/** Lists the components that a filter matches, given as `filterMap` or, in the older way, as keys of the input itself. */
export const listComponents: Command = (input, context) => {
  const filterMap = isRecord(input['filterMap']) ? input['filterMap'] : undefined;
  const filter = filterMap ?? input;
  const isEither = isTrue(input['useOrInLocationSearch']);
  const path = filterMap ? '$.filterMap.project' : '$.project';
  for (const project of toList(filter['project'])) projectOf(project, context, path);
  const hasProperties = propertyFilter(filter['propertyFilter'], '$.filterMap.propertyFilter', context);
  const components = select(filter, isEither, context).filter(hasProperties);
  return page(
    filterMap ? 'itemList' : 'pageItemList',
    isEither && context.quirks ? ofAnotherOrder(components, pageOf(input).pageIndex) : components,
    input,
    viewer(viewFor(input['outputType'], 'list'), context, {
      properties: isTrue(input['includeProperties']) || filter['propertyFilter'] !== undefined,
    }),
  );
};

/** Lists the components with given values of properties, and shows their properties. */
export const listComponentsByProperty: Command = (input, context) => {
  projectOf(input['project'], context);
  const hasProperties = propertyFilter(input['propertyFilter'], '$.propertyFilter', context);
  const components = select(input, false, context).filter(hasProperties);
  const view = viewFor(input['outputType'], 'list');
  return page('itemList', components, input, viewer(view, context, { properties: true }));
};

/** Lists the components that the user registered. */
export const listMyComponents: Command = (input, context) => {
  const { userIdentity } = context.user;
  for (const project of toList(input['project'])) projectOf(project, context);
  const mine = select({ project: input['project'] }, false, context).filter(
    (component) => component.user.userIdentity === userIdentity,
  );
  return page('itemList', limited(mine, input, context), input, viewer('list', context));
};

/**
 * Returns the first items, as many as `limit` of the input says.
 *
 * @throws CommandError where `limit` is negative
 */
export function limited<T>(items: readonly T[], { limit }: DtoIn, { command }: CommandContext): readonly T[] {
  if (typeof limit !== 'number') return items;
  if (limit < 0) throw invalidKeys(command, 'invalidValueKeyMap', { '$.limit': 'Value must be at least 0.' });
  return items.slice(0, limit);
}

/** Returns the view that an `outputType` asks for. */
export function viewFor(outputType: unknown, otherwise: View): View {
  return outputType === 'full' || outputType === 'object' ? outputType : otherwise;
}

/** How a list shows a component: it refers to parents and children by their ids. */
function viewer(
  view: View,
  { quirks }: CommandContext,
  options: Pick<ViewOptions, 'properties'> = {},
): (component: ComponentRecord) => Record<string, unknown> {
  return (component) => viewComponent(component, { view, quirks, references: 'id', ...options });
}

/** The value of a component that each key of a filter is compared with. */
const FILTERS: Readonly<Record<string, (component: ComponentRecord) => string | boolean>> = {
  project: ({ componentType }) => componentType.project,
  subproject: ({ type }) => type.subproject,
  componentType: ({ componentType }) => componentType.code,
  type: ({ type }) => type.code,
  currentStage: ({ currentStage }) => currentStage.code,
  currentLocation: ({ currentLocation }) => currentLocation.code,
  institute: ({ institution }) => institution.code,
  institution: ({ institution }) => institution.code,
  serialNumber: ({ serialNumber }) => serialNumber,
  state: ({ state }) => state,
  assembled: ({ parent }) => parent !== undefined,
  trashed: ({ trashed }) => trashed,
};

const LOCATION_KEYS = ['currentLocation', 'institute', 'institution'];

/**
 * Returns the components that a filter matches, in the order of registration.
 *
 * @param isEither - whether one of the keys of location has to match, in place of all
 */
function select(filter: DtoIn, isEither: boolean, context: CommandContext): readonly ComponentRecord[] {
  const given = Object.keys(FILTERS).filter((key) => toList(filter[key]).length > 0);
  const either = isEither ? given.filter((key) => LOCATION_KEYS.includes(key)) : [];
  const all = given.filter((key) => !either.includes(key));
  const matches = (key: string, component: ComponentRecord): boolean => {
    const value = FILTERS[key]?.(component);
    if (typeof value === 'boolean') return isTrue(filter[key]) === value;
    return isWanted(filter[key], value);
  };
  return candidates(context.store, filter, all).filter(
    (component) =>
      isShown(component, context.quirks) &&
      all.every((key) => matches(key, component)) &&
      (either.length === 0 || either.some((key) => matches(key, component))),
  );
}

/** Returns the components of the smallest index that one of the keys has, or all. */
function candidates(store: Store, filter: DtoIn, keys: readonly string[]): readonly ComponentRecord[] {
  const serialNumbers = toList(filter['serialNumber']);
  if (serialNumbers.length > 0)
    return [...new Set(serialNumbers)]
      .flatMap((number) => store.find(String(number)) ?? [])
      .sort((a, b) => a.position - b.position);
  return keys
    .map((key) => store.group(key, toList(filter[key])) ?? store.components)
    .reduce(
      (least, group) => (group.length < least.length ? group : least),
      store.components as readonly ComponentRecord[],
    );
}

function propertyFilter(
  filter: unknown,
  path: '$.propertyFilter' | '$.filterMap.propertyFilter',
  context: CommandContext,
): (component: ComponentRecord) => boolean {
  const codes = COMPONENT_PROPERTIES.map(({ code }) => code);
  const matches = valueFilter(filter, path, codes, context);
  return (component) => matches(propertiesOf(component));
}

/**
 * Returns the components in an order that depends on the page. So some are on several pages, and others on none: the real
 * database does so for `useOrInLocationSearch`.
 */
function ofAnotherOrder(
  components: readonly ComponentRecord[],
  pageIndex: number,
): readonly ComponentRecord[] {
  if (pageIndex === 0) return components;
  const key = ({ position }: ComponentRecord): number =>
    Math.imul(position + 1, 0x9e3779b1 + 2 * pageIndex) >>> 0;
  return [...components].sort((a, b) => key(a) - key(b));
}
