import type { Readable } from 'node:stream';
import { expectTypeOf, it } from 'vitest';
import type {
  AddAttachmentOptions,
  AddedAttachment,
  Attachment,
  Client,
  EosChoice,
  TransferProgress,
  UploadSource,
} from '../../src/index.js';

declare const client: Client;

it('the types of attachments.add and attachments.delete', () => {
  const { add, delete: remove } = client.attachments;
  expectTypeOf(add).returns.resolves.toEqualTypeOf<AddedAttachment>();
  expectTypeOf<AddedAttachment['type']>().toEqualTypeOf<Attachment['type']>();
  expectTypeOf<AddedAttachment['filesize']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<string | URL | Buffer | Blob | Readable | ReadableStream>().toExtend<UploadSource>();
  expectTypeOf<() => Readable>().toExtend<UploadSource>();
  expectTypeOf<AddAttachmentOptions['eos']>().toEqualTypeOf<EosChoice | undefined>();
  expectTypeOf<NonNullable<AddAttachmentOptions['onProgress']>>()
    .parameter(0)
    .toEqualTypeOf<TransferProgress>();
  // An attachment that was added can be deleted.
  expectTypeOf(remove).parameter(1).extract<{ code: string }>().not.toBeNever();
  const added = {} as AddedAttachment;
  remove({ component: 'x' }, added);
  // @ts-expect-error: a component is not named by its position
  add('20USBML1234567', 'photo.jpg');
  // @ts-expect-error: the database has no such option
  add({ component: 'x' }, 'photo.jpg', { mimetype: 'image/jpeg' });
});
