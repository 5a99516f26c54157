import {
  BOOLEAN,
  FILLED_STRING,
  FUNCTION,
  must,
  type OptionsExpected,
  STRING,
  wholeNumber,
} from '../../config/check-options.js';
import { callBack, type Logger } from '../../config/logger.js';
import { IncompleteWrite, InvalidInvocation } from '../../exceptions/base.js';
import { isReadable } from '../../util/guards.js';
import { EosUploadJob } from '../eos/upload.js';
import type { TransferProgress } from '../files/download.js';
import { isEosWorthy } from '../files/sniff.js';
import { type CallOptions, checkJob, EOS, type EosChoice, optionsOfJob } from '../options.js';
import { type CheckedTarget, checkTarget, type Target } from '../targets.js';
import { addByForm } from './form.js';
import { type LocalFile, openFile, type UploadSource } from './local-file.js';
import { type AddedAttachment, listNow, type Upload, type UploadContext } from './upload.js';

/** Options of `attachments.add`: those of each request, and about the attachment. */
export interface AddAttachmentOptions
  extends Omit<CallOptions, 'data' | 'json' | 'fresh' | 'onUploadProgress' | 'onDownloadProgress'> {
  /** The title. @defaultValue the name of the file, or the URL of a link */
  title?: string | undefined;
  /** What people should know of it. @defaultValue none */
  description?: string | undefined;
  /** The name that the file has in the database, without folders. @defaultValue the name on the disk, of the `File`, or of the file that the stream reads */
  filename?: string | undefined;
  /** The media type, such as `image/jpeg`. @defaultValue what the contents say: the name of the file makes no difference */
  contentType?: string | undefined;
  /** The number of bytes that a function or a stream gives. With it, a function needs no temporary file. @defaultValue counted */
  size?: number | undefined;
  /** Whether the file goes to EOS. @defaultValue the option `eos` of the client, else `'auto'`: images, files of ROOT, and those of more than 64,000 bytes */
  eos?: EosChoice | undefined;
  /** Whether the attachment stays in the database where its file could not be sent to EOS. @defaultValue `false`: it is deleted again */
  keep?: boolean | undefined;
  /** Called while the file is sent, at most three times a second, and at the end; from 0 again if it is sent again. @defaultValue none */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
}

const NAME_EXPECTED = "a name without folders, such as 'photo.jpg'";
const TYPE_EXPECTED =
  "a media type such as 'image/jpeg'; without this option, the type is read from the contents";

const OPTIONS: OptionsExpected = optionsOfJob("{ title: 'Photograph' }", {
  title: FILLED_STRING,
  description: STRING,
  filename: must(
    (name) => typeof name === 'string' && /^(?!\.{1,2}$)[^\\/\p{Cc}]+$/u.test(name),
    NAME_EXPECTED,
  ),
  contentType: must(
    (type) => typeof type === 'string' && /^[\w.+-]+\/[\w.+-]+(?:\s*;[\t\x20-\x7e]*)?$/.test(type),
    TYPE_EXPECTED,
  ),
  size: wholeNumber('a number of bytes'),
  eos: EOS,
  keep: BOOLEAN,
  onProgress: FUNCTION,
});

/** What `attachments.add` gets of its client. */
type AddContext = UploadContext & { readonly logger: Logger; readonly eos: EosChoice };

/** Adds an attachment. See `attachments.add`. */
export async function addAttachment(
  context: AddContext,
  owner: Target,
  source: UploadSource,
  given: AddAttachmentOptions,
): Promise<AddedAttachment> {
  try {
    return await add(context, owner, source, given);
  } finally {
    // It is not read any longer, and holds what it reads from.
    if (isReadable(source)) source.destroy();
  }
}

async function add(
  context: AddContext,
  owner: Target,
  source: UploadSource,
  given: AddAttachmentOptions,
): Promise<AddedAttachment> {
  const subject = 'client.attachments.add';
  const target = checkTarget(subject, owner);
  const options = checkJob(subject, given, OPTIONS);
  const { title, description = '', filename, contentType, size, eos, keep, onProgress, ...call } = options;
  const isLink = source instanceof URL && source.protocol !== 'file:';
  refuseTogether(subject, target, isLink, options);
  const signal = call.signal as AbortSignal | undefined;
  const local = isLink
    ? linkTo(source)
    : await openFile(subject, source, { filename, contentType, size }, signal);
  const { file, sniffed, start, dispose } = local;
  const send = async (): Promise<AddedAttachment> => {
    const onUploadProgress = onProgress && progressOf(context, file, onProgress);
    const upload: Upload = {
      ...{ subject, target, title: title ?? file.name, description, file, call, onUploadProgress },
      link: isLink ? source.href : undefined,
      // Also shows that the target is there, before a large file is sent.
      known: new Set((await listNow(context, target, call)).map(({ code }) => code)),
    };
    const choice = isLink || target.kind === 'batch' ? false : (eos ?? context.eos);
    const isForEos = choice === 'auto' ? isEosWorthy(sniffed, start, file.size) : choice;
    return isForEos ? new EosUploadJob(context, upload, keep ?? false).run() : addByForm(context, upload);
  };
  return dispose === undefined ? send() : disposing(send(), dispose);
}

/** Removes what was kept for a file at the end: after resume(), if the write was incomplete. */
async function disposing<T>(task: Promise<T>, dispose: () => Promise<void>): Promise<T> {
  try {
    const result = await task;
    await dispose();
    return result;
  } catch (error) {
    if (!(error instanceof IncompleteWrite)) {
      await dispose();
      throw error;
    }
    const { message, steps, outcome, cause } = error;
    const resume = (): Promise<T> => disposing(error.resume() as Promise<T>, dispose);
    throw new IncompleteWrite(message, { steps, outcome, cause, resume });
  }
}

/** The database has a link as an empty file whose name is the URL. */
function linkTo({ href }: URL): LocalFile {
  const type = 'text/x-uri';
  return {
    file: new File([], href, { type }),
    sniffed: type,
    start: new Uint8Array(),
    dispose: undefined,
  };
}

function refuseTogether(
  subject: string,
  { kind }: CheckedTarget,
  isLink: boolean,
  options: AddAttachmentOptions,
): void {
  const names = (['filename', 'contentType', 'size'] as const).filter((name) => options[name] !== undefined);
  if (isLink && names.length > 0)
    throw new InvalidInvocation(`${subject}: \`${names.join('`, `')}\` must be left out: a link is no file`);
  if (kind === 'batch' && options.eos === true)
    throw new InvalidInvocation(`${subject}: \`eos\` must be left out: files of batches do not go to EOS`);
}

/** Of a form, what precedes and follows the file is left out. */
function progressOf(
  { logger }: AddContext,
  { size }: File,
  onProgress: (progress: TransferProgress) => void,
): NonNullable<CallOptions['onUploadProgress']> {
  return ({ loaded, total = size }) => {
    const done = Math.max(0, loaded - (total - size));
    callBack(logger, 'onProgress', () => onProgress({ done, total: size }));
  };
}
