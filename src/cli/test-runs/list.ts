import { Component } from '../../client/models/component.js';
import { type Row, toRows } from '../../client/models/rows.js';
import type { ListTestRunsOptions } from '../../client/resources/test-runs.js';
import { refCode } from '../../commands/references.js';
import type { BulkComponent, ComponentTest, TestRun, TestRunValue } from '../../commands/shapes.js';
import { isObject } from '../../util/guards.js';
import { asList } from '../../util/lists.js';
import type { Cli } from '../cli.js';
import { ComponentReader } from '../components/component-reader.js';
import { formatDate, formatValue, titleOf } from '../output/format.js';
import { cellOf, formatPairs } from '../output/table.js';
import { arraysOf } from '../plot/arrays.js';
import { byTime, latestOf, type RunOfComponent, readyRunsOf } from './choice.js';

/** Which test runs are wanted, and how much of them is shown. */
export interface TestRunListOptions {
  readonly testType?: readonly string[];
  readonly stage?: readonly string[];
  readonly failed?: boolean;
  readonly latest?: boolean;
  readonly results?: boolean;
  readonly tree?: boolean;
}

/** The fields of a component that are used. */
interface Tested {
  readonly id: string;
  readonly code: string;
  readonly tests?: readonly ComponentTest[] | null | undefined;
}

const COLUMNS = ['component', 'testType', 'stage', 'date', 'runNumber', 'passed', 'problems'];
/** The columns that fit into 80 characters: for one component, and for several. */
const COLUMNS_OF_ONE = COLUMNS.slice(1);
const COLUMNS_OF_SEVERAL = ['component', 'testType', 'stage', 'date', 'passed'];

/** Writes the test runs of components: those of a component together, by their dates. */
export async function listTestRuns(
  cli: Cli,
  names: readonly string[],
  options: TestRunListOptions,
): Promise<void> {
  const { output, signal } = cli;
  const reader = new ComponentReader(cli, names);
  const components: Tested[] = [];
  for await (const { id, code, tests } of options.tree ? withContents(cli, reader) : reader)
    components.push({ id, code, tests });
  const chosen = await Promise.all(components.map((component) => chooseRuns(cli, component, options)));
  const ids = chosen.flat().map(({ id }) => id);
  const wanted = ids.slice(0, output.limit);
  const client = await cli.client();
  const runs = client.testRuns.getMany(wanted, {
    signal,
    onProgress: (now) => cli.progress.show(now, 'test runs'),
  });
  const isText = output.format === 'text';
  const { results: hasResults = false } = options;
  const lists = new ListsLeftOut();
  if (isText && hasResults && output.fields === undefined) {
    await showResults(cli, lists.watch(runs));
    output.sayRest(wanted.length, ids.length, 'test runs');
  } else {
    const isOne = names.length === 1 && !options.tree;
    const shown = hasResults && output.format === 'csv' ? lists.watch(runs) : runs;
    await output.list(shown, {
      ...{ noun: 'test runs', total: ids.length },
      columns: isText ? (isOne ? COLUMNS_OF_ONE : COLUMNS_OF_SEVERAL) : COLUMNS,
      toRows: (some) => rowsOf(some as readonly TestRun[], { isText, hasResults }),
    });
  }
  lists.say(cli);
  if (ids.length === 0) sayTestTypes(cli, components);
  reader.check();
}

/** Yields components, each of them followed by all components in it. */
async function* withContents(cli: Cli, reader: ComponentReader): AsyncGenerator<Tested, void, undefined> {
  const client = await cli.client();
  const seen = new Set<string>();
  for await (const data of reader) {
    if (!seen.has(data.id)) yield data;
    seen.add(data.id);
    for await (const child of new Component(client, data).walk({ signal: cli.signal, errors: 'collect' })) {
      cli.progress.show({ done: seen.size, total: undefined, failed: 0 }, 'components');
      if (child.error !== undefined) reader.tellFailed(titleOf(child.data), child.error);
      else if (!seen.has(child.id)) yield child.data as BulkComponent;
      seen.add(child.id);
    }
  }
}

