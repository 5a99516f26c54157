import { isDeepStrictEqual } from 'node:util';
import type { FullComponent } from '../../commands/shapes.js';
import { BOOLEAN, checkValue, FILLED_STRING, listOf, STRING } from '../../config/check-options.js';
import { BadRequest, Conflict } from '../../exceptions/response.js';
import { isObject } from '../../util/guards.js';
import { asList, codesOf } from '../../util/lists.js';
import { suggest } from '../../util/similar.js';
import { checkWrite, refuseProblems, type WriteOptions } from '../writes/checks.js';
import { hasNew, textsOf } from '../writes/comments.js';
import { isPlaceholder } from '../writes/plan.js';
import { confirmed, runSteps, type Step } from '../writes/steps.js';
import { type ComponentName, nameOf, titleOf } from './component-name.js';
import type { WriteContext } from './definitions.js';
import { checkProperty, type PropertyFacts } from './property-value.js';
import { readComponent, stateProblems } from './read-component.js';

/** Options of `components.setStage`. */
export interface SetStageOptions extends WriteOptions {
  /** A comment in the history of stages. @defaultValue none */
  comment?: string | undefined;
  /** Whether the component goes back for rework. @defaultValue not sent */
  rework?: boolean | undefined;
}

/** A write about one component. */
interface Change {
  readonly subject: string;
  /** What it does, for a report. */
  readonly name: string;
  readonly component: FullComponent;
  readonly call: WriteOptions;
  readonly write: (call: WriteOptions) => Promise<unknown>;
  /** Returns whether the component is as it is after the write. */
  readonly isDone: (component: FullComponent) => boolean;
}

/** See `components.setStage`. */
export async function setStage(
  context: WriteContext,
  target: ComponentName,
  stage: string,
  options: SetStageOptions,
): Promise<void> {
  const subject = 'client.components.setStage';
  const name = nameOf(subject, target);
  checkValue(subject, 'stage', stage, FILLED_STRING);
  const table = { comment: STRING, rework: BOOLEAN };
  const { comment, rework, ...call } = checkWrite(subject, options, "{ comment: 'bonded' }", table);
  const component = await readComponent(context.client, name, call);
  const isThere = ({ currentStage }: FullComponent): boolean => currentStage?.code === stage;
  if (isThere(component) && !isPlaceholder(component.id)) return;
  const problems = await typeProblems(context, component, call, ({ stages, code }) => {
    const codes = codesOf(stages);
    if (codes.length === 0 || codes.includes(stage)) return [];
    return [`a ${code} has no stage ${stage}${suggest(stage, codes)}`];
  });
  refuseProblems(subject, [...stateProblems(component), ...problems]);
  const more = { ...(comment !== undefined && { comment }), ...(rework !== undefined && { rework }) };
  await change(context, {
    ...{ subject, component, call, isDone: isThere },
    name: `set the stage of ${titleOf(component)} to ${stage}`,
    write: (sending) =>
      confirmed(
        context.client.post('setComponentStage', { component: component.code, stage, ...more }, sending),
      ),
  });
}

/** See `components.setProperty`. */
export async function setProperty(
  context: WriteContext,
  target: ComponentName,
  code: string,
  value: unknown,
  options: WriteOptions,
): Promise<void> {
  const subject = 'client.components.setProperty';
  const name = nameOf(subject, target);
  checkValue(subject, 'code', code, FILLED_STRING);
  const call = checkWrite(subject, options);
  const component = await readComponent(context.client, name, call);
  let wanted = value;
  const check = (facts: PropertyFacts): string[] => {
    const checked = checkProperty(facts, value);
    wanted = checked.value;
    return checked.problem === undefined ? [] : [checked.problem];
  };
  const entry = asList(component.properties).find((one) => one.code === code);
  // What values a code table has, and a property without an entry, only the component type says.
  const problems =
    entry !== undefined && entry.dataType !== undefined && entry.dataType !== 'codeTable'
      ? check(entry)
      : await typeProblems(context, component, call, ({ properties, ...type }) => {
          const facts = asList(properties).find((one) => one.code === code) ?? entry;
          if (facts !== undefined) return check(facts);
          return [`a ${type.code} has no property ${code}${suggest(code, codesOf(properties))}`];
        });
  refuseProblems(subject, [...stateProblems(component), ...problems]);
  const isSet = ({ properties }: FullComponent): boolean =>
    isDeepStrictEqual(asList(properties).find((one) => one.code === code)?.value ?? null, wanted);
  if (isSet(component) && !isPlaceholder(component.id)) return;
  await change(context, {
    ...{ subject, component, call, isDone: isSet },
    name: `set the property ${code} of ${titleOf(component)}`,
    write: (sending) =>
      confirmed(
        context.client.post(
          'setComponentProperty',
          { component: component.code, code, value: wanted },
          sending,
        ),
      ),
  });
}

