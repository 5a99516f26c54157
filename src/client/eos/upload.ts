import type { EosUpload } from '../../commands/shapes.js';
import { IncompleteWrite, ITkDBException, isException, type StepReport } from '../../exceptions/base.js';
import { NotFound } from '../../exceptions/response.js';
import { TransportException } from '../../exceptions/transport.js';
import { isFilledString } from '../../util/guards.js';
import { readAttachments } from '../targets.js';
import { deleteAttachment } from '../uploads/delete.js';
import {
  type AddedAttachment,
  findAdded,
  listNow,
  nameOfTarget,
  type Upload,
  type UploadContext,
} from '../uploads/upload.js';
import { answerOf, hadNoEffect, withoutSignal } from '../writes/steps.js';
import { type EosOptions, eosOptions, sendToEos } from './request.js';

type Outcome = StepReport['outcome'];

/** The attachment in the database. Without a token, nothing can be sent to it. */
type Entry = Pick<EosUpload, 'code'> & Partial<EosUpload>;

/**
 * Adds a file to EOS: the database registers an attachment and gives out a token, and with the token the file is sent.
 *
 * An attachment whose file is certainly not whole is deleted again.
 */
export class EosUploadJob {
  readonly #context: UploadContext;
  #upload: Upload;
  readonly #keep: boolean;
  #entry: Entry | undefined;
  #registered: Outcome = 'not done';
  #sent: Outcome = 'not done';
  /** What became of the attachment when it was deleted again; empty where it was not. */
  #deletion: readonly StepReport[] = [];

  /** @param keep - whether the attachment stays in the database if its file could not be sent */
  constructor(context: UploadContext, upload: Upload, keep: boolean) {
    this.#context = context;
    this.#upload = upload;
    this.#keep = keep;
  }

