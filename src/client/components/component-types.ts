import type { ComponentType } from '../../commands/shapes.js';
import { BadRequest } from '../../exceptions/response.js';
import { isRecord } from '../../util/guards.js';
import { similarNames } from '../../util/similar.js';
import type { ResourceContext } from '../resources/resource.js';
import { reload, type WriteOptions } from '../writes/write-options.js';

/** For how long a component type is trusted where it says that something is wrong, in milliseconds. */
const TRUSTED = 60_000;

/** What the database said of a component type: the type, or why there is none. */
interface Known {
  readonly type: ComponentType | string;
  readonly time: number;
}

/**
 * The component types, each read once. They are only used to find faults before a write: where an old one says that
 * something is wrong, it is read again first.
 */
export class ComponentTypes {
  readonly #client: ResourceContext['client'];
  readonly #known = new Map<string, Known>();

  constructor(client: ResourceContext['client']) {
    this.#client = client;
  }

  /**
   * Returns the problems that a check finds with a component type.
   *
   * @param check - returns a sentence for each problem
   */
  async problems(
    project: string,
    code: string,
    call: WriteOptions,
    check: (type: ComponentType) => string[],
  ): Promise<string[]> {
    const problemsOf = ({ type }: Known): string[] => (typeof type === 'string' ? [type] : check(type));
    const key = JSON.stringify([project, code]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      const problems = problemsOf(known);
      if (problems.length === 0 || performance.now() - known.time < TRUSTED) return problems;
    }
    const read = { type: await this.#read(project, code, call), time: performance.now() };
    this.#known.set(key, read);
    return problemsOf(read);
  }

  async #read(project: string, code: string, call: WriteOptions): Promise<ComponentType | string> {
    try {
      return await this.#client.get('getComponentTypeByCode', { ...reload(call), data: { project, code } });
    } catch (error) {
      // What the database calls the reason is not certain.
      if (!(error instanceof BadRequest)) throw error;
      return this.#explain(error, project, code, call);
    }
  }

  /** Says why there is no such component type, and which one may be meant. */
  async #explain(error: BadRequest, project: string, code: string, call: WriteOptions): Promise<string> {
    const projects = await this.#codes('listProjects', {}, call);
    if (!projects.includes(project))
      return `there is no project ${project}; there are ${projects.join(', ')}`;
    const codes = await this.#codes('listComponentTypes', { project }, call);
    if (codes.includes(code)) throw error;
    return `there is no component type ${code} in the project ${project}${suggest(code, codes)}`;
  }

  async #codes(
    command: 'listProjects' | 'listComponentTypes',
    input: { project: string } | Record<never, never>,
    call: WriteOptions,
  ): Promise<string[]> {
    const list = this.#client.list<{ readonly code: string }>(command as string, input, call);
    const codes: string[] = [];
    for await (const { code } of list) codes.push(code);
    return codes;
  }
}

/** Says which of the known names may be meant, or which there are. */
export function suggest(name: string, known: readonly string[]): string {
  const similar = similarNames(name, known);
  if (similar.length > 0) return `; is it ${similar.join(', ')}?`;
  if (known.length === 0) return '; there are none';
  return known.length > MOST ? '' : `; there are ${known.join(', ')}`;
}

/** The most names that a message lists. */
const MOST = 20;

/** Returns the codes of a list of codes, or of objects that have one. */
export function codesOf(list: readonly unknown[] | null | undefined): string[] {
  // What stands for the result of a planned write is no list.
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown) => {
    const code = isRecord(one) ? one['code'] : one;
    return typeof code === 'string' ? [code] : [];
  });
}
