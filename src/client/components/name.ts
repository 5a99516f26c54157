import type { ComponentFields, FullComponent } from '../../commands/shapes.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import type { ResourceContext } from '../resources/resource.js';
import { type ComponentName, isPlanned, refuseProblems } from '../shipments/component-names.js';
import { reload, type WriteOptions } from '../writes/write-options.js';
import { findComponent } from './find-component.js';

/** @throws InvalidInvocation where it is not the name of a component */
export function checkName(subject: string, component: ComponentName, option = 'component'): string {
  const given: unknown = component;
  const named = isRecord(given) && isRecord(given['component']) ? given['component'] : given;
  const { id, code, serialNumber }: Record<string, unknown> = isRecord(named) ? named : { id: named };
  const name = [id, code, serialNumber].find(isFilledString);
  if (name !== undefined) return name;
  throw new InvalidInvocation(
    `${subject}: \`${option}\` must be a serial number, code, id or alternative identifier, or an object that has one of them`,
  );
}

/**
 * Reads a component that is written next, never from the cache.
 *
 * @throws BadRequest where there is none
 */
export async function readComponent(
  client: ResourceContext['client'],
  name: string,
  call: WriteOptions,
): Promise<FullComponent> {
  const { component, refusal } = await findComponent<FullComponent>(client, name, reload(call));
  if (refusal !== undefined) throw refusal;
  return component;
}

/** Returns a problem where a component is deleted, or will be. */
export function stateProblems({ state, ...component }: Named & Pick<ComponentFields, 'state'>): string[] {
  if (state === undefined || state === 'ready' || isPlanned(state)) return [];
  return [`${titleOf(component)} is not ready: its state is ${state}`];
}

/** What a component is called in messages: the best name that it has. */
export function titleOf({ serialNumber, alternativeIdentifier, code, id }: Named): string {
  return serialNumber ?? alternativeIdentifier ?? code ?? id;
}

interface Named {
  readonly id: string;
  readonly code?: string;
  readonly serialNumber?: string | null;
  readonly alternativeIdentifier?: string | null;
}

/** Returns a list that may be null; an empty one for what stands for the result of a planned write. */
export function listOf<T>(list: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(list) ? list : [];
}

export { type ComponentName, isPlanned, refuseProblems };
