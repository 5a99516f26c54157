import { InvalidInvocation } from '../../exceptions/base.js';
import { isFilledString, isObject, isRecord } from '../../util/guards.js';
import { formOf } from '../identifiers.js';

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
 * Returns the text that names a component.
 *
 * @param option - what the argument is called, for the message
 * @throws InvalidInvocation where it is not the name of a component
 */
export function nameOf(subject: string, component: ComponentName, option = 'component'): string {
  const name = findName(component);
  if (name !== undefined) return name;
  throw new InvalidInvocation(
    `${subject}: \`${option}\` must be a serial number, code, id or alternative identifier, or an object that has one of them`,
  );
}

/**
 * Returns the text that names each component, once.
 *
 * @param option - what the list is called, for the message
 * @throws InvalidInvocation where it is not a list of components
 */
export function namesOf(subject: string, option: string, components: Iterable<ComponentName>): string[] {
  const expectation = `${subject}: \`${option}\` must be a list of components, such as ['20USBML1234567']`;
  if (!isObject(components) || !(Symbol.iterator in components)) throw new InvalidInvocation(expectation);
  const names = [...components].map(findName);
  const index = names.indexOf(undefined);
  if (index !== -1)
    throw new InvalidInvocation(`${expectation}; number ${index} has no code, serial number or id`);
  return [...new Set(names as string[])];
}

/** The code comes first: each command knows it. */
function findName(component: unknown): string | undefined {
  const named = isRecord(component) && isRecord(component['component']) ? component['component'] : component;
  const { code, serialNumber, id }: Record<string, unknown> = isRecord(named) ? named : { id: named };
  return [code, serialNumber, id].find(isFilledString);
}

/** How `listTestRunsByComponent` names a component: it knows neither ids nor alternative identifiers. */
export type ListedBy = { readonly code: string } | { readonly serialNumber: string };

/** Returns how lists of test runs name a component; undefined where its code must be read first. */
export function listedBy(name: string): ListedBy | undefined {
  const form = formOf(name);
  if (form === 'code') return { code: name };
  return form === 'serialNumber' ? { serialNumber: name } : undefined;
}

/** What a component is called in messages: the best name that it has. */
export function titleOf({ serialNumber, alternativeIdentifier, code, id }: Named): string {
  return serialNumber ?? alternativeIdentifier ?? code ?? id;
}

/** What names a component in the database. */
export interface Named {
  readonly id: string;
  readonly code?: string;
  readonly serialNumber?: string | null;
  readonly alternativeIdentifier?: string | null;
}
