import type { LightTestRun, TestRun } from '../../commands/shapes.js';
import { checkValue, FILLED_STRING, must } from '../../config/check-options.js';
import type { TestRunProblem } from '../../exceptions/invalid-test-run.js';
import { isFilledString } from '../../util/guards.js';
import type { BulkPromise } from '../bulk/bulk-promise.js';
import { type Asker, bulkRead } from '../bulk/bulk-read.js';
import { ChunkSizes } from '../bulk/group-size.js';
import { type BulkOptions, checkBulk, checkIds } from '../bulk/options.js';
import { type ComponentName, type ListedBy, listedBy, nameOf } from '../components/component-name.js';
import { DefinitionCache } from '../components/definitions.js';
import { readListedBy } from '../components/read-component.js';
import type { DownloadedFile, DownloadOptions } from '../files/download.js';
import {
  checkJob,
  checkRead,
  LIST_TABLE,
  type ListOptions,
  optionsOfJob,
  type ReadOptions,
} from '../options.js';
import { deferred, tellIfEmpty } from '../pages/extended-list.js';
import type { PagePromise } from '../pages/page-promise.js';
import { addComment, deleteTestRun, type TestRunName } from '../test-runs/changes.js';
import { checkTestRun } from '../test-runs/check.js';
import { type Definitions, readDefinitions } from '../test-runs/definitions.js';
import { downloadResultFile } from '../test-runs/download-result.js';
import { readLatest } from '../test-runs/latest.js';
import { readRunsOfTree, type TestRunsOfTreeOptions } from '../test-runs/of-tree.js';
import {
  type CheckTestRunOptions,
  checkCheckOptions,
  type UploadTestRunOptions,
} from '../test-runs/options.js';
import { makeTemplate } from '../test-runs/template.js';
import { snapshot, type TestRunInput, type TestRunTemplate } from '../test-runs/test-run-input.js';
import { warnOfUnknownTestTypes } from '../test-runs/unknown-test-types.js';
import { type UploadedTestRun, uploadTestRun } from '../test-runs/upload.js';
import type { WriteOptions } from '../writes/checks.js';
import type { ResourceContext } from './resource.js';

/** Options of `testRuns.list`: those of a list, and which test runs of the component are wanted. */
export interface ListTestRunsOptions extends ListOptions {
  /** The code of the test type, or several. @defaultValue all */
  testType?: string | readonly string[] | undefined;
  /** The code of the stage at which the test was done, or several. @defaultValue all */
  stage?: string | readonly string[] | undefined;
  /** The state, or several. @defaultValue `'ready'`: deleted ones are left out */
  state?: string | readonly string[] | undefined;
}

const CHUNK_SIZE = 50;
const CODES = must(
  (value) =>
    isFilledString(value) || (Array.isArray(value) && value.length > 0 && value.every(isFilledString)),
  'a code, or a list of at least one',
);
const LIST_OPTIONS = optionsOfJob("{ testType: 'VISUAL_INSPECTION' }", {
  ...{ testType: CODES, stage: CODES, state: CODES },
  ...LIST_TABLE,
});

/** The test runs: `client.testRuns`. */
export class TestRuns {
  readonly #context: ResourceContext;
  readonly #sizes = new ChunkSizes();
  readonly #definitions: DefinitionCache<Definitions>;

