import { isDeepStrictEqual } from 'node:util';
import { type Ref, refCode, refId } from '../../commands/references.js';
import type { ChildSlot, FullComponent } from '../../commands/shapes.js';
import { ANYTHING, BOOLEAN, FILLED_STRING, recordOf, wholeNumber } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isRecord } from '../../util/guards.js';
import { asList } from '../../util/lists.js';
import { checkWrite, refuseProblems, type WriteOptions } from '../writes/checks.js';
import { isPlaceholder } from '../writes/plan.js';
import { confirmed, runSteps, type Step } from '../writes/steps.js';
import { parentsOf } from './ancestors.js';
import { type ComponentName, nameOf, titleOf } from './component-name.js';
import type { WriteContext } from './definitions.js';
import { readComponent, stateProblems } from './read-component.js';

/** Options of `components.assemble`. */
export interface AssembleOptions extends WriteOptions {
  /** The id of the slot, as `children` of the parent has it. @defaultValue the slot of `position` */
  slot?: string | undefined;
  /** The `order` of the slot among the slots of the parent. @defaultValue the first free slot for such a child */
  position?: number | undefined;
  /** The values of the properties of the slot, by their codes. @defaultValue none */
  properties?: Readonly<Record<string, unknown>> | undefined;
}

/** Options of `components.disassemble`. */
export interface DisassembleOptions extends WriteOptions {
  /** Whether the child is marked as trashed. @defaultValue `false` */
  trash?: boolean | undefined;
}

/** The slot that a child is in. */
export interface AssembledSlot {
  /** The id of the slot. */
  readonly id: string;
  /** The `order` of the slot; undefined where the database does not say it. */
  readonly position: number | undefined;
}

type Slot = ChildSlot<Ref>;

/** See `components.assemble`. */
export async function assemble(
  { client }: WriteContext,
  parentName: ComponentName,
  childName: ComponentName,
  options: AssembleOptions,
): Promise<AssembledSlot> {
  const subject = 'client.components.assemble';
  const names = [nameOf(subject, parentName, 'parent'), nameOf(subject, childName, 'child')] as const;
  const { slot: id, position, properties, ...call } = checkSlotOptions(subject, options);
  const [parent, child] = await readBoth(client, names, call);
  const slot =
    isPlaceholder(parent.id) || isPlaceholder(child.id)
      ? ({ id: id ?? plannedSlot(position), order: position } as Slot)
      : chooseSlot(subject, parent, child, { id, position, properties });
  const { order } = slot;
  const result: AssembledSlot = { id: slot.id, position: order };
  const isIn = ({ children }: FullComponent): boolean => holds(findSlot(children, slot.id), child);
  if (isIn(parent)) return result;
  const input = { parent: parent.code, slot: slot.id, child: child.code, ...(properties && { properties }) };
  const step: Step = {
    name: `put ${titleOf(child)} into ${titleSlot(slot)} of ${titleOf(parent)}`,
    write: async (sending) => {
      await confirmed(client.post('assembleComponentBySlot', input, sending));
    },
    isDone: async (reading) => isIn(await readComponent(client, parent.id, reading)),
  };
  return runSteps(subject, [step], call, () => result);
}

/** See `components.disassemble`. */
export async function disassemble(
  { client }: WriteContext,
  parentName: ComponentName,
  childName: ComponentName,
  options: DisassembleOptions,
): Promise<void> {
  const subject = 'client.components.disassemble';
  const names = [nameOf(subject, parentName, 'parent'), nameOf(subject, childName, 'child')] as const;
  const { trash = false, ...call } = checkWrite(subject, options, '{ trash: false }', { trash: BOOLEAN });
  const [parent, child] = await readBoth(client, names, call);
  const isIn = ({ children }: FullComponent): boolean => asList(children).some((slot) => holds(slot, child));
  if (!isIn(parent) && !isPlaceholder(parent.id) && !isPlaceholder(child.id)) {
    const others = parentsOf(child);
    const where =
      others.length === 0 ? 'it is in no other component' : `it is in ${others.map(title).join(', ')}`;
    refuseProblems(subject, [`${titleOf(child)} is not in ${titleOf(parent)}: ${where}`]);
  }
  const step: Step = {
    name: `take ${titleOf(child)} out of ${titleOf(parent)}${trash ? ', and mark it as trashed' : ''}`,
    write: async (sending) => {
      // Without `trashed` the database marks the child as trashed.
      const input = { parent: parent.code, child: child.code, trashed: trash };
      await confirmed(client.post('disassembleComponent', input, sending));
    },
    isDone: async (reading) => !isIn(await readComponent(client, parent.id, reading)),
  };
  await runSteps(subject, [step], call, () => undefined);
}

function checkSlotOptions(subject: string, options: AssembleOptions): AssembleOptions {
  const checked = checkWrite(subject, options, '{ position: 0 }', {
    slot: FILLED_STRING,
    position: wholeNumber('the order of a slot, a whole number'),
    properties: recordOf(ANYTHING, 'an object with the values by code'),
  });
  if (checked.slot !== undefined && checked.position !== undefined)
    throw new InvalidInvocation(`${subject}: give \`slot\` or \`position\`, not both`);
  return checked;
}

