import { PassThrough, pipeline, Readable, Transform } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { InvalidInvocation } from '../../exceptions/base.js';
import { messageOf } from '../../util/errors.js';
import { isFunction, isObject, isPlainObject, isReadable } from '../../util/guards.js';
import { type FormSerializerOptions, toFormData } from '../axios.js';
import type { RequestBody } from '../request.js';
import { checkNoObjectAsText, encodeBlob, encodeMultipart } from './multipart.js';
import { stringify } from './strict-json.js';

/** A body as it is sent, and what is said of it. */
export interface SerializedBody {
  readonly body: RequestBody | undefined;
  /** For `Content-Type`; undefined for none. */
  readonly contentType: string | undefined;
  /** Whether it replaces the caller's `Content-Type`, because the body cannot be read without its boundary. */
  readonly isForced: boolean;
}

const NO_BODY: SerializedBody = Object.freeze({ body: undefined, contentType: undefined, isForced: false });
const READ_BEFORE = '`data` is a stream that has been read or destroyed; make a new one';

const MULTIPART = /multipart\/form-data/i;
const URLENCODED = /application\/x-www-form-urlencoded/i;

/** The streams that have been sent. A prepared request could otherwise send one again. */
const SENT = new WeakSet<object>();

/**
 * Serialises a request body as it is now: what the caller changes later makes no difference, except in bytes and streams.
 *
 * | `data`                          | sent as         | `Content-Type`                                   |
 * | ------------------------------- | --------------- | ------------------------------------------------ |
 * | null, undefined                 | no body         |                                                  |
 * | a string, bytes, a stream       | the same bytes  | the caller's                                     |
 * | `Blob`                          | the same bytes  | the caller's, else the `type` of the Blob        |
 * | `FormData`, an npm `form-data`  | multipart       | `multipart/form-data` with its boundary          |
 * | `URLSearchParams`               | URL-encoded     | the caller's, else that of a URL-encoded form    |
 * | an object, and the caller's `Content-Type` is that of a form | that form | the caller's; multipart with its boundary |
 * | any other value                 | JSON            | the caller's, else `application/json`            |
 *
 * @param contentType - the caller's
 * @param formSerializer - how an object becomes a form
 * @throws InvalidInvocation that names the member at fault
 */
export function serializeBody(
  data: unknown,
  contentType: string | undefined,
  formSerializer?: FormSerializerOptions,
): SerializedBody {
  try {
    return serialize(data, contentType, formSerializer);
  } catch (error) {
    if (error instanceof InvalidInvocation) throw error;
    // A getter or a toJSON() of the caller failed, or the stack is not deep enough for the value.
    throw new InvalidInvocation(`the request body cannot be written: ${messageOf(error)}`);
  }
}

/** The length of a body in bytes; undefined where it is not known before the body is sent. */
export function lengthOf(body: RequestBody | undefined): number | undefined {
  if (body === undefined) return 0;
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (Buffer.isBuffer(body)) return body.length;
  if (isLegacyForm(body)) return body.hasKnownLength?.() ? body.getLengthSync?.() : undefined;
  return isReadable(body) ? undefined : body.length;
}

/** Whether a body is a stream, which can be sent once. */
export function isOneShot(body: RequestBody | undefined): body is Readable {
  return isReadable(body);
}

/**
 * Returns the bytes of a body, to be sent now.
 *
 * @throws what a stream failed with, or InvalidInvocation for one that was read, destroyed or sent before
 */
export function openBody(
  body: RequestBody | undefined,
): string | Buffer | Readable | AsyncIterable<Buffer> | undefined {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body;
  if (!isReadable(body)) return body.open();
  checkStream(body);
  if (SENT.has(body)) throw new InvalidInvocation('`data` is a stream that has been sent; make a new one');
  SENT.add(body);
  if (isOldStream(body)) return toReadable(body);
  return body.readableObjectMode ? withoutObjects(body) : body;
}

/** Destroys a stream that was not sent and will not be: it holds what it reads from. */
export function discardUnsent(body: unknown): void {
  try {
    if (body instanceof Readable && !SENT.has(body)) body.on('error', () => {}).destroy();
  } catch {
    // A value that cannot be looked at is not a stream.
  }
}

