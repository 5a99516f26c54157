import type { Row } from '../../client/models/rows.js';
import type { TestRun } from '../../commands/shapes.js';
import { CliError, EXIT } from '../errors.js';
import { formatDate, titleOf } from '../output/format.js';
import { type Axes, arraysOf, defaultAxes, findArray, type NumberArray } from './arrays.js';

/** A line through points. A point without one of its numbers is a gap. */
export interface Curve {
  /** The text in the legend. */
  readonly name: string;
  /** The id of the test run. */
  readonly run: string;
  readonly x: readonly (number | null)[];
  readonly y: readonly (number | null)[];
}

/** Curves on the same axes. */
export interface Picture {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly curves: readonly Curve[];
}

/** The results that the user wants to see, by their codes. */
export interface PictureOptions {
  /** `index` stands for the position in the list. @defaultValue what is usual for the results */
  readonly x?: string | undefined;
  /** @defaultValue what is usual for the results */
  readonly y?: readonly string[] | undefined;
}

const INDEX = 'index';

/**
 * Makes the picture of test runs, all on the same axes.
 *
 * @throws CliError where a test run has nothing to draw, or not the wanted results. The message names its results
 */
export function pictureOf(runs: readonly TestRun[], options: PictureOptions = {}): Picture {
  const drawn = runs.flatMap((run) => {
    const { x, y } = chooseAxes(run, options);
    return y.map((one) => ({ run, x, y: one }));
  });
  const yLabels = distinct(drawn.map(({ y }) => y.label));
  const facts = drawn.map(({ run, y }) => [...factsOf(run), yLabels.length > 1 ? y.label : '']);
  const isShared = (index: number): boolean => distinct(facts.map((one) => one[index] ?? '')).length === 1;
  const join = (list: readonly string[]): string => list.filter((one) => one !== '').join(' · ');
  return {
    title: join((facts[0] ?? []).filter((_, index) => isShared(index))),
    xLabel: distinct(drawn.map(({ x }) => x?.label ?? 'Index')).join(', '),
    yLabel: yLabels.join(', '),
    curves: drawn.map(({ run, x, y }, index) => {
      const own = (facts[index] ?? []).filter((_, column) => !isShared(column));
      const xValues = x?.values ?? y.values.map((_, position) => position);
      const length = Math.min(xValues.length, y.values.length);
      const points = { x: xValues.slice(0, length), y: y.values.slice(0, length) };
      return { name: join(own) || run.id, run: run.id, ...points };
    }),
  };
}

/**
 * Makes a row of each point of the curves: of which test run it is, and its values by the codes of the results.
 *
 * @throws CliError as {@link pictureOf} does
 */
export function pointsOf(runs: readonly TestRun[], options: PictureOptions = {}): Row[] {
  const rows = runs.flatMap((run) => {
    const { x, y } = chooseAxes(run, options);
    const lists = [...(x === undefined ? [] : [x]), ...y];
    const { testType, stage, date, runNumber, id } = run;
    const facts = {
      component: titleOf(run.components?.[0] ?? {}),
      ...{ testType: testType?.code, stage: stage?.code, date, runNumber, run: id },
    };
    const length = Math.max(...lists.map(({ values }) => values.length));
    return Array.from({ length }, (_, index): Row => {
      const values = lists.map(({ code, values: list }) => [code, list[index] ?? null]);
      return { ...facts, ...Object.fromEntries(x === undefined ? [[INDEX, index], ...values] : values) };
    });
  });
  // The curves may have different columns.
  const columns = Object.fromEntries(rows.flatMap((row) => Object.keys(row).map((name) => [name, null])));
  return rows.map((row) => ({ ...columns, ...row }));
}

/** Whether a test run has something to draw. */
export function isDrawable(run: Pick<TestRun, 'results'>): boolean {
  return arraysOf(run).length > 0;
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** The facts that identify a test run, for the title and the legend. */
function factsOf({ components, testType, stage, runNumber, date }: TestRun): string[] {
  return [
    titleOf(components?.[0] ?? {}),
    testType?.code,
    stage?.code,
    runNumber ? `run ${runNumber}` : '',
    formatDate(date),
  ].map((fact) => String(fact ?? ''));
}

function chooseAxes(run: TestRun, { x, y }: PictureOptions): Axes {
  const arrays = arraysOf(run);
  const usual = defaultAxes(arrays);
  if (usual === undefined)
    throw new CliError(`the test run ${run.id} has no list of numbers that can be drawn`, {
      exitCode: EXIT.failed,
      advice: `Its results: ${(run.results ?? []).map(({ code }) => code).join(', ') || 'none'}`,
    });
  const find = (code: string): NumberArray => findArray(arrays, code) ?? refuse(run, code, arrays);
  if (x === undefined && y === undefined) return usual;
  if (x === undefined) {
    const found = (y ?? []).map(find);
    return { x: usualX(arrays, usual, found), y: found };
  }
  const wantedX = x.toLowerCase() === INDEX ? undefined : find(x);
  if (y !== undefined) return { x: wantedX, y: y.map(find) };
  const others = [...usual.y, ...arrays].filter((one) => one !== wantedX);
  const other =
    others.find(({ values }) => wantedX === undefined || values.length === wantedX.values.length) ??
    others[0];
  if (other === undefined)
    throw new CliError(`the test run ${run.id} has no other list of numbers than ${x}`, {
      exitCode: EXIT.failed,
      advice: `To draw it against its index: --x ${INDEX} --y ${x}`,
    });
  return { x: wantedX, y: [other] };
}

/** Finds the x axis of the wanted lists: the usual one, or else a list of the same length, or else the index. */
function usualX(
  arrays: readonly NumberArray[],
  usual: Axes,
  wanted: readonly NumberArray[],
): NumberArray | undefined {
  const length = wanted[0]?.values.length;
  const candidates = usual.x === undefined ? arrays : [usual.x, ...arrays];
  return candidates.find((one) => !wanted.includes(one) && one.values.length === length);
}

function refuse(run: TestRun, code: string, arrays: readonly NumberArray[]): never {
  throw new CliError(`the test run ${run.id} has no list of numbers ${code}`, {
    advice: `It has ${arrays.map((one) => one.code).join(', ')}`,
  });
}
