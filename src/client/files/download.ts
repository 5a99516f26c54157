import { basename } from 'node:path';
import type { Attachment } from '../../commands/shapes.js';
import {
  BOOLEAN,
  both,
  checkValue,
  FILLED_STRING,
  FUNCTION,
  must,
  NO_TILDE,
  wholeNumber,
} from '../../config/check-options.js';
import {
  clipLine,
  InvalidInvocation,
  type ITkDBException,
  isException,
  PartFailed,
} from '../../exceptions/base.js';
import { Forbidden } from '../../exceptions/response.js';
import { isFilledString } from '../../util/guards.js';
import { type CallOptions, checkJob, optionsOfJob } from '../options.js';
import { type Progress, progressTeller } from '../requests/progress.js';
import type { ResourceContext } from '../resources/resource.js';
import { ATTACHMENT_COMMANDS, type CheckedTarget, readAttachments } from '../targets.js';
import { type BinaryFile, moveFile } from './file.js';
import { makeTargetFolder, unwritable } from './place.js';
import { safeName } from './safe-name.js';
import { checkWhich, findAttachment, type WhichAttachment } from './which-attachment.js';

/** How much of one file has been sent or received. */
export interface TransferProgress {
  /** In bytes. */
  readonly done: number;
  /** The size of the file in bytes; undefined where it is not known. */
  readonly total: number | undefined;
}

