import type { Attachment } from '../../commands/shapes.js';
import { isReadable } from '../../util/guards.js';
import {
  type DownloadAllOptions,
  type DownloadedFile,
  type DownloadOptions,
  type DownloadReport,
  download,
  downloadAll,
} from '../files/download.js';
import type { WhichAttachment } from '../files/which-attachment.js';
import { type CallOptions, checkJob, optionsOfJob } from '../options.js';
import { checkTarget, readAttachments, type Target } from '../targets.js';
import { type AddAttachmentOptions, addAttachment } from '../uploads/add.js';
import type { UploadSource } from '../uploads/local-file.js';
import { type DeleteAttachmentOptions, removeAttachment } from '../uploads/remove.js';
import type { AddedAttachment } from '../uploads/upload.js';
import type { ResourceContext } from './resource.js';

const LIST_OPTIONS = optionsOfJob('{ fresh: true }', {});

/** The attachments of components, test runs, shipments and batches: `client.attachments`. */
export class Attachments {
  readonly #context: ResourceContext;

  /** @internal */
  constructor(context: ResourceContext) {
    this.#context = context;
  }

  /**
   * Lists attachments.
   *
   * ```ts
   * const attachments = await client.attachments.list({ component: '20USBML1234567' });
   * ```
   *
   * @param target - what they belong to
   * @throws InvalidInvocation if it is not a target
   * @throws what `client.get` throws
   */
  async list(target: Target, options: Omit<CallOptions, 'data' | 'json'> = {}): Promise<Attachment[]> {
    const subject = 'client.attachments.list';
    const call = checkJob(subject, options, LIST_OPTIONS);
    return readAttachments(this.#context.client, checkTarget(subject, target), call);
  }

  /**
   * Downloads the file of an attachment into a folder. A file that is there has arrived whole. If the transfer is
   * interrupted, it goes on where it was, if the server allows that, or starts over.
   *
   * ```ts
   * const { path, size } = await client.attachments.download({ component }, 'Photograph', 'photos');
   * ```
   *
   * @param target - what the attachment belongs to
   * @param which - the attachment, its code, or its title or file name if no other has the same
   * @param directory - the folder; it is made if it is not there
   * @throws InvalidInvocation if there is no such attachment, it is a link, or the folder cannot be written
   * @throws what `client.get` throws
   */
  async download(
    target: Target,
    which: WhichAttachment,
    directory: string,
    options: DownloadOptions = {},
  ): Promise<DownloadedFile> {
    const checked = checkTarget('client.attachments.download', target);
    return download(this.#context, checked, which, directory, options);
  }

  /**
   * Downloads the files of all attachments into a folder, several at a time. Links have no file: they are in `links` of the
   * report.
   *
   * @param target - what the attachments belong to
   * @param directory - the folder; it is made if it is not there
   * @throws PartFailed after all others were downloaded, if some could not be and `errors` is `'throw'`. Its `items` are the files
   * @throws InvalidInvocation if the folder cannot be written
   * @throws what `client.get` throws, if every further request would meet it too, such as `Aborted`
   */
  async downloadAll(
    target: Target,
    directory: string,
    options: DownloadAllOptions = {},
  ): Promise<DownloadReport> {
    const checked = checkTarget('client.attachments.downloadAll', target);
    return downloadAll(this.#context, checked, directory, options);
  }

  /**
   * Adds a file or a link. The type of a file is that of its contents, and where it is stored follows from that: images, files
   * of ROOT and large files go to EOS. A file is never in memory as a whole, unless it was given so.
   *
   * ```ts
   * const { code } = await client.attachments.add({ component: '20USBML1234567' }, 'photos/top.jpg', { title: 'Top' });
   * await client.attachments.add({ testRun: run }, new URL('https://example.org/plots'), { title: 'Plots' });
   * ```
   *
   * @param target - what it is added to
   * @param source - the path of a file, bytes, a Blob, a stream, a function that returns a stream, or the URL of a link
   * @throws InvalidInvocation if an option is wrong, or the file cannot be read
   * @throws IncompleteWrite if it is not known whether it was added, or EOS does not have the file. In the second case the
   * attachment was deleted again, unless `keep` is true
   * @throws what `client.post` throws, if nothing was added
   */
  async add(
    target: Target,
    source: UploadSource,
    options: AddAttachmentOptions = {},
  ): Promise<AddedAttachment> {
    // Without a listener, a stream that fails before it is read would end the program.
    if (isReadable(source)) source.on('error', () => {});
    return addAttachment(this.#context, target, source, options);
  }

  /**
   * Deletes an attachment. If its file is on EOS, the file is deleted, too.
   *
   * ```ts
   * await client.attachments.delete({ component: '20USBML1234567' }, 'Top');
   * ```
   *
   * @param target - what the attachment belongs to
   * @param which - the attachment, its code, or its title or file name if no other has the same
   * @throws InvalidInvocation if there is no such attachment
   * @throws IncompleteWrite if the attachment was deleted and its file is left on EOS, or it is not known what was done
   * @throws what `client.post` throws, if nothing was deleted
   */
  async delete(target: Target, which: WhichAttachment, options: DeleteAttachmentOptions = {}): Promise<void> {
    return removeAttachment(this.#context, target, which, options);
  }
}
