import type { Attachment } from '../../commands/shapes.js';
import type { CallOptions } from '../options.js';
import type { ResourceContext } from '../resources/resource.js';
import { type CheckedTarget, readAttachments, type TargetKind } from '../targets.js';

/** A new attachment: what `attachments.add` returns. */
export interface AddedAttachment
  extends Pick<Attachment, 'code' | 'type' | 'title' | 'description' | 'filename' | 'contentType' | 'url'> {
  /** In bytes; undefined for a link. */
  filesize: number | undefined;
}

/** What a client gives for uploads. */
export type UploadContext = Pick<ResourceContext, 'client' | 'report' | 'retry'>;

/** An attachment that is about to be added. */
export interface Upload {
  readonly subject: string;
  readonly target: CheckedTarget;
  readonly title: string;
  readonly description: string;
  /** The file; of a link an empty one with the URL as its name. */
  readonly file: File;
  /** The URL of a link. */
  readonly link: string | undefined;
  /** The codes of the attachments that were there before. */
  readonly known: ReadonlySet<string>;
  /** The options of each request to the database. */
  readonly call: CallOptions;
  readonly onUploadProgress: CallOptions['onUploadProgress'];
}

const NAMES: Readonly<Record<TargetKind, string>> = {
  component: 'component',
  testRun: 'test run',
  shipment: 'shipment',
  batch: 'batch',
};

/** Returns how people call a target, such as `component 20USBML1234567`. */
export function nameOfTarget({ kind, id }: CheckedTarget): string {
  return `${NAMES[kind]} ${id}`;
}

/** Lists the attachments of a target as they are now. */
export function listNow(
  { client }: UploadContext,
  target: CheckedTarget,
  call: CallOptions,
): Promise<Attachment[]> {
  const { fresh: _, ...options } = call;
  return readAttachments(client, target, { ...options, cache: 'reload' });
}

/** Looks for an attachment that was perhaps added, although no response said so. */
export async function findAdded(
  context: UploadContext,
  { target, title, file, link, known }: Upload,
  type: Attachment['type'],
  call: CallOptions,
): Promise<Attachment | undefined> {
  const found = await listNow(context, target, call);
  const [match, ...others] = found.filter(
    (one) =>
      !known.has(one.code) &&
      one.type === type &&
      one.title === title &&
      (type === 'eos' || one.filename === file.name || one.url === link) &&
      (link !== undefined || one.filesize === undefined || one.filesize === file.size),
  );
  // Another process may have added one that is equal.
  return others.length === 0 ? match : undefined;
}
