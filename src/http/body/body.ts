import { pipeline, type Readable, Transform } from 'node:stream';
import { TextDecoder } from 'node:util';
import axios, { type AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { InvalidInvocation } from '../../exceptions/base.js';
import { BadJSON } from '../../exceptions/response.js';
import { PARSED_LENGTH } from '../../redaction/exchange.js';
import { messageOf } from '../../util/errors.js';
import { isReadable } from '../../util/guards.js';
import type { WireConfig } from '../wire.js';
import { isFormType, JsonBody, stringify } from './strict-json.js';

/** How much of a failed answer's stream is read for its exception, in bytes. */
const FAILED_STREAM_LENGTH = 64 * 1024;
const UTF_8 = new TextDecoder();

/**
 * Serialises a request body: what axios does, but a value that JSON cannot hold is an error rather than a silent
 * `null`, and null itself is no body.
 *
 * @throws InvalidInvocation that names the member at fault
 */
export function serializeBody(
  this: InternalAxiosRequestConfig,
  data: unknown,
  headers: AxiosHeaders,
): unknown {
  try {
    return serialize.call(this, data, headers);
  } catch (error) {
    if (error instanceof InvalidInvocation) throw error;
    // A getter or a toJSON() of the caller's; or the stack is not deep enough for it.
    throw new InvalidInvocation(`the request body cannot be written: ${messageOf(error)}`);
  }
}

function serialize(this: InternalAxiosRequestConfig, data: unknown, headers: AxiosHeaders): unknown {
  if (data === undefined || data === null) {
    setNoContentType(headers);
    return undefined;
  }
  if (ArrayBuffer.isView(data)) {
    setNoContentType(headers);
    // axios would send the whole memory behind a view.
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  }
  const isForm = isFormType(headers.getContentType());
  if (data instanceof JsonBody && isForm) data = data.value;
  if (!isOpaque(data) && !isForm) {
    headers.setContentType('application/json', false);
    return data instanceof JsonBody ? data.text : stringify(data);
  }
  if (typeof data === 'string') setNoContentType(headers);
  if (isReadable(data)) data = checkedStream(data);
  const [transform] = [axios.defaults.transformRequest ?? []].flat();
  return transform?.call(this, data, headers);
}

/**
 * Turns the bytes of an answer into what `responseType` asks for.
 *
 * | `responseType`  | `data`                                                                            |
 * | --------------- | --------------------------------------------------------------------------------- |
 * | none            | JSON parsed where `Content-Type` says JSON; text where it says text; else `Buffer` |
 * | `'json'`        | JSON parsed, whatever `Content-Type` says                                         |
 * | `'text'`        | a string                                                                          |
 * | `'arraybuffer'` | a `Buffer`                                                                        |
 * | `'stream'`      | a `Readable`                                                                      |
 *
 * An empty body is `''` except for the last two.
 *
 * @throws BadJSON
 */
export function decodeBody(response: AxiosResponse, responseType: WireConfig['responseType']): unknown {
  if (responseType === 'stream' || responseType === 'arraybuffer') return response.data;
  const text = decodeText(response, responseType);
  const asJson = responseType === 'json' || (responseType === undefined && isJson(mediaType(response)));
  if (!asJson || typeof text !== 'string' || text === '') return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    const cause = new SyntaxError(withoutExcerpt((error as Error).message));
    const preamble = isPage(response)
      ? "The body is a page of HTML, of a gateway in trouble perhaps, or of a login. `responseType: 'text'` takes it as it is."
      : `The body is not the JSON that it should be: ${cause.message}`;
    throw new BadJSON({ ...response, data: text }, undefined, { cause, preamble });
  }
}

/** V8 quotes the body around the fault, and any part of it may be secret. */
function withoutExcerpt(message: string): string {
  return message.replace(/,? (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, ' is not valid JSON');
}

/** Whether a body is a page. No command is answered with one: that is of somebody on the way, whatever the status says. */
export function isPage(response: AxiosResponse): boolean {
  return mediaType(response) === 'text/html';
}

/** Like {@link decodeBody} without the parsing of JSON, for a caller who brings `transformResponse`. */
export function decodeText(response: AxiosResponse, responseType: WireConfig['responseType']): unknown {
  const { data } = response;
  if (!Buffer.isBuffer(data) || responseType === 'arraybuffer') return data;
  if (data.length === 0) return '';
  if (responseType === undefined && !isText(mediaType(response))) return data;
  return textDecoder(response).decode(data);
}

/**
 * Reads the body of a failed answer, whatever it is; the start of it where it is a stream. What is too long for an
 * exception stays bytes. Never throws.
 */
export async function readFailedBody(response: AxiosResponse): Promise<unknown> {
  const bytes = Buffer.isBuffer(response.data) ? response.data : await readStart(response.data);
  if (bytes.length > PARSED_LENGTH) return bytes;
  const readable = { ...response, data: bytes };
  try {
    return decodeBody(readable, undefined);
  } catch {
    return decodeText(readable, undefined);
  }
}

async function readStart(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= FAILED_STREAM_LENGTH) break;
    }
  } catch {
    // The status says more than a body that broke off.
  }
  return Buffer.concat(chunks);
}

/** @throws what a stream failed with, or InvalidInvocation where there is nothing to be read from it any more */
export function checkStream(stream: Readable): void {
  if (stream.errored) throw stream.errored;
  if (stream.readableEnded || stream.destroyed)
    throw new InvalidInvocation('`data` is a stream that has been read or destroyed; make a new one');
}

/** A stream that can be sent: one that has something to give, and that is text or bytes. */
function checkedStream(stream: Readable): Readable {
  // The wire says what it failed with.
  if (stream.errored) return stream;
  checkStream(stream);
  if (!stream.readableObjectMode) return stream;
  const checked = new Transform({
    writableObjectMode: true,
    transform(chunk: unknown, _encoding, done) {
      if (typeof chunk === 'string' || ArrayBuffer.isView(chunk)) done(null, chunk);
      else done(new InvalidInvocation('`data` is a stream of objects; it must be one of text or bytes'));
    },
  });
  checked.on('error', () => {});
  return pipeline(stream, checked, () => {});
}

/** Unless the caller says what a body is, nothing is said of it: axios would call it a form. */
function setNoContentType(headers: AxiosHeaders): void {
  if (!headers.hasContentType()) headers.setContentType(false);
}

/** Whether a value has a wire form of its own, so that it is not to be written as JSON. */
function isOpaque(data: unknown): boolean {
  if (typeof data === 'string' || isReadable(data)) return true;
  return [FormData, URLSearchParams, Blob, ArrayBuffer, ReadableStream].some((type) => data instanceof type);
}

function mediaType(response: AxiosResponse): string {
  return (
    String(response.headers['content-type'] ?? '')
      .split(';', 1)[0]
      ?.trim()
      .toLowerCase() ?? ''
  );
}

function isJson(type: string): boolean {
  return type === 'application/json' || type.endsWith('+json');
}

function isText(type: string): boolean {
  return (
    type === '' ||
    isJson(type) ||
    type.startsWith('text/') ||
    type.endsWith('+xml') ||
    /^application\/(?:xml|javascript|x-www-form-urlencoded)$/.test(type)
  );
}

function textDecoder(response: AxiosResponse): TextDecoder {
  const [, charset] =
    /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(String(response.headers['content-type'] ?? '')) ?? [];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return UTF_8;
  try {
    return new TextDecoder(charset);
  } catch {
    return UTF_8;
  }
}
