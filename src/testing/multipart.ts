/** A part of a form that has a file name. */
export interface FilePart {
  readonly filename: string;
  readonly contentType: string;
  /** A view of the body of the request, not a copy. */
  readonly bytes: Buffer;
}

/** Returns the fields of a form: a text, or a part with a file name. Undefined where the body is no form. */
export function parseForm(body: Buffer, contentType: string): Record<string, string | FilePart> | undefined {
  const [, quoted, plain] =
    /^multipart\/form-data\b.*\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return undefined;
  const fields: Record<string, string | FilePart> = {};
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter has no line break before it.
  let start = body.indexOf(delimiter.subarray(2)) + delimiter.length - 2;
  for (;;) {
    const headEnd = body.indexOf('\r\n\r\n', start);
    const end = headEnd === -1 ? -1 : body.indexOf(delimiter, headEnd);
    if (end === -1) return fields;
    // A delimiter with two hyphens is the last one.
    if (body.toString('latin1', start, start + 2) === '--') return fields;
    const head = body.toString('utf8', start, headEnd);
    const bytes = body.subarray(Math.min(headEnd + 4, end), end);
    const name = /\bname="([^"]*)"/i.exec(head)?.[1] ?? '';
    const filename = /\bfilename="([^"]*)"/i.exec(head)?.[1];
    const type = /^content-type:\s*(\S.*)$/im.exec(head)?.[1]?.trim();
    fields[name] =
      filename === undefined
        ? bytes.toString('utf8')
        : { filename, contentType: type ?? 'application/octet-stream', bytes };
    start = end + delimiter.length;
  }
}
