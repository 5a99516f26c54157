import { checkWhich, findAttachment, type WhichAttachment } from '../files/which-attachment.js';
import { type CallOptions, checkJob, optionsOfJob } from '../options.js';
import { checkTarget, type Target } from '../targets.js';
import { isPlaceholder } from '../writes/plan.js';
import { deleteAttachment } from './delete.js';
import { listNow, type UploadContext } from './upload.js';

/** Options of `attachments.delete`: those of each request. */
export type DeleteAttachmentOptions = Omit<CallOptions, 'data' | 'json' | 'fresh'>;

const OPTIONS = optionsOfJob('{ timeout: 10_000 }', {});

/** Deletes an attachment. See `attachments.delete`. */
export async function removeAttachment(
  context: UploadContext,
  owner: Target,
  which: WhichAttachment,
  given: DeleteAttachmentOptions,
): Promise<void> {
  const subject = 'client.attachments.delete';
  const target = checkTarget(subject, owner);
  const call = checkJob(subject, given, OPTIONS);
  checkWhich(subject, which);
  const code = typeof which === 'string' ? which : which.code;
  // In a plan, an attachment that is still to be added is not listed.
  const attachment = isPlaceholder(code)
    ? { code, type: undefined }
    : findAttachment(subject, await listNow(context, target, call), which);
  const isOnEos = attachment.type === 'eos';
  await deleteAttachment(context, subject, target, attachment.code, isOnEos, call);
}
