import { type Ref, refCode, refId } from '../../commands/references.js';
import type { BulkComponent, ChildSlot } from '../../commands/shapes.js';
import { BOOLEAN, must } from '../../config/check-options.js';
import { InvalidInvocation, type ITkDBException } from '../../exceptions/base.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import { inspectAsString } from '../../util/inspect.js';
import type { BulkFailure } from '../bulk/bulk-job.js';
import { failureKindOf } from '../bulk/failures.js';
import { partFailed } from '../bulk/part-failed.js';
import type { Client } from '../client.js';
import { type CallOptions, checkJob, optionsOfJob } from '../options.js';
import { isListed } from './values.js';

/** What is known of a component: at least its id. */
export type ComponentData = Partial<BulkComponent> & { readonly id: string };

/** Options of `component.walk()`, and of each request that it sends. */
export interface WalkOptions extends Omit<CallOptions, 'data' | 'json'> {
  /** Whether children of children are walked too. @defaultValue `true` */
  recurse?: boolean | undefined;
  /** The codes of the component types that are handed out. Others are walked through. @defaultValue all */
  componentType?: string | readonly string[] | undefined;
  /**
   * What happens where a child cannot be read. It is handed out with its `error` in any case. With `'throw'` the walk
   * ends with `PartFailed`, after all others were handed out. @defaultValue `'throw'`
   */
  errors?: 'throw' | 'collect' | undefined;
}

type Call = Omit<WalkOptions, 'recurse' | 'componentType' | 'errors'>;

const OPTIONS = optionsOfJob('{ recurse: false }', {
  recurse: BOOLEAN,
  componentType: must(
    (value) => isFilledString(value) || (Array.isArray(value) && value.every(isFilledString)),
    'the code of a component type, or a list of codes',
  ),
  errors: must((value) => value === 'throw' || value === 'collect', "'throw' or 'collect'"),
});

/** Where a component is in the tree. */
interface Place {
  readonly parent: Component;
  readonly slot: ChildSlot<Ref>;
  readonly error: ITkDBException | undefined;
}

/**
 * A component with its children, to walk through what it is made of.
 *
 * ```ts
 * const stave = new Component(client, await client.get('getComponent', { data: { component: '20USBLS1234567' } }));
 * for await (const sensor of stave.walk({ componentType: 'SENSOR' })) console.log(sensor.serialNumber);
 * ```
 */
export class Component {
  /** The component that it was reached from; undefined for the one that was walked. */
  readonly parent: Component | undefined;
  /** Its slot in the parent, with the properties of the slot; undefined for the component that was walked. */
  readonly slot: ChildSlot<Ref> | undefined;
  /** Why it could not be read; then `data` has only what the parent says of it. */
  readonly error: ITkDBException | undefined;
  readonly #client: Client;
  #data: ComponentData;
  #children: readonly Component[] | undefined;

  static {
    inspectAsString(this);
  }

  /**
   * @param client - with which it is walked
   * @param data - the component, as `getComponent`, `getComponentBulk` or a list returned it
   * @throws InvalidInvocation where `data` is not a component
   */
  constructor(client: Client, data: ComponentData);
  /** @internal */
  constructor(client: Client, data: ComponentData, place: Place);
  constructor(client: Client, data: ComponentData, place?: Place) {
    if (!isRecord(data) || !isFilledString(data.id))
      throw new InvalidInvocation(
        'new Component: the second argument must be a component with its `id`, such as the result of getComponent',
      );
    this.#client = client;
    this.#data = data;
    this.parent = place?.parent;
    this.slot = place?.slot;
    this.error = place?.error;
  }

  /** The id, of 24 hexadecimal digits. */
  get id(): string {
    return this.#data.id;
  }

  /** The serial number; `''` where it has none. */
  get serialNumber(): string {
    return this.#data.serialNumber ?? '';
  }

  /** The component, as the database sent it. */
  get data(): ComponentData {
    return this.#data;
  }

