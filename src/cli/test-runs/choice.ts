import type { ComponentTest } from '../../commands/shapes.js';
import { asList } from '../../util/lists.js';

/** A test run as a component lists it. */
export type RunOfComponent = ComponentTest['testRuns'][number];

/** Returns the test runs that were not deleted. */
export function readyRunsOf({ testRuns }: Pick<ComponentTest, 'testRuns'>): RunOfComponent[] {
  return asList(testRuns).filter(({ state }) => state === 'ready');
}

/** Returns the test run that was uploaded last; undefined where there is none. */
export function latestOf(runs: readonly RunOfComponent[]): RunOfComponent | undefined {
  return runs.toSorted(byTime(({ cts }) => cts)).at(-1);
}

/** Compares two test runs by a time, then by their ids. */
export function byTime(
  timeOf: (run: RunOfComponent) => string,
): (one: RunOfComponent, other: RunOfComponent) => number {
  return (one, other) => timeOf(one).localeCompare(timeOf(other)) || one.id.localeCompare(other.id);
}