function serialize(
  data: unknown,
  contentType: string | undefined,
  formSerializer: FormSerializerOptions | undefined,
): SerializedBody {
  if (data === undefined || data === null) return NO_BODY;
  if (typeof data === 'string') return asItIs(data);
  if (isReadable(data)) return streamBody(data);
  // Before the classes of the platform, some of which Node loads when they are first named.
  if (!isObject(data) || isRecordLike(data)) return valueBody(data, contentType, formSerializer);
  if (ArrayBuffer.isView(data)) return asItIs(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  if (data instanceof ArrayBuffer) return asItIs(Buffer.from(data));
  if (data instanceof URLSearchParams) return urlencodedBody(data);
  if (data instanceof Blob) return asItIs(encodeBlob(data), data.type || undefined);
  if (data instanceof ReadableStream) return streamBody(fromWebStream(data));
  if (data instanceof FormData) return multipartBody(data);
  return valueBody(data, contentType, formSerializer);
}

function valueBody(
  data: unknown,
  contentType: string | undefined,
  formSerializer: FormSerializerOptions | undefined,
): SerializedBody {
  return contentType !== undefined && (MULTIPART.test(contentType) || URLENCODED.test(contentType))
    ? objectAsForm(data, contentType, formSerializer)
    : asItIs(stringify(data), 'application/json');
}

function asItIs(body: RequestBody, contentType?: string): SerializedBody {
  return { body, contentType, isForced: false };
}

function multipartBody(form: FormData): SerializedBody {
  const { contentType, ...body } = encodeMultipart(form);
  return { body, contentType, isForced: true };
}

function urlencodedBody(form: URLSearchParams): SerializedBody {
  for (const [name, value] of form) checkNoObjectAsText(name, value);
  return asItIs(form.toString(), 'application/x-www-form-urlencoded');
}

function streamBody(stream: Readable): SerializedBody {
  // Without a listener, a stream that fails before it is sent would end the program. openBody() throws the error.
  stream.on('error', () => {});
  if (!stream.errored) checkStream(stream);
  if (!isLegacyForm(stream)) return asItIs(stream);
  return { body: stream, contentType: headerOf(stream, 'content-type'), isForced: true };
}

function fromWebStream(stream: ReadableStream): Readable {
  if (stream.locked) throw new InvalidInvocation(READ_BEFORE);
  return Readable.fromWeb(stream as WebStream);
}

function objectAsForm(
  data: unknown,
  contentType: string,
  formSerializer: FormSerializerOptions | undefined,
): SerializedBody {
  if (!isObject(data) || (!isRecordLike(data) && Object.keys(data).length === 0))
    throw new InvalidInvocation(
      'the request body cannot be written: a form is made of an object with a member for each field',
    );
  return MULTIPART.test(contentType)
    ? objectAsMultipart(data, formSerializer)
    : urlencodedBody(toSearchParams(data, formSerializer));
}

function isRecordLike(data: object): boolean {
  return isPlainObject(data) || Array.isArray(data);
}

function objectAsMultipart(data: object, formSerializer: FormSerializerOptions | undefined): SerializedBody {
  const form = new FormData();
  let hasStream = false;
  form.append = (name: string, value: unknown) => {
    hasStream ||= isReadable(value);
    FormData.prototype.append.call(form, name, value as string);
  };
  toFormData(data, form, formSerializer);
  // The platform's FormData makes a text of a stream. The form that axios makes by default takes streams, and is one.
  return hasStream
    ? streamBody(toFormData(data, undefined, formSerializer) as unknown as Readable)
    : multipartBody(form);
}

function toSearchParams(data: object, formSerializer: FormSerializerOptions | undefined): URLSearchParams {
  const form = new URLSearchParams();
  const visitor: FormSerializerOptions['visitor'] = (value, key, path, helpers) => {
    if (!ArrayBuffer.isView(value)) return helpers.defaultVisitor.call(form, value, key, path, helpers);
    form.append(
      String(key),
      Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'),
    );
    return false;
  };
  toFormData(data, form, { visitor, ...formSerializer });
  return form;
}

/** @throws what a stream failed with, or InvalidInvocation where nothing can be read from it any more */
function checkStream(stream: Readable): void {
  if (stream.errored) throw stream.errored;
  if (isOldStream(stream) && stream.readable !== true)
    throw new InvalidInvocation('`data` is a stream that cannot be read');
  if (stream.readableEnded || stream.destroyed) throw new InvalidInvocation(READ_BEFORE);
}

function withoutObjects(stream: Readable): Readable {
  const checked = new Transform({
    writableObjectMode: true,
    transform(chunk: unknown, _encoding, done) {
      if (typeof chunk === 'string' || ArrayBuffer.isView(chunk)) done(null, chunk);
      else done(new InvalidInvocation('`data` is a stream of objects; it must be one of text or bytes'));
    },
  });
  return pipeline(stream, checked, () => {});
}

/** A form of the npm package `form-data`. */
type LegacyForm = Readable & {
  getHeaders(): Record<string, string>;
  hasKnownLength?(): boolean;
  getLengthSync?(): number;
};

function isLegacyForm(body: unknown): body is LegacyForm {
  return isReadable(body) && 'getHeaders' in body && isFunction(body.getHeaders);
}

function headerOf(form: LegacyForm, name: string): string | undefined {
  return Object.entries(form.getHeaders()).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Whether a stream has only `pipe()` and events, as those of Node.js 0.8 and of `form-data`. */
function isOldStream(stream: Readable): boolean {
  return !isFunction(stream.read);
}

function toReadable(stream: Readable): Readable {
  const readable = new PassThrough();
  stream.on('error', (error) => readable.destroy(error));
  readable.once('close', () => {
    if (isFunction(stream.destroy)) stream.destroy();
  });
  stream.pipe(readable);
  return readable;
}
