import type { Attachment, CreateAttachmentResult } from '../../commands/shapes.js';
import { ATTACHMENT_COMMANDS } from '../targets.js';
import { answerOf, runSteps, type Step } from '../writes/steps.js';
import { type AddedAttachment, findAdded, nameOfTarget, type Upload, type UploadContext } from './upload.js';

/** Sends a file or a link to the database itself, as a form. */
export function addByForm(context: UploadContext, upload: Upload): Promise<AddedAttachment> {
  const { subject, target, title, description, file, link, call, onUploadProgress } = upload;
  const type = link === undefined ? 'file' : 'link';
  const command = ATTACHMENT_COMMANDS[target.kind].create;
  let added: Partial<CreateAttachmentResult> | Attachment | undefined;
  const step: Step = {
    name: `attach ${file.name} to ${nameOfTarget(target)}`,
    write: async (sending) => {
      const form = new FormData();
      const fields = { ...target.input, title, description, type, ...(link !== undefined && { url: link }) };
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      // Without a name as the third argument, which would make a copy of the file.
      form.set('data', file);
      const options = { ...sending, ...(onUploadProgress && { onUploadProgress }) };
      const answer = answerOf(
        await context.client.post<CreateAttachmentResult>(command as string, form, options),
      );
      answerOf(answer.code);
      added = answer;
    },
    isDone: async (reading) => {
      added = await findAdded(context, upload, type, reading);
      return added !== undefined;
    },
  };
  return runSteps(subject, [step], call, () => {
    const { code, filename = file.name, contentType = file.type } = added as CreateAttachmentResult;
    return {
      ...{ code, type, title, description, filename, contentType },
      filesize: link === undefined ? file.size : undefined,
      url: link ?? null,
    };
  });
}