  /**
   * The children, in the order of the slots; free slots are only in `data.children`. After a walk they have all of their
   * data, before it only what this component says of them, such as the serial number.
   *
   * @throws InvalidInvocation where they are not known, because the component comes from a list
   */
  get children(): readonly Component[] {
    if (this.#children === undefined && lacksChildren(this.#data))
      throw new InvalidInvocation(
        `the children of ${this.serialNumber || this.id} are not known yet: walk() reads them`,
      );
    this.#children ??= filledSlots(this.#data).map(
      ({ slot, data }) => new Component(this.#client, data, { parent: this, slot, error: undefined }),
    );
    return this.#children;
  }

  /**
   * Walks through the children and their children, depth first, in the order of the slots. A child is handed out before
   * its own children. All components of a level are read at once. Each walk reads them again.
   *
   * Free slots are left out. A component that was reached before is left out too, so that a circle in the data ends.
   *
   * @throws PartFailed at the end, where children could not be read and `errors` is `'throw'`
   * @throws what `client.get` throws, where every further request would meet it too, such as `Aborted`
   */
  async *walk(options: WalkOptions = {}): AsyncGenerator<Component, void, undefined> {
    const {
      recurse = true,
      componentType,
      errors = 'throw',
      ...call
    } = checkJob('component.walk', options, OPTIONS);
    const types = componentType === undefined ? undefined : [componentType].flat();
    const failed: BulkFailure[] = [];
    const seen = new Set([this.id]);
    const levels: Level[] = [];
    if (lacksChildren(this.#data))
      this.#data = await this.#client.get('getComponent', { ...call, data: { component: this.id } });
    const root: Level = new Map([[this, [this]]]);
    const descend = async function* (
      parent: Component,
      depth: number,
    ): AsyncGenerator<Component, void, undefined> {
      levels[depth] ??= await Component.#readChildren(levels[depth - 1] ?? root, seen, call);
      for (const child of levels[depth].get(parent) ?? []) {
        if (child.error !== undefined) failed.push({ id: child.id, error: child.error });
        if (types?.includes(typeOf(child)) ?? true) yield child;
        if (recurse) yield* descend(child, depth + 1);
      }
    };
    yield* descend(this, 0);
    if (errors === 'throw' && failed.length > 0)
      throw partFailed({ items: [], missing: [], failed }, `${seen.size - 1} components`);
  }

  /** What a template string shows. */
  toString(): string {
    return `Component(${this.serialNumber || this.id})`;
  }

  /** What `JSON.stringify` shows: `data`. */
  toJSON(): ComponentData {
    return this.#data;
  }

  /** Reads the next level: the children of all components of one. */
  static async #readChildren(level: Level, seen: Set<string>, call: Call): Promise<Level> {
    const parents = [...level.values()].flat();
    if (parents.length === 0) return new Map();
    const wanted = parents.flatMap((parent) =>
      filledSlots(parent.#data)
        .filter(({ data }) => !seen.has(data.id) && seen.add(data.id))
        .map((filled) => ({ parent, ...filled })),
    );
    const children = new Map(parents.map((parent) => [parent, [] as Component[]]));
    const client = (parents[0] as Component).#client;
    const reads = await readComponents(
      client,
      wanted.map(({ data }) => data.id),
      call,
    );
    for (const { parent, slot, data } of wanted) {
      const { error, data: whole = data } = reads.get(data.id) ?? {};
      // It was asked for by its code, and is in another slot by its id.
      if (whole.id !== data.id && seen.has(whole.id)) continue;
      seen.add(whole.id);
      children.get(parent)?.push(new Component(client, whole, { parent, slot, error }));
    }
    for (const [parent, list] of children) if (parent.error === undefined) parent.#children = list;
    return children;
  }
}

/** The components of one level of the tree, by their parents. */
type Level = ReadonlyMap<Component, Component[]>;

function lacksChildren(data: ComponentData): boolean {
  return data.children === undefined || (data.children === null && isListed(data));
}

/** A slot, and what it says of the component in it. */
interface FilledSlot {
  readonly slot: ChildSlot<Ref>;
  readonly data: ComponentData;
}

function filledSlots({ children }: ComponentData): FilledSlot[] {
  return (children ?? []).flatMap((slot) => {
    const ref = slot?.component;
    const id = refId(ref) ?? refCode(ref);
    if (id === undefined) return [];
    return [{ slot, data: isRecord(ref) ? { ...ref, id } : { id } }];
  });
}

function typeOf({ data, slot }: Component): string {
  return refCode(data.componentType) ?? refCode(slot?.componentType) ?? '';
}

/** A component that was read, or why it could not be. */
interface Read {
  readonly data?: ComponentData;
  readonly error?: ITkDBException;
}

async function readComponents(
  client: Client,
  ids: readonly string[],
  call: Call,
): Promise<Map<string, Read>> {
  const reads = new Map<string, Read>();
  if (ids.length === 0) return reads;
  const others: string[] = [];
  const bulk = client.components.getMany(ids, { ...call, errors: 'collect' });
  for await (const { id, item, error } of bulk.outcomes()) {
    if (error !== undefined) reads.set(id, { error });
    else if (item === undefined || lacksChildren(item)) others.push(id);
    else reads.set(id, { data: item });
  }
  await Promise.all(others.map(async (id) => reads.set(id, await readComponent(client, id, call))));
  return reads;
}

/** Reads a component that the bulk command left out, or did not show whole. */
async function readComponent(client: Client, component: string, call: Call): Promise<Read> {
  try {
    return { data: await client.get('getComponent', { ...call, data: { component } }) };
  } catch (error) {
    if (failureKindOf(error) === 'fatal') throw error;
    return { error: error as ITkDBException };
  }
}
