import type { ComponentType } from '../../commands/shapes.js';
import { isFilledString } from '../../util/guards.js';
import { codesOf } from '../../util/lists.js';
import { formOf } from '../identifiers.js';
import type { ReadOptions } from '../options.js';
import type { ComponentFilter, SiteFilter } from '../resources/components.js';
import type { ResourceContext } from '../resources/resource.js';
import { type UnknownCode, warnOfUnknown } from '../unknown-codes.js';
import { isPlaceholder } from '../writes/plan.js';

type Filter = ComponentFilter | SiteFilter;
type Client = ResourceContext['client'];

const PLACES = ['site', 'institute', 'institution', 'currentLocation'] as const;

/**
 * Warns of unknown codes in the filter of an empty list of components. It reads the institutions, the projects and the
 * component types of the projects, each only if the filter has such codes.
 *
 * @param call - the options of the requests
 */
export async function warnOfUnknownCodes(
  context: ResourceContext,
  filter: Filter,
  call: ReadOptions,
): Promise<void> {
  const { client } = context;
  await warnOfUnknown(context, 'listComponents', () => findPlaces(client, filter, call));
  await warnOfUnknown(context, 'listComponents', () => findTypes(client, filter, call));
}

async function findPlaces(client: Client, filter: Filter, call: ReadOptions): Promise<UnknownCode[]> {
  const keys = PLACES.filter((key) => codesIn(filter, key).length > 0);
  if (keys.length === 0) return [];
  const known = codesOf(await client.list('listInstitutions', {}, call).toArray());
  return keys.flatMap((key) =>
    unknownIn(filter, key, known, (code) => `there is no institution with the code ${code}`),
  );
}

async function findTypes(client: Client, filter: Filter, call: ReadOptions): Promise<UnknownCode[]> {
  const ofTypes = ['componentType', 'type', 'currentStage'] as const;
  const hasTypes = ofTypes.some((key) => codesIn(filter, key).length > 0);
  const wantedProjects = codesIn(filter, 'project');
  if (!hasTypes && wantedProjects.length === 0) return [];
  const projects = codesOf(await client.list('listProjects', {}, call).toArray());
  const noProject = unknownIn(filter, 'project', projects, (code) => `there is no project ${code}`);
  if (!hasTypes || noProject.length > 0) return noProject;
  const read = (project: string): Promise<ComponentType[]> =>
    client.list('listComponentTypes', { project }, call).toArray();
  const searched = wantedProjects.length > 0 ? wantedProjects : projects;
  const types = (await Promise.all(searched.map(read))).flat();
  const where = wantedProjects.length > 0 ? ` in the project ${wantedProjects.join(', ')}` : '';
  const noType = unknownIn(
    filter,
    'componentType',
    codesOf(types),
    (code) => `there is no component type ${code}${where}`,
  );
  if (noType.length > 0) return noType;
  const wanted = codesIn(filter, 'componentType');
  const chosen = wanted.length === 0 ? types : types.filter(({ code }) => wanted.includes(code));
  const owner = wanted.length === 0 ? 'component type' : wanted.join(', ');
  return [
    ...unknownIn(
      filter,
      'type',
      allCodes(chosen, 'types'),
      (code) => `there is no ${owner} of the type ${code}`,
    ),
    ...unknownIn(
      filter,
      'currentStage',
      allCodes(chosen, 'stages'),
      (code) => `there is no stage ${code} of a ${owner}`,
    ),
  ];
}

function allCodes(types: readonly ComponentType[], key: 'stages' | 'types'): string[] {
  return types.flatMap((type) => codesOf(type[key]));
}

function unknownIn(
  filter: Filter,
  key: string,
  listed: readonly string[],
  faultOf: (code: string) => string,
): UnknownCode[] {
  // An empty list does not show which codes exist.
  if (listed.length === 0) return [];
  const known = [...new Set(listed)];
  const codes = codesIn(filter, key).filter((code) => !known.includes(code));
  return codes.map((code) => ({ key, code, known, fault: faultOf(code) }));
}

/** Returns the codes of a key of a filter, without ids and other values that are not codes. */
function codesIn(filter: Filter, key: string): string[] {
  const values = [(filter as Readonly<Record<string, unknown>>)[key]].flat();
  return values.filter(
    (value): value is string => isFilledString(value) && !isPlaceholder(value) && formOf(value) !== 'id',
  );
}