/** See `components.setFlags`. */
export async function setFlags(
  context: WriteContext,
  target: ComponentName,
  flags: Iterable<string>,
  options: WriteOptions,
): Promise<void> {
  const subject = 'client.components.setFlags';
  const name = nameOf(subject, target);
  const list = isObject(flags) && Symbol.iterator in flags ? [...flags] : flags;
  checkValue(subject, 'flags', list, listOf(FILLED_STRING, "a list of codes, such as ['CHROMIC']"));
  const call = checkWrite(subject, options);
  const wanted = [...new Set(list as string[])];
  const before = await readComponent(context.client, name, call);
  const hasFlags =
    (codes: readonly string[]) =>
    (component: FullComponent): boolean =>
      isDeepStrictEqual(new Set(flagsOf(component)), new Set(codes));
  const isSet = hasFlags(wanted);
  if (isSet(before) && !isPlaceholder(before.id)) return;
  const unknown = wanted.filter((code) => !flagsOf(before).includes(code));
  const problems = await flagProblems(context, before, unknown, call);
  refuseProblems(subject, [...stateProblems(before), ...problems]);
  const isUnchanged = hasFlags(flagsOf(before));
  let revision = before.sys?.rev;
  const post = (sending: WriteOptions): Promise<unknown> =>
    confirmed(
      context.client.post('setComponentFlags', { component: before.code, flags: wanted, revision }, sending),
    );
  const write = async (sending: WriteOptions): Promise<void> => {
    try {
      await post(sending);
    } catch (error) {
      if (!(error instanceof BadRequest || error instanceof Conflict)) throw error;
      // The revision rises with each change of the component, also with one that has nothing to do with flags.
      const now = await readComponent(context.client, before.id, sending).catch(() => before);
      if (now.sys.rev === revision) throw error;
      if (!isUnchanged(now)) throw changedMeanwhile(error, flagsOf(before), flagsOf(now));
      revision = now.sys.rev;
      await post(sending);
    }
  };
  const title = wanted.length === 0 ? 'none' : wanted.join(', ');
  await change(context, {
    ...{ subject, component: before, call, isDone: isSet, write },
    name: `set the flags of ${titleOf(before)} to ${title}`,
  });
}

/** See `components.addFlag` and `components.removeFlag`. */
export async function changeFlag(
  context: WriteContext,
  method: 'addFlag' | 'removeFlag',
  target: ComponentName,
  flag: string,
  options: WriteOptions,
): Promise<void> {
  const subject = `client.components.${method}`;
  const isAdded = method === 'addFlag';
  const name = nameOf(subject, target);
  checkValue(subject, 'flag', flag, FILLED_STRING);
  const call = checkWrite(subject, options);
  const component = await readComponent(context.client, name, call);
  const isDone = (now: FullComponent): boolean => flagsOf(now).includes(flag) === isAdded;
  const hasFlag = flagsOf(component).includes(flag);
  const problems = hasFlag ? [] : await flagProblems(context, component, [flag], call);
  refuseProblems(subject, [...stateProblems(component), ...problems]);
  if (isDone(component) && !isPlaceholder(component.id)) return;
  const command = isAdded ? 'addComponentFlag' : 'deleteComponentFlag';
  await change(context, {
    ...{ subject, component, call, isDone },
    name: isAdded
      ? `add the flag ${flag} to ${titleOf(component)}`
      : `remove the flag ${flag} from ${titleOf(component)}`,
    write: (sending) => confirmed(context.client.post(command, { component: component.code, flag }, sending)),
  });
}

