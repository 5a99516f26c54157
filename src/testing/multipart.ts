/** A part of a form that has a file name. */
export interface FilePart {
  readonly filename: string;
  readonly contentType: string;
  /** A view of the body of the request, not a copy. */
  readonly bytes: Buffer;
}

/** Returns the fields of a form (RFC 7578): a text, or a part with a file name. Undefined where the body is no form. */
export function parseForm(body: Buffer, contentType: string): Record<string, string | FilePart> | undefined {
  const boundary = /^multipart\/form-data\s*;/i.test(contentType)
    ? parameterOf(contentType, 'boundary')
    : undefined;
  if (boundary === undefined) return undefined;
  const fields: Record<string, string | FilePart> = {};
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter may have no line break before it.
  const first = delimiter.subarray(2);
  let start = body.indexOf(first) === 0 ? first.length : afterDelimiter(body, delimiter, 0);
  while (start !== -1 && body.toString('latin1', start, start + 2) !== '--') {
    const headEnd = body.indexOf('\r\n\r\n', start);
    const next = headEnd === -1 ? -1 : afterDelimiter(body, delimiter, headEnd + 2);
    if (next === -1) break;
    const head = body.toString('utf8', start, headEnd);
    const [, disposition = ''] = /^content-disposition:(.*)$/im.exec(head) ?? [];
    const bytes = body.subarray(headEnd + 4, Math.max(next - delimiter.length, headEnd + 4));
    const filename = filenameOf(disposition);
    const type = /^content-type:[ \t]*([\x21-\x7e][\x20-\x7e]*)$/im.exec(head)?.[1]?.trim();
    const value =
      filename === undefined
        ? bytes.toString('utf8')
        : { filename, contentType: type ?? 'application/octet-stream', bytes };
    // A field may be called __proto__.
    const name = parameterOf(disposition, 'name') ?? '';
    Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
    start = next;
  }
  return fields;
}

/** Returns the value of a parameter of a header field, such as `name` of `form-data; name="data"`. */
function parameterOf(field: string, name: string): string | undefined {
  const parameters = field.matchAll(/;\s*([\w-]+\*?)=(?:"((?:\\.|[^"\\])*)"|([^;\s]*))/g);
  for (const [, key = '', quoted, plain] of parameters)
    if (key.toLowerCase() === name) return quoted?.replaceAll(/\\(["\\])/g, '$1') ?? plain;
  return undefined;
}

/** Returns the name of the file of a part, which some clients send as `filename*=UTF-8''na%C3%AFve.txt` (RFC 8187). */
function filenameOf(disposition: string): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(parameterOf(disposition, 'filename*') ?? '') ?? [];
  if (encoded === undefined) return parameterOf(disposition, 'filename');
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** Returns the index behind the next delimiter. What only starts like one belongs to the file. */
function afterDelimiter(body: Buffer, delimiter: Buffer, from: number): number {
  for (let at = body.indexOf(delimiter, from); at !== -1; at = body.indexOf(delimiter, at + 1)) {
    const end = at + delimiter.length;
    if (/^(?:--|[ \t]*\r\n)/.test(body.toString('latin1', end, end + 80))) return end;
  }
  return -1;
}
