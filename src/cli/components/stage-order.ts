import type { Client } from '../../client/client.js';
import { type Ref, refCode } from '../../commands/references.js';
import type { ComponentTypeStage } from '../../commands/shapes.js';
import { isException } from '../../exceptions/base.js';
import { asList } from '../../util/lists.js';

/** The fields of a component that say which stages there are. */
interface Staged {
  readonly componentType: Ref;
  readonly project: Ref;
}

/** Reads the stages of component types: each type once. */
export class StageOrder {
  readonly #client: Client;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, Promise<readonly ComponentTypeStage[]>>();

  constructor(client: Client, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Returns the stages that a component can be at, in their order; none where they cannot be read. */
  of({ componentType, project }: Staged): Promise<readonly ComponentTypeStage[]> {
    const type = { project: refCode(project) ?? '', code: refCode(componentType) ?? '' };
    const key = JSON.stringify(type);
    const known = this.#known.get(key) ?? this.#read(type);
    this.#known.set(key, known);
    return known;
  }

  async #read(type: { project: string; code: string }): Promise<readonly ComponentTypeStage[]> {
    const signal = this.#signal;
    try {
      const { stages } = await this.#client.get('getComponentTypeByCode', { data: type, signal });
      return asList(stages).toSorted((one, other) => one.order - other.order);
    } catch (error) {
      signal.throwIfAborted();
      if (!isException(error)) throw error;
      return [];
    }
  }
}

/** How a component moves along its stages. */
export interface StageMove {
  readonly isBack: boolean;
  /** The codes of the stages that it does not come to. */
  readonly skipped: readonly string[];
}

/** Compares two stages. A component need not pass an alternative stage, or one that ends its life. */
export function compareStages(
  stages: readonly ComponentTypeStage[],
  before: string | undefined,
  after: string,
): StageMove {
  const [from, to] = [before, after].map((wanted) => stages.findIndex(({ code }) => code === wanted));
  if (from === undefined || to === undefined || from < 0 || to < 0) return { isBack: false, skipped: [] };
  const between = stages.slice(from + 1, to).filter(({ alternative, final }) => !alternative && !final);
  return { isBack: to < from, skipped: between.map(({ code }) => code) };
}
