import type { ComponentType, TestType } from '../../commands/shapes.js';
import type { ResourceContext } from '../resources/resource.js';
import { reload, type WriteOptions } from '../writes/checks.js';

/** What the database says of a component type: its stages, and the tests that are done with it. */
export interface Definitions {
  readonly type: ComponentType;
  readonly testTypes: readonly TestType[];
}

/** Reads what test runs are checked with. */
export async function readDefinitions(
  client: ResourceContext['client'],
  project: string,
  componentType: string,
  call: WriteOptions,
): Promise<Definitions> {
  const [type, testTypes] = await Promise.all([
    client.get('getComponentTypeByCode', { ...reload(call), data: { project, code: componentType } }),
    client.list('listTestTypes', { project, componentType }, reload(call)).toArray(),
  ]);
  return { type, testTypes };
}
