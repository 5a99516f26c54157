import type { Outcome } from './outcome.js';

export interface Difference {
  readonly path: string;
  readonly python: unknown;
  readonly here: unknown;
}

/** Where the outcomes of a vector differ. Steps that failed with different classes differ in that alone. */
export function differences(id: string, python: readonly Outcome[], here: readonly Outcome[]): Difference[] {
  return python
    .flatMap((outcome, at) => ofStep(`steps.${at}`, outcome, here[at] ?? {}))
    .filter(({ path }) => id === 'messages/default-headers' || !OF_EVERY_MESSAGE.test(path));
}

/** One line for a difference, with the start of long values. */
export function describeDifference(id: string, { path, python, here }: Difference): string {
  return `${id} ${path}: ${shortened(python)} -> ${shortened(here)}`;
}

function shortened(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 150);
}

/** Default header fields stand in each message. They count once, in the vector that is about them. */
const OF_EVERY_MESSAGE = /message\.headers\.(?:accept-encoding|connection)$/;

function ofStep(path: string, python: Outcome, here: Outcome): Difference[] {
  const [theirs, ours] = [resultOf(python), resultOf(here)];
  if (theirs === 'skipped' || ours === 'skipped') return [];
  return theirs === ours
    ? ofValue(path, python, here)
    : [{ path: `${path}.outcome`, python: theirs, here: ours }];
}

function resultOf({ ok, exception }: Outcome): unknown {
  return ok ? 'ok' : (exception as Outcome | undefined)?.['class'];
}

function ofValue(path: string, python: unknown, here: unknown): Difference[] {
  if (python === here || isSameTime(path, python, here)) return [];
  if (!isObject(python) || !isObject(here) || Array.isArray(python) !== Array.isArray(here))
    return [{ path, python, here }];
  const names = new Set([...Object.keys(python), ...Object.keys(here)]);
  return [...names].flatMap((name) => ofValue(`${path}.${name}`, python[name], here[name]));
}

/** Seconds until a token expires go by while a vector runs. */
function isSameTime(path: string, python: unknown, here: unknown): boolean {
  const isClock = /\.expires_(?:at|in)$/.test(path) && typeof python === 'number' && typeof here === 'number';
  return isClock && Math.abs(python - here) <= 5;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
