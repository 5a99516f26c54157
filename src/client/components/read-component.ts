import type { BulkComponent, ComponentFields, FullComponent } from '../../commands/shapes.js';
import { BadRequest } from '../../exceptions/response.js';
import { saysMissing } from '../bulk/failures.js';
import { formOf, type IdentifierForm } from '../identifiers.js';
import type { ReadOptions } from '../options.js';
import type { Components } from '../resources/components.js';
import type { ResourceContext } from '../resources/resource.js';
import { reload, type WriteOptions } from '../writes/checks.js';
import { isPlaceholder } from '../writes/plan.js';
import { type ListedBy, listedBy, type Named, titleOf } from './component-name.js';

/** The input of `getComponent` besides the identifier. */
export interface FindInput {
  readonly outputType?: 'full' | 'object' | undefined;
  readonly noEosToken?: boolean | undefined;
}

/** A component, or the refusal of the database where there is none. */
export type Found<T> =
  | { readonly component: T; readonly refusal?: undefined }
  | { readonly component?: undefined; readonly refusal: BadRequest };

/** Whether an identifier is looked up as an alternative one, in the order of the requests. */
const ATTEMPTS: Readonly<Record<IdentifierForm, readonly boolean[]>> = {
  id: [false],
  code: [false],
  serialNumber: [false, true],
  other: [true, false],
};

/**
 * Reads a component. Where the database does not know an identifier as it is, it is asked for the alternative identifier,
 * or the other way round: one more request at most.
 */
export async function findComponent<T>(
  client: Pick<ResourceContext['client'], 'get'>,
  identifier: string,
  call: ReadOptions,
  input: FindInput = {},
): Promise<Found<T>> {
  const form = formOf(identifier);
  let refusal: BadRequest | undefined;
  for (const isAlternative of ATTEMPTS[form]) {
    const data = { component: identifier, ...input, ...(isAlternative && { alternativeIdentifier: true }) };
    try {
      return { component: (await client.get('getComponent', { ...call, data })) as T };
    } catch (error) {
      if (!(error instanceof BadRequest && saysMissing(error))) throw error;
      refusal ??= error;
    }
  }
  return { refusal: explain(refusal as BadRequest, identifier, form) };
}

const WHAT: Readonly<Record<IdentifierForm, string>> = {
  id: 'with the id',
  code: 'with the code',
  serialNumber: 'with the serial number or the alternative identifier',
  other: 'with the alternative identifier or the serial number',
};

/** Says what was looked for in the first line of the message. */
function explain(refusal: BadRequest, identifier: string, form: IdentifierForm): BadRequest {
  const { request, ...response } = refusal.response;
  return new BadRequest({ ...response, config: request }, undefined, {
    reason: `there is no component ${WHAT[form]} ${identifier}`,
    cause: refusal,
  });
}

/** Returns how lists of test runs name a component. It is read where only its code will do. */
export async function readListedBy(
  client: Pick<ResourceContext['client'], 'get'>,
  name: string,
  call: ReadOptions,
): Promise<ListedBy> {
  const known = listedBy(name);
  if (known !== undefined) return known;
  const { component, refusal } = await findComponent<FullComponent>(client, name, call);
  if (refusal !== undefined) throw refusal;
  return { code: component.code };
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

/** What was found of components. */
export interface FoundComponents {
  /** Each of them once. */
  readonly components: readonly BulkComponent[];
  /** A sentence for each that does not exist or is not ready. */
  readonly problems: string[];
}

/** Reads components that something will be written about, 100 with each request. */
export async function readComponents(
  components: Pick<Components, 'getMany'>,
  names: readonly string[],
  call: WriteOptions,
): Promise<FoundComponents> {
  const { items, missing } = await components.getMany(names, reload(call));
  const found = [...new Map(items.map((item) => [item.id, item])).values()];
  const problems = [
    ...missing.map((name) => `there is no component ${name}`),
    ...found.flatMap(stateProblems),
  ];
  return { components: found, problems };
}

/** Returns a problem where a component is deleted, or will be. */
export function stateProblems({ state, ...component }: Named & Pick<ComponentFields, 'state'>): string[] {
  if (state === undefined || state === 'ready' || isPlaceholder(state)) return [];
  return [`${titleOf(component)} is not ready: its state is ${state}`];
}
