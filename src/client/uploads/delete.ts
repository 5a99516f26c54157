import type { DeleteAttachmentResult } from '../../commands/shapes.js';
import { ITkDBException } from '../../exceptions/base.js';
import { isFilledString } from '../../util/guards.js';
import { eosOptions, sendToEos } from '../eos/request.js';
import type { CallOptions } from '../options.js';
import { ATTACHMENT_COMMANDS, type CheckedTarget } from '../targets.js';
import { confirmed, runSteps, type Step } from '../writes/steps.js';
import { listNow, nameOfTarget, type UploadContext } from './upload.js';

/** Statuses with which EOS says that a file is not there any longer. */
const GONE = [204, 404];

/**
 * Deletes an attachment and its file on EOS.
 *
 * @param isOnEos - whether it has one
 * @param call - the options of each request
 * @throws IncompleteWrite where the attachment was deleted and its file was not
 */
export function deleteAttachment(
  context: UploadContext,
  subject: string,
  target: CheckedTarget,
  code: string,
  isOnEos: boolean,
  call: CallOptions,
): Promise<void> {
  let deleted: DeleteAttachmentResult | undefined;
  const entry: Step = {
    name: `delete the attachment ${code} of ${nameOfTarget(target)}`,
    write: async (sending) => {
      const command = ATTACHMENT_COMMANDS[target.kind].delete;
      const input = { ...target.input, code };
      deleted = await confirmed(
        context.client.post<DeleteAttachmentResult>(command as string, input, sending),
      );
    },
    isDone: async (reading) => (await listNow(context, target, reading)).every((one) => one.code !== code),
  };
  const file: Step = {
    name: 'delete its file on EOS',
    write: async (sending) => {
      const { attachment, token } = deleted ?? {};
      if (!isFilledString(token) || !isFilledString(attachment?.url))
        throw new ITkDBException(
          `the file of the attachment ${code} is left on EOS: the token for deleting it was not received`,
        );
      const options = eosOptions(sending, context.retry);
      await sendToEos(context, 'DELETE', { url: attachment.url, token }, GONE, options);
    },
    // No token is given out for looking at it.
    isDone: async () => false,
  };
  return runSteps(subject, isOnEos ? [entry, file] : [entry], call, () => undefined);
}