/** Returns the wanted test runs of a component, by their dates. */
async function chooseRuns(
  cli: Cli,
  component: Tested,
  { testType, stage, failed, latest }: TestRunListOptions,
): Promise<RunOfComponent[]> {
  // The list of test runs in a component does not have their stages.
  const tests =
    stage === undefined && component.tests !== undefined
      ? asList(component.tests).filter(({ code }) => testType?.includes(code) ?? true)
      : await readTests(cli, component, { testType, stage });
  return tests
    .map(readyRunsOf)
    .flatMap((runs) => (latest ? (latestOf(runs) ?? []) : runs))
    .filter(({ passed }) => !failed || !passed)
    .toSorted(byTime(({ date }) => date));
}

async function readTests(
  cli: Cli,
  { code }: Tested,
  filter: Pick<ListTestRunsOptions, 'testType' | 'stage'>,
): Promise<Pick<ComponentTest, 'testRuns'>[]> {
  const client = await cli.client();
  const tests = new Map<string | undefined, RunOfComponent[]>();
  for await (const run of client.testRuns.list(code, { ...filter, signal: cli.signal })) {
    const type = refCode(run.testType);
    tests.set(type, [...(tests.get(type) ?? []), run]);
  }
  return [...tests.values()].map((testRuns) => ({ testRuns }));
}

function rowsOf(
  runs: readonly TestRun[],
  { isText, hasResults }: { readonly isText: boolean; readonly hasResults: boolean },
): Row[] {
  const records = runs.map(({ properties: _, results, ...run }) => ({
    ...run,
    ...(hasResults && { results: asList(results).filter(({ value }) => !isObject(value)) }),
  }));
  const rows = toRows(records);
  return isText ? rows.map((row) => ({ ...row, date: formatDate(row['date']) })) : rows;
}

/** Writes test runs with their results, one below the other. */
async function showResults(cli: Cli, runs: AsyncIterable<TestRun>): Promise<void> {
  let start = '';
  for await (const run of runs) {
    const { testType, stage, date, runNumber, passed, problems, id } = run;
    const title = [
      ...run.components.map(titleOf),
      ...[refCode(testType), refCode(stage ?? undefined), formatDate(date), `run ${runNumber}`],
    ];
    await cli.output.show(run, (style) => {
      const result = passed ? style.green('passed') : style.red('failed');
      return (
        `${start}${style.bold(title.map(cellOf).join('  '))}  ${result}${problems ? ', problems' : ''}\n` +
        formatPairs([
          ['id', id],
          ...asList(run.results).map(
            (one) => [titleOfResult(one), one.value === null ? null : formatValue(one.value)] as const,
          ),
        ])
      );
    });
    start = '\n';
  }
  if (start === '') cli.say('no test runs');
}

/** Returns the title of a result. The name has the unit, and the code is what other commands take. */
function titleOfResult({ code, name }: Pick<TestRunValue, 'code' | 'name'>): string {
  return name && name !== code ? `${code}: ${name}` : code;
}

/** Notes which results are lists of numbers, whose values are not shown. */
class ListsLeftOut {
  readonly #codes = new Set<string>();
  #run: string | undefined;

  async *watch(runs: AsyncIterable<TestRun>): AsyncGenerator<TestRun> {
    for await (const run of runs) {
      const codes = arraysOf(run).map(({ code }) => code);
      if (codes.length > 0) this.#run ??= run.id;
      for (const code of codes) this.#codes.add(code);
      yield run;
    }
  }

  /** Says how to get the values. */
  say(cli: Cli): void {
    if (this.#run === undefined) return;
    cli.say(`lists of values are not shown: ${[...this.#codes].join(', ')}`);
    cli.say(`To get them: itkdb plot ${this.#run} --csv`);
  }
}

/** Says which test types the components have test runs of: their codes are hard to guess. */
function sayTestTypes(cli: Cli, components: readonly Tested[]): void {
  const codes = new Set(components.flatMap(({ tests }) => asList(tests).map(({ code }) => code)));
  if (codes.size > 0) cli.say(`itkdb: there are test runs of ${[...codes].join(', ')}`);
}