/** See `components.comment`. */
export async function comment(
  context: WriteContext,
  target: ComponentName,
  text: string | readonly string[],
  options: WriteOptions,
): Promise<void> {
  const subject = 'client.components.comment';
  const name = nameOf(subject, target);
  const comments = textsOf(subject, text);
  const call = checkWrite(subject, options);
  const component = await readComponent(context.client, name, call);
  const isDone = (now: FullComponent): boolean => hasNew(comments, component.comments, now.comments);
  await change(context, {
    ...{ subject, component, call, isDone },
    name: `comment on ${titleOf(component)}`,
    write: (sending) =>
      confirmed(
        context.client.post('createComponentComment', { component: component.code, comments }, sending),
      ),
  });
}

/** See `components.delete`. */
export async function deleteComponent(
  context: WriteContext,
  target: ComponentName,
  options: WriteOptions,
): Promise<void> {
  const subject = 'client.components.delete';
  const name = nameOf(subject, target);
  const call = checkWrite(subject, options);
  const component = await readComponent(context.client, name, call);
  const isDone = ({ state }: FullComponent): boolean => state !== 'ready';
  if (isDone(component) && !isPlaceholder(component.id)) return;
  await change(context, {
    ...{ subject, component, call, isDone },
    name: `request the deletion of ${titleOf(component)}`,
    write: (sending) =>
      confirmed(context.client.post('deleteComponent', { component: component.code }, sending)),
  });
}

/** Does a write, and reads the component where it is not known whether it was done. */
async function change(
  { client }: WriteContext,
  { subject, name, component, call, write, isDone }: Change,
): Promise<void> {
  const step: Step = {
    name,
    write: async (sending) => {
      await write(sending);
    },
    isDone: async (reading) => isDone(await readComponent(client, component.id, reading)),
  };
  await runSteps(subject, [step], call, () => undefined);
}

type TypeCheck = Parameters<WriteContext['types']['problems']>[3];

/** Checks a component with what its type says. Of a component that a plan registers the type is not known. */
async function typeProblems(
  { types }: WriteContext,
  component: FullComponent,
  call: WriteOptions,
  check: TypeCheck,
): Promise<string[]> {
  if (isPlaceholder(component.id)) return [];
  return types.problems(component.project.code, component.componentType.code, call, check);
}

function flagProblems(
  context: WriteContext,
  component: FullComponent,
  wanted: readonly string[],
  call: WriteOptions,
): Promise<string[]> {
  return typeProblems(context, component, call, ({ flags, code }) => {
    const known = codesOf(flags);
    // Some component types do not say which flags there are.
    if (known.length === 0) return [];
    const unknown = wanted.filter((flag) => !known.includes(flag));
    return unknown.map((flag) => `a ${code} has no flag ${flag}${suggest(flag, known)}`);
  });
}

/** Returns the codes of the flags that a component has. */
function flagsOf({ flags }: FullComponent): string[] {
  return codesOf(asList(flags).filter(({ state }) => state !== 'deleted'));
}

/** Returns the exception for flags that another user changed at the same time. */
function changedMeanwhile(
  error: BadRequest | Conflict,
  before: readonly string[],
  now: readonly string[],
): BadRequest | Conflict {
  const { request, ...response } = error.response;
  const Type = error instanceof BadRequest ? BadRequest : Conflict;
  const show = (flags: readonly string[]): string => flags.join(', ') || 'none';
  return new Type({ ...response, config: request }, undefined, {
    reason: `the flags were changed meanwhile, from ${show(before)} to ${show(now)}`,
    advice:
      'Look at the flags that the component has now, then set them again, or use addFlag and removeFlag.',
    cause: error,
  });
}
