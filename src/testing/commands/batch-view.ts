import { idOf, PROJECTS } from '../data/catalogue.js';
import type { BatchRecord } from '../data/records.js';
import {
  AWID,
  iso,
  listOrNull,
  type RecordViewOptions,
  viewAttachment,
  viewBatchLink,
  viewComment,
  viewNamed,
} from '../data/views.js';

/** A batch as lists show it: without its components. */
export function viewBatch(
  batch: BatchRecord,
  { quirks, asObject = false }: RecordViewOptions,
): Record<string, unknown> {
  const { project: code, ownerInstituteList, properties, comments, attachments, cts, mts, rev } = batch;
  const isObject = asObject && quirks;
  const name = PROJECTS.find((project) => project.code === code)?.name ?? '';
  return {
    ...viewBatchLink(batch),
    project: isObject ? code : { id: idOf(code), code, name },
    ownerInstituteList: listOrNull(
      ownerInstituteList.map((owner) => (isObject ? owner.id : viewNamed(owner))),
      quirks,
    ),
    properties: listOrNull(
      Object.entries(properties).map(([property, value]) => ({ code: property, value })),
      quirks,
    ),
    comments: listOrNull(comments.map(viewComment), quirks),
    attachments: listOrNull(attachments.map(viewAttachment), quirks),
    awid: AWID,
    sys: { cts: iso(cts), mts: iso(mts), rev },
  };
}
