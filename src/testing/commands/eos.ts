import { isRecord } from '../../util/guards.js';
import type { AttachmentRecord } from '../data/records.js';
import { viewAttachment } from '../data/views.js';
import { type Command, FileResult } from './command.js';
import { invalidKeys } from './command-error.js';
import { type TargetKind, targetOf } from './targets.js';

/** Makes an attachment whose file is on EOS. It is listed at once, although the file is still to be sent. */
export const requestUploadEosFile: Command = (input, context) => {
  const { command, store, user, eos } = context;
  const kind = input['type'] as TargetKind;
  const target = targetOf(kind, { [kind]: input['id'] }, context);
  const filesize = input['filesize'] as number;
  if (filesize < 0)
    throw invalidKeys(command, 'invalidValueKeyMap', { '$.filesize': 'Value must be at least 0.' });
  const code = store.newId(32);
  const url = eos.urlOf(code);
  const attachment: AttachmentRecord = {
    code,
    dateTime: Date.now(),
    title: String(input['title']),
    description: String(input['description']),
    type: 'eos',
    filename: String(input['title']),
    contentType: 'application/octet-stream',
    filesize,
    url,
    bytes: Buffer.alloc(0),
    user,
  };
  target.update({ attachments: [...target.record.attachments, attachment] });
  const { user: _, ...view } = viewAttachment(attachment);
  return { ...view, token: eos.issueToken(url, 'write') };
};

/** Makes a command add a token to the URL of each attachment on EOS, where the input says `noEosToken: false`. */
export function withEosTokens(command: Command): Command {
  return (input, context) => {
    const result = command(input, context);
    const wantsTokens = input['noEosToken'] === false || input['noEosToken'] === 'false';
    if (!wantsTokens || result instanceof FileResult || !Array.isArray(result['attachments'])) return result;
    const attachments = result['attachments'].map((attachment: unknown) => {
      if (!isRecord(attachment) || attachment['type'] !== 'eos') return attachment;
      const url = String(attachment['url']);
      return { ...attachment, url: `${url}?authz=${context.eos.issueToken(url, 'read')}` };
    });
    return { ...result, attachments };
  };
}
