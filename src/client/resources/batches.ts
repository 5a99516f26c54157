import { refCode } from '../../commands/references.js';
import type { Batch, BatchWithComponents, BulkComponent } from '../../commands/shapes.js';
import { ANYTHING, checkOptions, checkValue, FILLED_STRING } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { ResponseException } from '../../exceptions/response.js';
import { isFilledString, isObject, isRecord } from '../../util/guards.js';
import { type ComponentName, namesOf, titleOf } from '../components/component-name.js';
import { readComponents } from '../components/read-component.js';
import type { ListOptions, ReadOptions } from '../options.js';
import type { PagePromise } from '../pages/page-promise.js';
import { checkWrite, refuseProblems, reload, type WriteOptions } from '../writes/checks.js';
import { isPlaceholder } from '../writes/plan.js';
import { confirmed, runSteps, type Step } from '../writes/steps.js';
import type { Components } from './components.js';
import type { ResourceContext } from './resource.js';

/** What names a batch besides its id. */
export interface BatchNumber {
  /** The code of the project, such as `S`. */
  readonly project: string;
  /** The code of the batch type, such as `MODULE_BATCH`. */
  readonly batchType: string;
  /** The number, which is a text, such as `VPX32407`. */
  readonly number: string;
}

/** Which batches are wanted. Each key takes one value or a list. */
export interface BatchFilter {
  /** The code of the project. @defaultValue all */
  readonly project?: string | readonly string[] | undefined;
  /** The code of the batch type. @defaultValue all */
  readonly batchType?: string | readonly string[] | undefined;
  /** @defaultValue `'ready'`: deleted ones are left out */
  readonly state?: string | readonly string[] | undefined;
}

/** What `batches.add` did. */
export interface AddedToBatch {
  /** The components that were added. */
  readonly added: readonly BulkComponent[];
  /** Those that were in the batch before. */
  readonly present: readonly BulkComponent[];
}

const FILTER = {
  expectation: "a filter, such as { batchType: 'MODULE_BATCH' }",
  table: { project: ANYTHING, batchType: ANYTHING, state: ANYTHING },
};
const NUMBER_KEYS = ['project', 'batchType', 'number'] as const;

/** The batches: `client.batches`. */
export class Batches {
  readonly #context: ResourceContext;
  readonly #components: Pick<Components, 'getMany'>;

  /** @internal */
  constructor(context: ResourceContext, components: Pick<Components, 'getMany'>) {
    this.#context = context;
    this.#components = components;
  }