/** Options of `attachments.download`: those of a request, and what happens with the file. */
export interface DownloadOptions extends Omit<CallOptions, 'data' | 'json' | 'onDownloadProgress'> {
  /** Whether a file of the same name is replaced. Otherwise the new file gets a number: `photo (2).jpg`. @defaultValue `false` */
  overwrite?: boolean | undefined;
  /** Called while the file arrives, at most three times a second, and at the end. @defaultValue none */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/** Options of `attachments.downloadAll`. */
export interface DownloadAllOptions extends Omit<DownloadOptions, 'onProgress'> {
  /** The number of files at a time, at least 1. @defaultValue `maxConcurrency` of the client, at most 16 */
  concurrency?: number | undefined;
  /**
   * What happens where some files fail. `'throw'`: all others are downloaded, then there is one exception, `PartFailed`.
   * `'collect'`: no exception; `failed` says which and why. `'stop'`: the first exception ends it. @defaultValue `'throw'`
   */
  errors?: 'throw' | 'collect' | 'stop' | undefined;
  /** Called after each file. @defaultValue none */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** A file that was downloaded. */
export interface DownloadedFile {
  /** The absolute path of the file. */
  readonly path: string;
  /** The name of the file: that of the server, without what is not allowed in names, and perhaps with a number. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The media type, without parameters; `''` where the server sent none. */
  readonly contentType: string;
  /** The code of the attachment. */
  readonly code: string;
}

/** What `attachments.downloadAll` did. */
export interface DownloadReport {
  /** The files, in the order of the attachments. */
  readonly files: readonly DownloadedFile[];
  /** The attachments that are links. They have no file: `url` says where they lead to. */
  readonly links: readonly Attachment[];
  /** The attachments whose files could not be downloaded, and why. */
  readonly failed: readonly { readonly attachment: Attachment; readonly error: ITkDBException }[];
}

const OWN = { overwrite: BOOLEAN, onProgress: FUNCTION };
const DOWNLOAD_OPTIONS = optionsOfJob('{ overwrite: true }', OWN);
const DOWNLOAD_ALL_OPTIONS = optionsOfJob("{ errors: 'collect' }", {
  ...OWN,
  concurrency: wholeNumber('a whole number, at least 1', 1),
  errors: must(
    (value) => value === 'throw' || value === 'collect' || value === 'stop',
    "'throw', 'collect' or 'stop'",
  ),
});
/** The longest title in a message, in characters. */
const LONGEST_TITLE = 80;
const DIRECTORY = both(FILLED_STRING, NO_TILDE);

/** Downloads the file of one attachment. */
export async function download(
  context: ResourceContext,
  target: CheckedTarget,
  which: WhichAttachment,
  directory: string,
  options: DownloadOptions,
): Promise<DownloadedFile> {
  const subject = 'client.attachments.download';
  const { onProgress, overwrite = false, ...call } = checkJob(subject, options, DOWNLOAD_OPTIONS);
  checkWhich(subject, which);
  checkValue(subject, 'directory', directory, DIRECTORY);
  const attachment = needsNoToken(which)
    ? which
    : findAttachment(subject, await readAttachments(context.client, target, call, true), which);
  if (attachment.type === 'link')
    throw new InvalidInvocation(
      `${subject}: the attachment is a link and has no file; it leads to ${clipLine(attachment.url ?? 'nowhere')}`,
    );
  const folder = await makeTargetFolder(subject, directory);
  const job = { subject, context, target, folder, overwrite, call };
  return downloadOne(job, attachment, onProgress);
}

/** Downloads the files of all attachments. */
export async function downloadAll(
  context: ResourceContext,
  target: CheckedTarget,
  directory: string,
  options: DownloadAllOptions,
): Promise<DownloadReport> {
  const subject = 'client.attachments.downloadAll';
  const checked = checkJob(subject, options, DOWNLOAD_ALL_OPTIONS);
  const {
    concurrency = context.maxInFlight,
    errors = 'throw',
    onProgress,
    overwrite = false,
    ...call
  } = checked;
  checkValue(subject, 'directory', directory, DIRECTORY);
  const attachments = await readAttachments(context.client, target, call, true);
  const links = attachments.filter(({ type }) => type === 'link');
  const wanted = attachments.filter(({ type }) => type !== 'link');
  const folder = await makeTargetFolder(subject, directory);
  const job = { subject, context, target, folder, overwrite, call };
  const tell = progressTeller(onProgress, context.logger);
  const files: (DownloadedFile | undefined)[] = wanted.map(() => undefined);
  const failed: (DownloadReport['failed'][number] & { readonly index: number })[] = [];
  let done = 0;
  await inParallel(wanted, concurrency, async (attachment, index) => {
    try {
      files[index] = await downloadOne(job, attachment);
    } catch (error) {
      if (!isException(error) || errors === 'stop' || isForAll(error)) throw error;
      failed.push({ attachment, error, index });
    }
    done += 1;
    tell?.({ done, total: wanted.length, failed: failed.length });
  });
  const report = {
    files: files.filter((file) => file !== undefined),
    links,
    failed: failed.sort((a, b) => a.index - b.index).map(({ index: _, ...one }) => one),
  };
  if (failed.length > 0 && errors === 'throw') throw partFailed(subject, report);
  return report;
}

/** What the downloads of one call have in common. */
interface Job {
  readonly subject: string;
  readonly context: ResourceContext;
  readonly target: CheckedTarget;
  readonly folder: string;
  readonly overwrite: boolean;
  readonly call: CallOptions;
}

async function downloadOne(
  { subject, context, target, folder, overwrite, call }: Job,
  attachment: Attachment,
  onProgress?: (progress: TransferProgress) => void,
): Promise<DownloadedFile> {
  const { client } = context;
  const options = {
    ...call,
    directory: folder,
    ...(onProgress && {
      onDownloadProgress: ({ loaded, total }: { loaded: number; total?: number | undefined }) =>
        onProgress({ done: loaded, total }),
    }),
  };
  const { code } = attachment;
  const receive = (url: string | null): Promise<BinaryFile> =>
    attachment.type === 'eos'
      ? client.get(checkedUrl(subject, url), options)
      : client.get(ATTACHMENT_COMMANDS[target.kind].download as string, {
          ...options,
          data: { ...target.input, code },
        });
  const file = await receive(attachment.url).catch(async (error: unknown) => {
    if (attachment.type !== 'eos' || !(error instanceof Forbidden)) throw error;
    // The token has expired while other files were downloaded.
    const [again] = (await readAttachments(client, target, call, true)).filter((one) => one.code === code);
    return receive(again?.url ?? null);
  });
  const { contentType, size } = file;
  const { filesize = size } = attachment;
  // The file is whole as the server has it. So something was wrong when it was uploaded.
  if (size !== filesize) {
    const message = `the file of the attachment ${code} has ${size} bytes, and the database says ${filesize}`;
    context.report({ command: subject, key: 'otherSize', message, paramMap: { code, size, filesize } });
  }
  try {
    const path = await moveFile(file, { folder, name: nameOf(file, attachment), overwrite });
    return { path, name: basename(path), size, contentType, code };
  } catch (error) {
    throw isException(error) ? error : unwritable(subject, folder, error);
  }
}

function checkedUrl(subject: string, url: string | null): string {
  if (isFilledString(url)) return url;
  throw new InvalidInvocation(`${subject}: the attachment is on EOS, and the database gives no URL of it`);
}

/** EOS gives no name. That of the database may have no extension. */
function nameOf({ suggestedFilename, extension }: BinaryFile, { filename, title }: Attachment): string {
  if (suggestedFilename !== undefined) return safeName(suggestedFilename);
  const name = safeName(isFilledString(filename) ? filename : (title ?? ''));
  return /\.\w{1,8}$/.test(name) || extension === undefined ? name : `${name}.${extension}`;
}

/** Whether an attachment is told, and is not on EOS. */
function needsNoToken(which: WhichAttachment): which is Attachment {
  const type = typeof which === 'string' ? undefined : (which as Attachment).type;
  return type === 'file' || type === 'link';
}

/** Whether every other file would meet the same. */
function isForAll({ code }: ITkDBException): boolean {
  return code === 'ERR_ABORTED' || code === 'ERR_AUTHENTICATION_FAILED' || code === 'ERR_INVALID_ID_TOKEN';
}

/** Runs a task for each item, a limited number of them at a time. The first exception ends it, when those under way are done. */
async function inParallel<T>(
  items: readonly T[],
  concurrency: number,
  task: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  let isStopped = false;
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (isStopped) return;
      try {
        await task(item, index);
      } catch (error) {
        isStopped = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, work);
  for (const outcome of await Promise.allSettled(workers))
    if (outcome.status === 'rejected') throw outcome.reason;
}

function partFailed(subject: string, { files, failed }: DownloadReport): PartFailed {
  const lines = failed.map(
    ({ attachment, error }) => `- ${clipLine(attachment.title, LONGEST_TITLE)}: ${error.summary}`,
  );
  const total = files.length + failed.length;
  return new PartFailed(
    [`${subject}: ${failed.length} of ${total} files could not be downloaded`, ...lines].join('\n'),
    { items: files, failed: failed.map(({ attachment, error }) => ({ id: attachment.code, error })) },
  );
}
