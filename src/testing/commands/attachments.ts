import type { AttachmentRecord } from '../data/records.js';
import { AWID, iso, viewAttachment } from '../data/views.js';
import type { FilePart } from '../multipart.js';
import { type Command, type CommandContext, FileResult } from './command.js';
import { refusal } from './command-error.js';
import { textOf } from './input.js';
import { type TargetKind, targetOf } from './targets.js';

/** Attaches a file or a link. */
export function createAttachment(kind: TargetKind): Command {
  return (input, context) => {
    const { store, user } = context;
    const target = targetOf(kind, input, context);
    const { filename, contentType, bytes } = input['data'] as FilePart;
    const isLink = input['type'] === 'link';
    const attachment: AttachmentRecord = {
      code: store.newId(32),
      dateTime: Date.now(),
      title: String(input['title']),
      description: String(input['description']),
      type: isLink ? 'link' : 'file',
      filename,
      contentType,
      url: isLink ? (textOf(input['url']) ?? filename) : undefined,
      bytes,
      user,
    };
    target.update({ attachments: [...target.record.attachments, attachment] });
    const time = iso(attachment.dateTime);
    return {
      awid: AWID,
      code: attachment.code,
      contentType,
      description: attachment.description,
      filename,
      id: store.newId(),
      name: attachment.title,
      sys: { cts: time, mts: time, rev: 0 },
      tagList: [],
      versionName: null,
    };
  };
}

/** Returns the bytes of a file. A link has none. */
export function getAttachment(kind: TargetKind): Command {
  return (input, context) => {
    const { record } = targetOf(kind, input, context);
    const { bytes, contentType, filename } = attachmentOf(record.attachments, input['code'], context);
    return new FileResult(bytes, contentType, filename);
  };
}

/** Removes an attachment. */
export function deleteAttachment(kind: TargetKind): Command {
  return (input, context) => {
    const target = targetOf(kind, input, context);
    const old = attachmentOf(target.record.attachments, input['code'], context);
    target.update({ attachments: target.record.attachments.filter((one) => one !== old) });
    return { attachment: viewAttachment(old) };
  };
}

function attachmentOf(
  attachments: readonly AttachmentRecord[],
  code: unknown,
  { command }: CommandContext,
): AttachmentRecord {
  const attachment = attachments.find((one) => one.code === code);
  if (attachment === undefined)
    throw refusal(command, 'attachmentDoesNotExist', 'Attachment does not exist.', { code });
  return attachment;
}
