import { type Ref, refCode, refId } from '../../commands/references.js';
import type { BulkComponent, FullComponent, ParentLink } from '../../commands/shapes.js';
import { asList } from '../../util/lists.js';
import type { BulkOptions } from '../bulk/options.js';
import type { Components } from '../resources/components.js';
import type { ResourceContext } from '../resources/resource.js';

/** The options of each request. */
type Call = Omit<BulkOptions, 'chunkSize' | 'errors' | 'onProgress'>;

/** What reads the components of a level. */
export interface Reader {
  readonly client: ResourceContext['client'];
  readonly components: Pick<Components, 'getMany'>;
}

/** Returns the components that a component is in now. Historic links have no component, or another state. */
export function parentsOf({ parents }: WithParents): NonNullable<Ref>[] {
  return asList(parents).flatMap(({ component, state }) =>
    component === null || (state !== undefined && state !== 'ready') ? [] : [component],
  );
}

interface WithParents {
  readonly parents?: readonly ParentLink<Ref>[] | null;
}

/** Reads the components that a component is in, and those that these are in, level by level. */
export async function readAncestors(
  reader: Reader,
  component: FullComponent | BulkComponent,
  call: Call,
  levels: number,
): Promise<BulkComponent[]> {
  const seen = new Set([component.id]);
  const ancestors: BulkComponent[] = [];
  let names = namesOf(component);
  for (let level = 0; level < levels && names.length > 0; level += 1) {
    const parents = (await readAll(reader, names, call)).filter(({ id }) => !seen.has(id) && seen.add(id));
    ancestors.push(...parents);
    names = parents.flatMap(namesOf);
  }
  return ancestors;
}

function namesOf(component: WithParents): string[] {
  return parentsOf(component).flatMap((parent) => refId(parent) ?? refCode(parent) ?? []);
}

/** Reads components. One that the bulk command leaves out, or shows without its parents, is read by itself. */
async function readAll(
  { client, components }: Reader,
  names: readonly string[],
  call: Call,
): Promise<BulkComponent[]> {
  const { items, missing } = await components.getMany(names, call);
  const read = (component: string): Promise<BulkComponent> =>
    client.get('getComponent', { ...call, data: { component } });
  const whole = items.map((item) => (item.parents === undefined ? read(item.id) : item));
  return Promise.all([...whole, ...missing.map(read)]);
}
