import type { AttachmentRecord } from '../data/records.js';
import { AWID, iso, viewAttachment } from '../data/views.js';
import type { FilePart } from '../multipart.js';
import { type Command, type CommandContext, FileResult } from './command.js';
import { missingKeys, refusal } from './command-error.js';
import { textOf } from './input.js';
import { type TargetKind, targetOf } from './targets.js';

/** Attaches a file or a link. Scripts send a link with an empty file, or with none. */
export function createAttachment(kind: TargetKind): Command {
  return (input, context) => {
    const { store, user } = context;
    const target = targetOf(kind, input, context);
    const isLink = input['type'] === 'link';
    if (!isLink && input['data'] === undefined) throw missingKeys(context.command, ['$.data']);
    const noFile = {
      filename: String(input['url'] ?? ''),
      contentType: 'text/x-uri',
      bytes: Buffer.alloc(0),
    };
    const file = (input['data'] ?? noFile) as FilePart;
    const { filename, contentType, bytes } = file;
    const attachment: AttachmentRecord = {
      code: store.newId(32),
      dateTime: Date.now(),
      title: String(input['title']),
      description: String(input['description']),
      type: isLink ? 'link' : 'file',
      filename,
      contentType,
      filesize: isLink ? undefined : bytes.length,
      url: isLink ? (textOf(input['url']) ?? filename) : undefined,
      bytes,
      user,
    };
    target.update({ attachments: [...target.record.attachments, attachment] });
    if (!isLink) store.setBinary(attachment.code, file);
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

/** Returns the bytes of a file. A link has none; those of a file on EOS are there. */
export function getAttachment(kind: TargetKind): Command {
  return (input, context) => {
    const { record } = targetOf(kind, input, context);
    const { type, bytes, contentType, filename, url } = attachmentOf(
      record.attachments,
      input['code'],
      context,
    );
    if (type === 'eos') throw refusal(context.command, 'attachmentIsOnEos', 'The file is on EOS.', { url });
    return new FileResult(bytes, contentType, filename);
  };
}

/** Removes an attachment. A file on EOS stays there until it is deleted with the token of the result. */
export function deleteAttachment(kind: TargetKind): Command {
  return (input, context) => {
    const target = targetOf(kind, input, context);
    const old = attachmentOf(target.record.attachments, input['code'], context);
    target.update({ attachments: target.record.attachments.filter((one) => one !== old) });
    context.store.setBinary(old.code, undefined);
    const token = old.type === 'eos' && { token: context.eos.issueToken(String(old.url), 'delete') };
    return { attachment: viewAttachment(old), ...token };
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
