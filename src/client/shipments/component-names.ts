import type { BulkComponent } from '../../commands/shapes.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isFilledString, isObject, isRecord } from '../../util/guards.js';
import type { Components } from '../resources/components.js';
import { reload, type WriteOptions } from '../writes/write-options.js';

/**
 * How a component is named: by its serial number, code, id or alternative identifier, or as an object that has one of
 * them. An item of a shipment will do too.
 */
export type ComponentName =
  | string
  | {
      readonly id?: string | undefined;
      readonly code?: string | null | undefined;
      readonly serialNumber?: string | null | undefined;
    }
  | { readonly code: string; readonly component: { readonly id: string } };

/**
 * Returns the name of each component, once.
 *
 * @param option - what the list is called, for the message
 * @throws InvalidInvocation where it is not a list of components
 */
export function namesOf(subject: string, option: string, components: Iterable<ComponentName>): string[] {
  const expectation = `${subject}: \`${option}\` must be a list of components, such as ['20USBML1234567']`;
  if (!isObject(components) || !(Symbol.iterator in components)) throw new InvalidInvocation(expectation);
  const names = [...components].map(nameOf);
  const index = names.indexOf(undefined);
  if (index !== -1)
    throw new InvalidInvocation(`${expectation}; number ${index} has no code, serial number or id`);
  return [...new Set(names as string[])];
}

function nameOf(component: unknown): string | undefined {
  if (isFilledString(component)) return component;
  if (!isRecord(component)) return undefined;
  const item = component['component'];
  const { code, serialNumber, id } = isRecord(item) ? item : component;
  return [code, serialNumber, id].find(isFilledString);
}

/** What was found of components. */
export interface FoundComponents {
  /** Each of them once. */
  readonly components: readonly BulkComponent[];
  /** A sentence for each that does not exist or is not ready. */
  readonly problems: string[];
}

/** Reads components that something will be written about, in one request for each hundred. */
export async function readComponents(
  components: Pick<Components, 'getMany'>,
  names: readonly string[],
  call: WriteOptions,
): Promise<FoundComponents> {
  const { items, missing } = await components.getMany(names, reload(call));
  const found = [...new Map(items.map((item) => [item.id, item])).values()];
  const problems = [
    ...missing.map((name) => `there is no component ${name}`),
    ...found
      .filter(({ state }) => state !== 'ready' && !isPlanned(state))
      .map((component) => `${titleOf(component)} is not ready: its state is ${component.state}`),
  ];
  return { components: found, problems };
}

/** What a component is called in a message. */
export function titleOf({ serialNumber, code }: { serialNumber: string | null; code: string }): string {
  return serialNumber ?? code;
}

/** Whether a value stands for one that only a planned write would give, such as `<id of step 1>`. */
export function isPlanned(value: unknown): boolean {
  return typeof value === 'string' && /^<\w+ of step \d+>$/.test(value);
}

/** @throws InvalidInvocation with all problems, where there is one */
export function refuseProblems(subject: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  if (problems.length === 1) throw new InvalidInvocation(`${subject}: ${problems[0]}\nNothing was written.`);
  const lines = problems.map((problem) => `- ${problem}`);
  throw new InvalidInvocation(
    `${subject}: there are ${lines.length} problems, so nothing was written\n${lines.join('\n')}`,
  );
}