  /**
   * @throws IncompleteWrite where it ended after the attachment was registered, or perhaps was
   * @throws what `client.post` throws, where nothing was done
   */
  async run(): Promise<AddedAttachment> {
    try {
      if (await this.#isGone()) this.#startAnew();
      if (this.#entry?.token === undefined) await this.#register();
      if (this.#sent !== 'done') await this.#send();
      return this.#result();
    } catch (error) {
      if (!isException(error) || this.#registered === 'not done') throw error;
      const failureOfDelete = await this.#cleanUp(error);
      throw this.#incomplete(error, failureOfDelete);
    }
  }

  get #network(): EosOptions {
    return eosOptions(this.#upload.call, this.#context.retry);
  }

  #resume(): Promise<AddedAttachment> {
    const { call } = this.#upload;
    if (call.signal?.aborted) this.#upload = { ...this.#upload, call: withoutSignal(call) };
    return this.run();
  }

  #startAnew(): void {
    this.#entry = undefined;
    this.#registered = 'not done';
    this.#sent = 'not done';
    this.#deletion = [];
  }

  get #isDeleted(): boolean {
    return this.#deletion[0]?.outcome === 'done';
  }

  /** Whether an earlier run has deleted the attachment again. */
  async #isGone(): Promise<boolean> {
    if (this.#isDeleted || this.#deletion.length === 0) return this.#isDeleted;
    const { target, call } = this.#upload;
    const listed = await listNow(this.#context, target, call);
    this.#deletion = [];
    return listed.every(({ code }) => code !== this.#entry?.code);
  }

  async #register(): Promise<void> {
    const { target, title, description, file, call } = this.#upload;
    if (this.#registered !== 'not done') await this.#deleteOrphan();
    const input = { type: target.kind, id: target.id, title, description, filesize: file.size };
    try {
      const { client } = this.#context;
      const entry = answerOf(await client.post<EosUpload>('requestUploadEosFile' as string, input, call));
      answerOf(entry.code);
      this.#entry = entry;
      this.#registered = 'done';
    } catch (error) {
      if (!isException(error) || hadNoEffect(error)) throw error;
      this.#registered = 'unknown';
      // Where it cannot be looked for now, resume() does it.
      await this.#findOrphan().catch(() => {});
      throw error;
    }
  }

  /** An attachment whose token was in a response that was lost. */
  async #findOrphan(): Promise<void> {
    const call = withoutSignal(this.#upload.call);
    const found = await findAdded(this.#context, this.#upload, 'eos', call);
    if (found === undefined) return;
    this.#entry = { code: found.code };
    this.#registered = 'done';
  }

  async #deleteOrphan(): Promise<void> {
    if (this.#entry === undefined) await this.#findOrphan();
    if (this.#entry !== undefined) await this.#delete(false);
    this.#startAnew();
  }

  async #send(): Promise<void> {
    const { url, token } = this.#entry ?? {};
    const { file, onUploadProgress } = this.#upload;
    const options = { ...this.#network, ...(onUploadProgress && { onUploadProgress }) };
    try {
      if (!isFilledString(url) || !isFilledString(token))
        throw new ITkDBException('the database gave no URL or no token of EOS');
      await sendToEos(this.#context, 'PUT', { url, token }, [201], options, file);
      this.#sent = 'done';
    } catch (error) {
      this.#sent = await this.#outcomeOf(error);
      if (this.#sent !== 'done') throw error;
    }
  }

  /** What became of the file, where EOS did not say that it has it. */
  async #outcomeOf(error: unknown): Promise<Outcome> {
    if (!(error instanceof TransportException) || error.neverReached) return 'not done';
    try {
      return (await this.#sizeOnEos()) === this.#upload.file.size ? 'done' : 'not done';
    } catch {
      return 'unknown';
    }
  }

  /** Returns the size of the file on EOS in bytes; undefined where there is none. */
  async #sizeOnEos(): Promise<number | undefined> {
    const { target, call } = this.#upload;
    const { client } = this.#context;
    const attachments = await readAttachments(client, target, withoutSignal(call), true);
    const { url } = attachments.find(({ code }) => code === this.#entry?.code) ?? {};
    if (!url) return undefined;
    const headers = { 'Accept-Encoding': 'identity' };
    const config = { ...withoutSignal(this.#network), auth: false as const, cache: false as const, headers };
    try {
      const { response } = await client.head(url, config).withResponse();
      const length = response.headers['content-length'];
      if (isFilledString(length)) return Number(length);
      throw new ITkDBException('EOS does not say how long the file is');
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  /** Deletes the attachment, if it is certain that its file is not whole. Returns why that failed. */
  async #cleanUp(error: ITkDBException): Promise<ITkDBException | undefined> {
    if (this.#entry === undefined || this.#sent !== 'not done' || this.#keep) return undefined;
    const hasFile =
      this.#entry.token !== undefined && !(error instanceof TransportException && error.neverReached);
    const name = 'delete the attachment again';
    try {
      await this.#delete(hasFile);
      this.#deletion = [{ name, outcome: 'done' }];
      return undefined;
    } catch (failure) {
      if (!isException(failure)) throw failure;
      const isIncomplete = failure instanceof IncompleteWrite;
      this.#deletion = isIncomplete ? failure.steps : [{ name, outcome: 'not done' }];
      return failure;
    }
  }

  #delete(hasFile: boolean): Promise<void> {
    const { subject, target, call } = this.#upload;
    const code = this.#entry?.code as string;
    return deleteAttachment(this.#context, subject, target, code, hasFile, withoutSignal(call));
  }

  #result(): AddedAttachment {
    const { title, description, file } = this.#upload;
    const { code, filename = file.name, contentType = file.type, url = '' } = this.#entry as Entry;
    return {
      ...{ code, type: 'eos', title, description, filename, contentType, filesize: file.size },
      // A query would have a token in it.
      url: url.replace(/\?.*/s, ''),
    };
  }

  #incomplete(error: ITkDBException, failureOfDelete: ITkDBException | undefined): IncompleteWrite {
    const { subject, target, file } = this.#upload;
    const steps: StepReport[] = [
      {
        name: `register ${file.name} as an attachment of ${nameOfTarget(target)}`,
        outcome: this.#registered,
      },
      { name: 'send the file to EOS', outcome: this.#sent },
    ];
    steps.push(...this.#deletion);
    const isUnknown = this.#registered === 'unknown' || this.#sent === 'unknown';
    const message = [
      `${subject}: ${this.#whatHappened()}: ${error.summary}`,
      ...steps.map(({ name, outcome }) => `- ${outcome}: ${name}`),
      ...(failureOfDelete ? [`It could not be deleted: ${failureOfDelete.summary}`] : []),
      this.#remainder(),
    ];
    return new IncompleteWrite(message.join('\n'), {
      ...{ steps, cause: error, outcome: isUnknown ? 'unknown' : 'not done' },
      resume: () => this.#resume(),
    });
  }

  #whatHappened(): string {
    if (this.#registered === 'unknown') return 'it is unknown whether the attachment was registered';
    return this.#sent === 'unknown' ? 'it is unknown whether EOS has the file' : 'EOS does not have the file';
  }

  #remainder(): string {
    const again = 'call resume() of this exception to try it once more.';
    if (this.#isDeleted) return `To send it, ${again}`;
    const code = this.#entry?.code;
    return code === undefined
      ? `Look in the database, then ${again}`
      : `The attachment ${code} is in the database, without its file. To send the file, ${again}`;
  }
}
