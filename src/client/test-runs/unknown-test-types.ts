import { type Ref, refCode } from '../../commands/references.js';
import type { FullComponent } from '../../commands/shapes.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isFilledString } from '../../util/guards.js';
import { codesOf } from '../../util/lists.js';
import { findComponent } from '../components/read-component.js';
import type { ReadOptions } from '../options.js';
import type { ResourceContext } from '../resources/resource.js';
import { explainUnknown, findQuietly, type UnknownCode, warnOfUnknown } from '../unknown-codes.js';
import { isPlaceholder } from '../writes/plan.js';

type Client = ResourceContext['client'];

/** A component that is tested. */
interface Tested {
  readonly project?: Ref;
  readonly componentType?: Ref;
}

/** Warns of test types that the component type does not have. For an empty list of test runs of a component. */
export function warnOfUnknownTestTypes(
  context: ResourceContext,
  component: string,
  codes: readonly string[],
  call: ReadOptions,
): Promise<void> {
  return warnOfUnknown(context, 'listTestRunsByComponent', () =>
    findOfComponent(context.client, component, codes, call),
  );
}

/** Warns of a test type that none of the component types has. For components without a test run of it. */
export function warnOfUnknownTestType(
  context: ResourceContext,
  components: readonly Tested[],
  code: string,
  call: ReadOptions,
): Promise<void> {
  return warnOfUnknown(context, 'listTestRunsByComponent', () =>
    findUnknown(context.client, components, [code], call),
  );
}

/**
 * Refuses a test type that the component type does not have. Where that cannot be read, it is not refused.
 *
 * @throws InvalidInvocation that suggests a test type
 */
export async function refuseUnknownTestType(
  context: ResourceContext,
  subject: string,
  component: string,
  code: string,
  call: ReadOptions,
): Promise<void> {
  // A stored response may be older than the test type.
  const fresh = call.fresh === true ? call : ({ cache: 'reload', ...call } as const);
  const [unknown] = await findQuietly(context, subject, () =>
    findOfComponent(context.client, component, [code], fresh),
  );
  if (unknown !== undefined) throw new InvalidInvocation(`${subject}: ${explainUnknown(unknown)}`);
}

async function findOfComponent(
  client: Client,
  name: string,
  codes: readonly string[],
  call: ReadOptions,
): Promise<UnknownCode[]> {
  const { component } = await findComponent<FullComponent>(client, name, call);
  return component === undefined ? [] : findUnknown(client, [component], codes, call);
}

/** Returns the codes that are test types of none of the component types. */
async function findUnknown(
  client: Client,
  components: readonly Tested[],
  codes: readonly string[],
  call: ReadOptions,
): Promise<UnknownCode[]> {
  const types = new Map<string, { readonly project: string; readonly componentType: string }>();
  for (const tested of components) {
    const [project, componentType] = [refCode(tested.project), refCode(tested.componentType)];
    if (!isFilledString(project) || !isFilledString(componentType) || isPlaceholder(componentType)) continue;
    types.set(JSON.stringify([project, componentType]), { project, componentType });
  }
  const known = new Set<string>();
  let unknown = codes.filter((code) => !isPlaceholder(code));
  for (const type of types.values()) {
    if (unknown.length === 0) break;
    for (const code of codesOf(await client.list('listTestTypes', type, call).toArray())) known.add(code);
    unknown = unknown.filter((code) => !known.has(code));
  }
  if (types.size === 0) return [];
  const owner = [...types.values()].map(({ componentType }) => componentType).join(', ');
  return unknown.map((code) => ({
    ...{ key: 'testType', code, known: [...known] },
    fault: `${code} is not a test type of ${owner}`,
  }));
}
