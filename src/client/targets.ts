import type { Attachment, Batch } from '../commands/shapes.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { isFilledString, isRecord } from '../util/guards.js';
import type { CallOptions } from './options.js';
import type { ResourceContext } from './resources/resource.js';
import { isPlaceholder } from './writes/plan.js';

/** How the owner of attachments and comments is named: by its id, or as an object that has one. */
export type TargetName = string | { readonly id: string };

/**
 * What has attachments and comments. The kind is told because an id does not show it. A component can also be named by its
 * code or its serial number.
 */
export type Target =
  | { readonly component: TargetName }
  | { readonly testRun: TargetName }
  | { readonly shipment: TargetName }
  | { readonly batch: TargetName };

/** The kind of a {@link Target}. */
export type TargetKind = 'component' | 'testRun' | 'shipment' | 'batch';

/** A target after the check. */
export interface CheckedTarget {
  readonly kind: TargetKind;
  /** The id, or what else the database knows it by. */
  readonly id: string;
  /** What the input of each command about it has: `{ component: '20USBML1234567' }`. */
  readonly input: Readonly<Record<string, string>>;
  /** The object that the caller gave, if it gave one. */
  readonly given: object | undefined;
}

/** The commands about the attachments of each kind of target. */
export const ATTACHMENT_COMMANDS = {
  component: {
    download: 'getComponentAttachment',
    create: 'createComponentAttachment',
    delete: 'deleteComponentAttachment',
  },
  testRun: {
    download: 'getTestRunAttachment',
    create: 'createTestRunAttachment',
    delete: 'deleteTestRunAttachment',
  },
  shipment: {
    download: 'getShipmentAttachment',
    create: 'createShipmentAttachment',
    delete: 'deleteShipmentAttachment',
  },
  batch: {
    download: 'getBatchAttachment',
    create: 'createBatchAttachment',
    delete: 'deleteBatchAttachment',
  },
} as const;

const KINDS = Object.keys(ATTACHMENT_COMMANDS) as TargetKind[];
const EXAMPLE = "such as { component: '20USBML1234567' }, { testRun: run }, { shipment } or { batch }";

/**
 * Checks what attachments or comments belong to.
 *
 * @param subject - the method, for the message
 * @throws InvalidInvocation where it is not one target
 */
export function checkTarget(subject: string, target: unknown): CheckedTarget {
  const keys = isRecord(target) ? Object.keys(target) : [];
  const [kind] = keys as TargetKind[];
  if (!isRecord(target) || keys.length !== 1 || kind === undefined || !KINDS.includes(kind))
    throw new InvalidInvocation(`${subject}: the target must be an object with one key, ${EXAMPLE}`);
  const named = target[kind];
  const id = isRecord(named) ? named['id'] : named;
  if (!isFilledString(id))
    throw new InvalidInvocation(`${subject}: \`${kind}\` must be an id, or an object that has an \`id\``);
  return { kind, id, input: { [kind]: id }, given: isRecord(named) ? named : undefined };
}

/**
 * Reads the attachments of a target.
 *
 * @param withTokens - whether the URLs of files on EOS have a token, which is valid for a short time
 * @throws what `client.get` throws
 */
export async function readAttachments(
  client: ResourceContext['client'],
  { kind, id, input, given }: CheckedTarget,
  options: CallOptions,
  withTokens = false,
): Promise<Attachment[]> {
  // What is still to be made in a plan has none.
  if (isPlaceholder(id)) return [];
  // A stored response could have a token that has expired.
  const call: CallOptions = withTokens ? { ...options, fresh: undefined, cache: false } : options;
  if (kind === 'batch') return (await findBatch(client, id, given, call)).attachments ?? [];
  const data = { ...input, ...(withTokens && { noEosToken: false }) };
  const command = { component: 'getComponent', testRun: 'getTestRun', shipment: 'getShipment' } as const;
  const owner: { attachments?: Attachment[] | null } = await client.get(command[kind] as string, {
    ...call,
    data,
  });
  return owner.attachments ?? [];
}

/** No command reads a batch by its id. */
async function findBatch(
  client: ResourceContext['client'],
  id: string,
  given: object | undefined,
  options: CallOptions,
): Promise<Batch> {
  const { project, batchType } = (given ?? {}) as Partial<Batch>;
  const filterMap = {
    ...(typeof project === 'string' && { project }),
    ...(isFilledString(batchType?.code) && { batchType: batchType.code }),
  };
  const { data: _, json: __, ...listOptions } = options;
  for await (const batch of client.list('listBatches', { filterMap }, listOptions))
    if (batch.id === id) return batch;
  throw new InvalidInvocation(`there is no batch with the id ${id}`);
}
