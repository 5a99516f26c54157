import type { ComponentType, TestType } from '../../commands/shapes.js';
import type { ResourceContext } from '../resources/resource.js';
import type { WriteOptions } from '../writes/write-options.js';

/** What the database says of a component type: its stages, and the tests that are done with it. */
export interface Definitions {
  readonly type: ComponentType;
  readonly testTypes: readonly TestType[];
}

/** For how long definitions are used again, in milliseconds. */
const USABLE = 600_000;

/** Reads what test runs are checked with, and keeps it for a while: it seldom changes. */
export class DefinitionReader {
  readonly #client: ResourceContext['client'];
  readonly #known = new Map<string, Definitions & { readonly time: number }>();

  constructor(client: ResourceContext['client']) {
    this.#client = client;
  }

  /** Returns what was read before, if it is not too old. Where it says that something is wrong, it should be read again. */
  known(project: string, componentType: string): Definitions | undefined {
    const known = this.#known.get(JSON.stringify([project, componentType]));
    return known !== undefined && performance.now() - known.time < USABLE ? known : undefined;
  }

  async read(project: string, componentType: string, call: WriteOptions): Promise<Definitions> {
    const [type, testTypes] = await Promise.all([
      this.#client.get('getComponentTypeByCode', { ...call, data: { project, code: componentType } }),
      this.#client.list('listTestTypes', { project, componentType }, call).toArray(),
    ]);
    const definitions = { type, testTypes, time: performance.now() };
    this.#known.set(JSON.stringify([project, componentType]), definitions);
    return definitions;
  }
}
