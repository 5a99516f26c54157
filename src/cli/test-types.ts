import type { Client } from '../client/client.js';
import type { TestType } from '../commands/shapes.js';

/** Reads the test types of component types: a list for each of them. */
export function readTestTypes(
  client: Client,
  project: string,
  componentTypes: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<TestType[][]> {
  return Promise.all(
    componentTypes.map((componentType) =>
      client.list('listTestTypes', { project, componentType }, { signal }).toArray(),
    ),
  );
}
