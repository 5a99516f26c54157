import type { ComponentType } from '../../commands/shapes.js';
import { BadRequest, Forbidden } from '../../exceptions/response.js';
import { codesOf } from '../../util/lists.js';
import { suggest } from '../../util/similar.js';
import type { ResourceContext } from '../resources/resource.js';
import { reload, type WriteOptions } from '../writes/checks.js';
import { isPlaceholder } from '../writes/plan.js';

/** For how long a definition is used without being read again, in milliseconds. */
const USABLE = 600_000;
/** The same, if a check against it finds a problem: another user may have changed the definition. */
const TRUSTED = 10_000;

/** What the methods get that write about components. */
export interface WriteContext {
  readonly client: ResourceContext['client'];
  readonly types: ComponentTypes;
}

/** Keeps what the database says of component types. It is only used to find faults before a write. */
export class DefinitionCache<T> {
  readonly #read: (project: string, code: string, call: WriteOptions) => Promise<T>;
  readonly #known = new Map<string, { readonly definition: T; readonly time: number }>();

  /** @param read - reads the definition of a component type */
  constructor(read: (project: string, code: string, call: WriteOptions) => Promise<T>) {
    this.#read = read;
  }

  /**
   * Checks something with the definition of a component type. Where an old one says that something is wrong, it is read
   * again, and checked again.
   *
   * @param project - the code of the project
   * @param code - the code of the component type
   * @param check - returns what it finds
   * @param isGood - whether this is nothing wrong
   */
  async check<Found>(
    { project, code, call }: { readonly project: string; readonly code: string; readonly call: WriteOptions },
    check: (definition: T) => Found | Promise<Found>,
    isGood: (found: Found) => boolean,
  ): Promise<Found> {
    const key = JSON.stringify([project, code]);
    const known = this.#known.get(key);
    const age = known === undefined ? Infinity : performance.now() - known.time;
    if (known !== undefined && age < USABLE) {
      const found = await check(known.definition);
      if (age < TRUSTED || isGood(found)) return found;
    }
    const definition = await this.#read(project, code, call);
    this.#known.set(key, { definition, time: performance.now() });
    return check(definition);
  }
}

/** The component types, and the institutions. */
export class ComponentTypes {
  readonly #types: DefinitionCache<ComponentType | string>;
  readonly #institutions: DefinitionCache<readonly string[]>;

  constructor(client: ResourceContext['client']) {
    this.#types = new DefinitionCache((project, code, call) => readType(client, project, code, call));
    this.#institutions = new DefinitionCache((_project, _code, call) => readInstitutions(client, call));
  }

  /**
   * Returns the problems that a check finds with a component type, or that there is no such component type.
   *
   * @param check - returns a sentence for each problem
   */
  problems(
    project: string,
    code: string,
    call: WriteOptions,
    check: (type: ComponentType) => string[],
  ): Promise<string[]> {
    return this.#types.check(
      { project, code, call },
      (type) => (typeof type === 'string' ? [type] : check(type)),
      (problems) => problems.length === 0,
    );
  }

  /** Returns that there is no such institution, as a sentence; undefined where there is one. */
  async problemOfInstitution(code: string, call: WriteOptions): Promise<string | undefined> {
    if (isPlaceholder(code)) return undefined;
    const check = (codes: readonly string[]): string | undefined =>
      codes.length === 0 || codes.includes(code)
        ? undefined
        : `there is no institution ${code}${suggest(code, codes)}`;
    return this.#institutions.check({ project: '', code: '', call }, check, (found) => found === undefined);
  }
}

/** Reads the codes of all institutions; none where the database does not list them. Then it checks them itself. */
async function readInstitutions(
  client: ResourceContext['client'],
  call: WriteOptions,
): Promise<readonly string[]> {
  try {
    return codesOf(await client.list('listInstitutions', {}, reload(call)).toArray());
  } catch (error) {
    if (error instanceof BadRequest || error instanceof Forbidden) return [];
    throw error;
  }
}

/** Reads a component type, or why there is none. */
async function readType(
  client: ResourceContext['client'],
  project: string,
  code: string,
  call: WriteOptions,
): Promise<ComponentType | string> {
  try {
    return await client.get('getComponentTypeByCode', { ...reload(call), data: { project, code } });
  } catch (error) {
    // What the database calls the reason is not certain.
    if (!(error instanceof BadRequest)) throw error;
    const projects = await readCodes(client, 'listProjects', {}, call);
    if (!projects.includes(project))
      return `there is no project ${project}; there are ${projects.join(', ')}`;
    const codes = await readCodes(client, 'listComponentTypes', { project }, call);
    if (codes.includes(code)) throw error;
    return `there is no component type ${code} in the project ${project}${suggest(code, codes)}`;
  }
}

async function readCodes(
  client: ResourceContext['client'],
  command: 'listProjects' | 'listComponentTypes',
  input: { project: string } | Record<never, never>,
  call: WriteOptions,
): Promise<string[]> {
  const list = await client.list<{ readonly code: string }>(command as string, input, call).toArray();
  return list.map(({ code }) => code);
}