  /**
   * Finds a batch by its number, with its components.
   *
   * ```ts
   * const batch = await client.batches.find({ project: 'S', batchType: 'MODULE_BATCH', number: 'DUMMY_CERN' });
   * ```
   *
   * @returns undefined if there is no batch with this number
   * @throws BadRequest if there is no such batch type in the project
   * @throws what `client.get` throws
   */
  async find(batch: BatchNumber, options: ReadOptions = {}): Promise<BatchWithComponents | undefined> {
    const subject = 'client.batches.find';
    if (!isRecord(batch))
      throw new InvalidInvocation(
        `${subject}: the first argument must be an object with project, batchType and number`,
      );
    for (const key of NUMBER_KEYS) checkValue(subject, key, batch[key], FILLED_STRING);
    const { project, batchType, number } = batch;
    try {
      return await this.#context.client.get('getBatchByNumber', {
        ...options,
        data: { project, batchType, number },
      });
    } catch (error) {
      if (saysMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * Lists batches, without their components: the ready ones, unless the filter has a `state`. Nothing is sent before the
   * list is used.
   *
   * ```ts
   * const batches = await client.batches.list({ project: 'S', batchType: 'MODULE_BATCH' }).toArray();
   * ```
   *
   * @throws what `client.list` throws
   */
  list(filter: BatchFilter = {}, options: ListOptions = {}): PagePromise<Batch> {
    const { state = 'ready', ...others } = checkOptions('client.batches.list', filter, FILTER);
    return this.#context.client.list(
      'listBatches',
      { filterMap: { ...others, state: [state].flat() } },
      options,
    );
  }

  /**
   * Adds a component to a batch, or several, one after the other. One that is in the batch already is left as it is.
   *
   * ```ts
   * const batch = { project: 'S', batchType: 'MODULE_BATCH', number: 'DUMMY_CERN' };
   * const { added, present } = await client.batches.add(batch, ['20USBML1234567', '20USBML1234568']);
   * ```
   *
   * @param batch - its number with project and type, its id, or an object that has one
   * @param components - one or several: serial numbers, codes, ids, alternative identifiers, or objects that have one
   * @throws InvalidInvocation with every problem at once; then nothing was written
   * @throws IncompleteWrite if only some were added, or if it is unknown whether one was
   * @throws what `client.post` throws, if nothing was written
   */
  async add(
    batch: BatchNumber | string | { readonly id: string },
    components: ComponentName | Iterable<ComponentName>,
    options: WriteOptions = {},
  ): Promise<AddedToBatch> {
    const subject = 'client.batches.add';
    const call = checkWrite(subject, options);
    const isList = isObject(components) && Symbol.iterator in components;
    const list = isList ? components : [components as ComponentName];
    const names = namesOf(subject, 'components', list);
    const { client } = this.#context;
    const { id, project } = await this.#whichBatch(subject, batch, call);
    const found = await readComponents(this.#components, names, call);
    const elsewhere = found.components.filter(
      (component) =>
        project !== undefined && refCode(component.project) !== project && !isPlaceholder(component.state),
    );
    refuseProblems(subject, [
      ...found.problems,
      ...elsewhere.map((component) => `${titleOf(component)} is not in the project ${project} of the batch`),
    ]);
    const isPresent = ({ batches }: BulkComponent): boolean =>
      Array.isArray(batches) && batches.some((one) => one.id === id);
    const added = found.components.filter((component) => !isPresent(component));
    const steps = added.map(
      (component): Step => ({
        name: `add ${titleOf(component)} to the batch`,
        write: async (sending) => {
          await confirmed(client.post('addBatchComponent', { id, component: component.code }, sending));
        },
        isDone: async (reading) => {
          const data = { component: component.code };
          const batches = await client.list('listBatchesByComponent', data, reload(reading)).toArray();
          return batches.some((one) => one.id === id);
        },
      }),
    );
    return runSteps(subject, steps, call, () => ({ added, present: found.components.filter(isPresent) }));
  }

  async #whichBatch(
    subject: string,
    batch: BatchNumber | string | { readonly id: string },
    call: WriteOptions,
  ): Promise<{ readonly id: string; readonly project: string | undefined }> {
    const given: Readonly<Record<string, unknown>> = isRecord(batch) ? batch : { id: batch };
    if (isFilledString(given['id'])) {
      const project = isRecord(batch) ? refCode((batch as Partial<Batch>).project) : undefined;
      return { id: given['id'], project };
    }
    if (!NUMBER_KEYS.every((key) => isFilledString(given[key])))
      throw new InvalidInvocation(
        `${subject}: the first argument must be the id of a batch, an object that has an \`id\`, or an object with project, batchType and number`,
      );
    const number = batch as BatchNumber;
    const found = await this.find(number, reload(call));
    if (found !== undefined) return { id: found.id, project: number.project };
    throw new InvalidInvocation(
      `${subject}: there is no batch ${number.number} of the type ${number.batchType} in the project ${number.project}`,
    );
  }
}

/** Whether the server says that there is no such batch; a batch type that does not exist is a mistake. */
function saysMissing(error: unknown): boolean {
  return (
    error instanceof ResponseException &&
    Object.keys(error.appErrors).some((key) =>
      /\/batch(?!Type)\w*(?:DoesNotExist|NotFound|Failed)$/i.test(key),
    )
  );
}
