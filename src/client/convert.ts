import type { SessionResponse } from '../session/request-options.js';
import { isObject, isRecord } from '../util/guards.js';
import { Contents } from './files/contents.js';
import { type BinaryFile, makeFile } from './files/file.js';
import { fileNameOf, mediaTypeOf } from './files/file-headers.js';
import { pageInPlaceOfFile } from './files/receive.js';
import type { PageInfo } from './pages/listing.js';

/** What the body of a response is. */
export type Content =
  | { readonly kind: 'page'; readonly items: unknown[]; readonly pageInfo: PageInfo | undefined }
  | { readonly kind: 'list'; readonly items: unknown[] }
  | { readonly kind: 'value'; readonly value: unknown };

/** The keys under which lists without pages come. */
const LIST_KEYS = ['itemList', 'testRunList'];

/**
 * Converts the body of a response by its shape.
 *
 * @param method - the method of the request, in upper case
 * @param isPaged - what the catalogue says of the command: whether it is answered with pages; undefined where it is not known
 * @throws BadJSON where a page of HTML came in place of a file
 */
export function convert(response: SessionResponse, method: string, isPaged: boolean | undefined): Content {
  const body: unknown = method === 'HEAD' ? '' : response.data;
  // Only reads are answered with files. Whatever else a server says of a write that was done, it was done.
  if (method !== 'GET' && !isObject(body)) return { kind: 'value', value: body === '' ? {} : body };
  if (Buffer.isBuffer(body)) return { kind: 'value', value: toFile(body, response) };
  if (typeof body === 'string') {
    const isJson = /json/.test(mediaTypeOf(response.headers));
    if (body === '' && (isJson || response.status !== 200)) return { kind: 'value', value: {} };
    return { kind: 'value', value: isJson ? body : toFile(Buffer.from(body), response) };
  }
  if (!isRecord(body)) return { kind: 'value', value: body };
  const { uuAppErrorMap, ...rest } = body;
  const pageInfo = readPageInfo(rest['pageInfo']);
  if ('pageItemList' in rest) return { kind: 'page', items: toItems(rest['pageItemList']), pageInfo };
  for (const key of LIST_KEYS) {
    if (!(key in rest)) continue;
    const items = toItems(rest[key]);
    const isPage = isPaged ?? pageInfo !== undefined;
    const isCut = pageInfo !== undefined && pageInfo.total > items.length;
    return isPage || isCut ? { kind: 'page', items, pageInfo } : { kind: 'list', items };
  }
  return { kind: 'value', value: 'dtoSample' in rest ? rest['dtoSample'] : rest };
}

/** The database says null in place of an empty list. */
function toItems(list: unknown): unknown[] {
  return Array.isArray(list) ? list : [];
}

function readPageInfo(value: unknown): PageInfo | undefined {
  if (!isRecord(value)) return undefined;
  const pageIndex = toCount(value['pageIndex']);
  const pageSize = toCount(value['pageSize']);
  const total = toCount(value['total']);
  if (pageIndex === undefined || pageSize === undefined || total === undefined) return undefined;
  return { pageIndex, pageSize, total };
}

/** Reads a number, also one that is sent as text. */
function toCount(value: unknown): number | undefined {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(count) && (count as number) >= 0 ? (count as number) : undefined;
}

function toFile(bytes: Buffer, response: SessionResponse): BinaryFile {
  const { headers } = response;
  // A login page, or that of a gateway: a file of the database comes with its name.
  if (mediaTypeOf(headers) === 'text/html' && headers['content-disposition'] === undefined)
    throw pageInPlaceOfFile(response);
  return makeFile(new Contents(bytes, bytes.length), {
    contentType: String(headers['content-type'] ?? ''),
    suggestedFilename: fileNameOf(String(headers['content-disposition'] ?? '')),
  });
}
