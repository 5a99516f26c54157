import type { TextDecoder } from 'node:util';
import { BadJSON } from '../../exceptions/response.js';
import { escapeControls } from '../../util/control-characters.js';
import { createDecoder } from '../../util/decoder.js';
import { messageOf } from '../../util/errors.js';
import { rememberLast } from '../../util/memoize.js';
import type { HttpResponse } from '../request.js';
import { responseInput } from '../response-input.js';

/** What the body of a response is wanted as. Without one, its `Content-Type` decides. */
export type ResponseType = 'arraybuffer' | 'json' | 'stream' | 'text';

/** How much of a failed response's stream is read for its exception, in bytes. */
const FAILED_STREAM_LENGTH = 64 * 1024;
/** By the WHATWG's MIME Sniffing Standard, section 4.6. */
const JSON_TYPE = /^(?:application|text)\/json$|\+json$/;
const TEXT_TYPE = /^$|^text\/|[/+](?:json|xml)$|^application\/(?:javascript|x-www-form-urlencoded)$/;
const HTML = 'text/html';
const PAGE_ADVICE = "Check the URL. `responseType: 'text'` returns the page as it is.";

/**
 * Decodes the body of a response as `responseType` asks.
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
 * @param refusesPages - whether a page of HTML is a failure, unless `responseType` says otherwise
 * @throws BadJSON
 */
export function decodeBody(
  response: HttpResponse,
  responseType: ResponseType | undefined,
  refusesPages = false,
): unknown {
  if (responseType === 'stream' || responseType === 'arraybuffer') return response.body;
  const text = decodeText(response, responseType);
  if (typeof text !== 'string' || text === '' || responseType === 'text') return text;
  if (responseType === undefined) {
    const type = mediaTypeOf(response);
    if (!JSON_TYPE.test(type) && !(refusesPages && type === HTML)) return text;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badJson(response, error);
  }
}

/** Decodes the body like {@link decodeBody}, but does not parse JSON: for a caller with a `transformResponse`. */
export function decodeText(response: HttpResponse, responseType: ResponseType | undefined): unknown {
  const { body } = response;
  if (!Buffer.isBuffer(body) || responseType === 'arraybuffer') return body;
  if (body.length === 0) return '';
  if (responseType === undefined && !TEXT_TYPE.test(mediaTypeOf(response))) return body;
  return decoderFor(String(response.headers['content-type'] ?? '')).decode(body);
}

/** Whether a response is an HTML page. No command is answered with one: it comes from a gateway or a login. */
export function isPage(response: HttpResponse): boolean {
  return mediaTypeOf(response) === HTML;
}

/**
 * Reads the body of a failed response for its exception; the start of it where it is a stream. It stays bytes: the
 * exception shows them as text only where they are. Never throws.
 */
export async function readFailedBody({ body }: HttpResponse): Promise<Buffer> {
  return Buffer.isBuffer(body) ? body : readStart(body);
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

function badJson(response: HttpResponse, error: unknown): BadJSON {
  const cause = new SyntaxError(escapeControls(withoutExcerpt(messageOf(error))));
  const explanation = isPage(response)
    ? { reason: 'the body is an HTML page, perhaps of a gateway or a login', advice: PAGE_ADVICE }
    : { reason: `the body is not JSON: ${cause.message}` };
  return new BadJSON(responseInput(response), undefined, { cause, ...explanation });
}

/** V8 quotes the body around the error, and any part of it may be secret. */
function withoutExcerpt(message: string): string {
  return message.replace(/,? (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, ' is not valid JSON');
}

/** The media type in lower case, without its parameters. */
function mediaTypeOf({ headers }: HttpResponse): string {
  return mediaTypeIn(String(headers['content-type'] ?? ''));
}

/** Responses come in runs of the same type, so the last one is remembered. */
const mediaTypeIn: (contentType: string) => string = rememberLast((contentType) => {
  const [type = ''] = contentType.split(';', 1);
  return type.trim().toLowerCase();
});

/** A decoder can be used again after each whole body. */
const decoderFor: (contentType: string) => TextDecoder = rememberLast((contentType) =>
  createDecoder(contentType),
);