function readBoth(
  client: WriteContext['client'],
  names: readonly [string, string],
  call: WriteOptions,
): Promise<[FullComponent, FullComponent]> {
  return Promise.all([readComponent(client, names[0], call), readComponent(client, names[1], call)]);
}

/**
 * Returns the slot for the child, which may be in it already.
 *
 * @throws InvalidInvocation with all problems
 */
function chooseSlot(
  subject: string,
  parent: FullComponent,
  child: FullComponent,
  { id, position, properties }: { id: string | undefined } & Pick<AssembleOptions, 'position' | 'properties'>,
): Slot {
  const slots = asList<Slot>(parent.children);
  const wanted = (slot: Slot, index: number): boolean =>
    id === undefined ? position === undefined || (slot.order ?? index) === position : slot.id === id;
  const candidates = slots.filter(wanted);
  const held = candidates.find((slot) => holds(slot, child));
  const problems = [...stateProblems(parent), ...stateProblems(child)];
  if (held !== undefined) {
    const has = Object.fromEntries(asList(held.properties).map(({ code, value }) => [code, value]));
    const others = Object.keys(properties ?? {}).filter(
      (code) => !isDeepStrictEqual(has[code], properties?.[code]),
    );
    if (others.length > 0)
      problems.push(
        `${titleOf(child)} is in ${titleSlot(held)} already, with other values of ${others.join(', ')}: setParentChildRelationPropertyBySlot changes them`,
      );
    refuseProblems(subject, problems);
    return held;
  }
  if (parent.id === child.id) problems.push('a component cannot be in itself');
  problems.push(...parentsOf(child).map((one) => inParent(child, one, parent, slots)));
  const [here, there] = [refCode(parent.currentLocation), refCode(child.currentLocation)];
  if (here !== there)
    problems.push(
      `${titleOf(parent)} is at ${here}, and ${titleOf(child)} is at ${there}: they must be at one place`,
    );
  const slot = candidates.find((one) => isFree(one) && fits(one, child));
  if (slot === undefined) problems.push(whyNoSlot(parent, child, candidates, { id, position }));
  refuseProblems(subject, problems);
  return slot as Slot;
}

function whyNoSlot(
  parent: FullComponent,
  child: FullComponent,
  candidates: readonly Slot[],
  { id, position }: { readonly id: string | undefined; readonly position?: number | undefined },
): string {
  const slots = asList<Slot>(parent.children);
  const named = id !== undefined || position !== undefined;
  const [candidate] = candidates;
  if (named && candidate === undefined) {
    const where = id === undefined ? `at position ${position}` : id;
    const positions = slots.map((slot, index) => slot.order ?? index).join(', ');
    return `${titleOf(parent)} has no slot ${where}; ${slots.length === 0 ? 'it has no slots' : `it has the positions ${positions}`}`;
  }
  if (named && candidate !== undefined) {
    if (!fits(candidate, child))
      return `${titleSlot(candidate)} of ${titleOf(parent)} is for ${kindOf(candidate)}, and ${titleOf(child)} is ${kindOf(child)}`;
    return `${titleSlot(candidate)} of ${titleOf(parent)} is not free: ${title(candidate.component)} is in it`;
  }
  if (slots.some((slot) => fits(slot, child)))
    return `${titleOf(parent)} has no free slot for ${kindOf(child)}: all are occupied`;
  const kinds = [...new Set(slots.map(kindOf))].join(', ');
  return `${titleOf(parent)} has no slot for ${kindOf(child)}; it has slots for ${kinds || 'nothing'}`;
}

function inParent(child: FullComponent, other: Ref, parent: FullComponent, slots: readonly Slot[]): string {
  const slot = slots.find((one) => holds(one, child));
  if (slot !== undefined)
    return `${titleOf(child)} is in ${titleSlot(slot)} of ${titleOf(parent)} already: disassemble it first`;
  return `${titleOf(child)} is in ${title(other)} already: disassemble it first`;
}

function findSlot(children: FullComponent['children'], id: string): Slot | undefined {
  return asList<Slot>(children).find((slot) => slot.id === id);
}

function holds(slot: Slot | undefined, child: FullComponent): boolean {
  const ref = slot?.component;
  return ref !== undefined && ref !== null && (refId(ref) === child.id || refCode(ref) === child.code);
}

function isFree({ component }: Slot): boolean {
  return component === null || component === undefined;
}

function fits({ componentType, type }: Slot, child: FullComponent): boolean {
  const wanted = refCode(type);
  if (refCode(componentType) !== refCode(child.componentType)) return false;
  return wanted === undefined || wanted === refCode(child.type);
}

function kindOf({ componentType, type }: Pick<Slot, 'componentType' | 'type'>): string {
  return [refCode(componentType), refCode(type)].filter((code) => code !== undefined).join(' ');
}

function titleSlot({ id, order }: Slot): string {
  return order === undefined ? `the slot ${id}` : `the slot at position ${order}`;
}

function plannedSlot(position: number | undefined): string {
  return position === undefined ? '<first free slot>' : `<slot at position ${position}>`;
}

/** What a component in a reference is called. */
function title(ref: Ref | undefined): string {
  const number = isRecord(ref) ? Reflect.get(ref, 'serialNumber') : undefined;
  return typeof number === 'string' ? number : (refCode(ref) ?? refId(ref) ?? 'another component');
}