  /** @internal */
  constructor(context: ResourceContext) {
    this.#context = context;
    this.#definitions = new DefinitionCache((project, componentType, call) =>
      readDefinitions(context.client, project, componentType, call),
    );
  }

  /**
   * Reads many test runs with their results, 50 with each request. Nothing is sent before the result is used: by
   * `await`, which gives `{ items, missing, failed }`, or by `for await`, which gives one test run after the other and
   * needs less memory.
   *
   * ```ts
   * for await (const run of client.testRuns.getMany(ids)) console.log(run.testType.code, run.passed);
   * ```
   *
   * @param ids - ids of test runs. One that is given twice is read once, and is once in the result
   * @throws PartFailed after all others were read, if some could not be read and `errors` is `'throw'`
   * @throws what `client.get` throws, if every further request would meet it too, such as `Aborted` or `Forbidden`
   */
  getMany(ids: Iterable<string>, options: BulkOptions = {}): BulkPromise<TestRun> {
    const subject = 'client.testRuns.getMany';
    const distinct = checkIds(subject, ids);
    const ask: Asker = (testRun, request) =>
      this.#context.client.get('getTestRunBulk', { ...request, data: { testRun } });
    return bulkRead(this.#context, distinct, checkBulk(subject, options), {
      ...{ noun: 'test runs', chunkSize: CHUNK_SIZE, sizes: this.#sizes },
      namesOf: (item) => [(item as { id?: unknown }).id],
      askerOf: () => ask,
    });
  }

  /**
   * Lists the test runs of a component, without their results: the ready ones, unless the options have a `state`. Nothing
   * is sent before the list is used. Where it is empty, a `testType` that the component type does not have is the warning
   * `unknownCode`.
   *
   * ```ts
   * for await (const run of client.testRuns.list('20USBML1234567', { testType: 'VISUAL_INSPECTION' }))
   *   console.log(run.id, run.runNumber, run.passed);
   * ```
   *
   * @param component - its serial number, code, id or alternative identifier, or an object that has one of them. For an id or
   * an alternative identifier, the component is read first
   * @throws what `client.list` throws, and what `components.get` throws
   */
  list(component: ComponentName, options: ListTestRunsOptions = {}): PagePromise<LightTestRun> {
    const subject = 'client.testRuns.list';
    const name = nameOf(subject, component);
    const { testType, stage, state = 'ready', ...listOptions } = checkJob(subject, options, LIST_OPTIONS);
    const { limit, pageSize, onChange, onProgress, ...call } = listOptions;
    const { client } = this.#context;
    const testTypes = [testType ?? []].flat();
    const list = (which: ListedBy): PagePromise<LightTestRun> => {
      const filterMap = {
        ...which,
        ...(testType !== undefined && { testType }),
        ...(stage !== undefined && { stage }),
        state: [state].flat(),
      };
      const runs = client.list('listTestRunsByComponent', { filterMap }, listOptions);
      return testTypes.length === 0
        ? runs
        : tellIfEmpty(runs, () => warnOfUnknownTestTypes(this.#context, name, testTypes, call));
    };
    const known = listedBy(name);
    if (known !== undefined) return list(known);
    return deferred(list({ code: name }), () => readListedBy(client, name, call), list);
  }

  /**
   * Reads a test run with its results.
   *
   * @param id - its id
   * @throws what `client.get` throws
   */
  async get(id: string, options: ReadOptions = {}): Promise<TestRun> {
    const subject = 'client.testRuns.get';
    checkValue(subject, 'id', id, FILLED_STRING);
    return this.#context.client.get('getTestRun', { ...checkRead(subject, options), data: { testRun: id } });
  }

  /**
   * Makes a test run that is to be filled: with the component, its location, the present time, `problems: false`, and null
   * for `passed` and for each property and result of the test type. The run number is empty. {@link TestRuns.check} says what
   * is still missing. The sample of the database, `generateTestTypeDtoSample`, says `passed: true` and has made-up values.
   *
   * ```ts
   * const run = await client.testRuns.template('20USBML1234567', 'VISUAL_INSPECTION');
   * Object.assign(run, { passed: true, results: { TEMPERATURE: 21.5, HUMIDITY: 30 } });
   * await client.testRuns.upload(run, { runNumber: 'next' });
   * ```
   *
   * @param component - its serial number, code, id or alternative identifier, or an object that has one of them
   * @param testType - the code of the test type
   * @throws InvalidInvocation if there is no such test type; it suggests one
   * @throws what `client.get` throws, also if there is no such component
   */
  async template(
    component: ComponentName,
    testType: string,
    options: WriteOptions = {},
  ): Promise<TestRunTemplate> {
    return makeTemplate(this.#context, component, testType, options);
  }

  /**
   * Checks a test run that is to be uploaded: its codes and the types of its values, what is required, the location and the
   * stage of the component, and numbers that the database cannot store. Nothing is written.
   *
   * ```ts
   * for (const { path, message } of await client.testRuns.check('run.json')) console.log(path, message);
   * // results.TEMPERATUR is not a code of this test type; is it TEMPERATURE?
   * ```
   *
   * @param run - the test run, or the path of a JSON file with one. In the file, `NaN` and `Infinity` may stand
   * @returns every problem; none if it can be uploaded
   * @throws InvalidInvocation if the file cannot be read, or is not a test run at all
   * @throws what `client.get` throws
   */
  async check(
    run: TestRunInput | TestRunTemplate | string,
    options: CheckTestRunOptions = {},
  ): Promise<readonly TestRunProblem[]> {
    const subject = 'client.testRuns.check';
    const copy = snapshot(subject, run);
    const checked = checkCheckOptions(subject, options);
    const { problems } = await checkTestRun(this.#context, this.#definitions, subject, copy, checked);
    return problems;
  }

  /**
   * Uploads a test run, after {@link TestRuns.check} found no problem. Results that are files are sent after it.
   *
   * ```ts
   * const { id, webUrl } = await client.testRuns.upload('run.json', { stage: 'BONDED', runNumber: 'next' });
   * ```
   *
   * With `runNumber: 'next'`, another upload at the same time may get the same run number: that is the warning
   * `runNumberTaken`.
   *
   * @param run - the test run, or the path of a JSON file with one. Paths of files in it are relative to its folder
   * @throws InvalidTestRun with all problems, if it has some: then nothing was sent
   * @throws DuplicateTestRuns with `allowDuplicate: false`, if the database has it already
   * @throws IncompleteWrite if something was done, or perhaps done, before the end
   * @throws what `client.post` throws
   */
  async upload(
    run: TestRunInput | TestRunTemplate | string,
    options: UploadTestRunOptions = {},
  ): Promise<UploadedTestRun> {
    const copy = snapshot('client.testRuns.upload', run);
    return uploadTestRun(this.#context, this.#definitions, copy, options);
  }

  /**
   * Reads the ready test run of a test type that was uploaded last: `cts` counts, not `date`, which people write.
   *
   * @param component - its serial number, code, id or alternative identifier, or an object that has one of them
   * @param testType - the code of the test type
   * @returns undefined if there is none
   * @throws InvalidInvocation if there is none, and the component type has no such test type
   * @throws what `client.get` throws
   */
  latest(component: ComponentName, testType: string, options?: ReadOptions): Promise<TestRun | undefined>;
  /**
   * Reads the latest ready test run of each test type that the component has test runs of, by the code of the test type.
   *
   * ```ts
   * const latest = await client.testRuns.latest('20USBML1234567');
   * console.log(latest['VISUAL_INSPECTION']?.passed);
   * ```
   */
  latest(
    component: ComponentName,
    testType?: undefined,
    options?: ReadOptions,
  ): Promise<Partial<Record<string, TestRun>>>;
  async latest(
    component: ComponentName,
    testType?: string,
    options: ReadOptions = {},
  ): Promise<TestRun | Partial<Record<string, TestRun>> | undefined> {
    const latest = await readLatest(this.#context, component, testType, options);
    return testType === undefined ? latest : latest[testType];
  }

  /**
   * Reads the ready test runs of a component and of all that is in it now, with their results, 50 with each request. Where
   * there are none, a `testType` that no component type of them has is the warning `unknownCode`.
   *
   * ```ts
   * for await (const run of client.testRuns.ofTree('20USBLA1234567', { testType: 'ATLAS18_IV_TEST_V1' }))
   *   console.log(run.components[0]?.serialNumber, run.passed);
   * ```
   *
   * @param component - its serial number, code, id or alternative identifier, or an object that has one of them
   * @throws PartFailed at the end, if some components or test runs could not be read
   * @throws what `client.get` throws
   */
  ofTree(component: ComponentName, options: TestRunsOfTreeOptions = {}): AsyncIterableIterator<TestRun> {
    return readRunsOfTree(this.#context, component, options);
  }

  /**
   * Downloads a result that is a file into a folder. A file that is there has arrived whole.
   *
   * ```ts
   * const { path } = await client.testRuns.downloadResult(run, 'IMAGE', 'images');
   * ```
   *
   * @param run - its id, or the test run
   * @param code - the code of the result
   * @param directory - the folder; it is made if it is not there
   * @throws InvalidInvocation if there is no such result, it has no file, or the folder cannot be written
   * @throws what `client.get` throws
   */
  async downloadResult(
    run: TestRunName | TestRun,
    code: string,
    directory: string,
    options: DownloadOptions = {},
  ): Promise<DownloadedFile> {
    return downloadResultFile(this.#context, run, code, directory, options);
  }

  /**
   * Adds a comment to a test run, or several.
   *
   * ```ts
   * await client.testRuns.comment(run, 'repeated after cleaning');
   * ```
   *
   * @param run - its id, or the test run
   * @param text - one text, or a list
   * @throws IncompleteWrite if it is not known whether it was added
   * @throws what `client.get` and `client.post` throw, if it was not added
   */
  comment(run: TestRunName, text: string | readonly string[], options: WriteOptions = {}): Promise<void> {
    return addComment(this.#context, run, text, options);
  }

  /**
   * Deletes a test run. It stays readable, with the state `deleted`. One that is deleted already stays as it is.
   *
   * ```ts
   * await client.testRuns.delete(run);
   * ```
   *
   * @param run - its id, or the test run
   * @throws IncompleteWrite if it is not known whether it was deleted
   * @throws what `client.get` and `client.post` throw, if it was not deleted
   */
  delete(run: TestRunName, options: WriteOptions = {}): Promise<void> {
    return deleteTestRun(this.#context, run, options);
  }
}
