import { clip, type ShownRequest } from '../redaction/exchange.js';
import { headerEntries } from '../util/header-entries.js';

/** Formats a request as it is sent, in the layout of the Python package: lines ended by CRLF, then the body. */
export function formatRequest(request: ShownRequest): string {
  // Not by URL, which would percent-encode the placeholders.
  const [, authority = '', path = ''] = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(request.url) ?? [];
  const lines = [
    `Host: ${authority.replace(/^.*@/, '')}`,
    `${request.method} ${path.startsWith('/') ? path : `/${path}`} HTTP/1.1`,
    ...headerEntries(request.headers).map(
      ([name, value]) => `${titleCase(name)}: ${[value].flat().join(', ')}`,
    ),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${clip(request.data)}`;
}

/** Formats the body of a response: JSON with two spaces of indent, or text; `''` for no body. */
export function formatBody(data: unknown): string {
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return clip(data.trim());
  return clip(JSON.stringify(data, null, 2) ?? '');
}

function titleCase(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
