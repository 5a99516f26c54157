import {
  ITkDBException,
  isITkDBException,
  ResponseException,
  type SessionResponse,
} from '../../src/index.js';
import type { ReceivedRequest } from './origin.js';

/** What a step came to: members by the names that the vectors use. */
export type Outcome = Record<string, unknown>;

/** What a user of the caller's own throws. */
export class OwnError extends Error {}

const JWT = /eyJ[\w-]+\.eyJ[\w-]+(?:\.[\w-]*)?/g;
const DETAILS = '\n\nThe following details may help:\n';

export function outcomeOfError(error: unknown, show: readonly string[]): Outcome {
  const isResponse = error instanceof ResponseException;
  const outcome: Outcome = { class: classOf(error), isITkDB: error instanceof ITkDBException, isResponse };
  if (isResponse) {
    const { status, path = null, reason = null, specialErrors = null } = error as ResponseException & Outcome;
    const cause =
      error.name === 'UnhandledResponse' ? ((error.cause as Error | undefined)?.message ?? null) : null;
    Object.assign(outcome, { status, path, reason, specialErrors, cause });
    Object.assign(outcome, fieldsOf(error.response.headers, show));
  }
  if (show.includes('message') && error instanceof ITkDBException) {
    outcome['message'] = partsOfMessage(error.message);
    if (isResponse) outcome['data'] = textOf(error.response.data);
    if (isResponse) outcome['appErrors'] = Object.keys(error.appErrors).sort();
  }
  return outcome;
}

export function outcomeOfResponse(response: SessionResponse, show: readonly string[]): Outcome {
  const { status, statusText, data, request, fromCache = null } = response;
  return {
    ok: true,
    status,
    data: textOf(data),
    url: request?.res?.responseUrl ?? null,
    ...(show.includes('reason') && { reason: statusText }),
    ...(show.includes('cache') && { fromCache }),
    ...fieldsOf(response.headers as Outcome, show),
  };
}

/** A request as a server received it. */
export function outcomeOfRequest(
  { origin, method, path, headers, body }: ReceivedRequest,
  show: readonly string[],
): Outcome {
  const fields: Record<string, string> = Object.fromEntries(
    headers.map(([name, value]) => [name.toLowerCase(), value]),
  );
  const { authorization, 'content-type': contentType = null } = fields;
  const text = body.toString('utf8');
  const outcome: Outcome = {
    origin,
    method,
    path,
    authorization: readableAuthorization(authorization),
    contentType: contentType?.replace(/boundary=.*/, 'boundary=…') ?? null,
    body: readableBody(text, contentType ?? ''),
  };
  for (const name of ['cookie', 'if-none-match', 'if-modified-since'])
    if (fields[name] !== undefined) outcome[name] = fields[name];
  if (show.includes('raw')) outcome['raw'] = text;
  if (show.includes('headers')) outcome['headers'] = shownFields(headers);
  for (const item of show) {
    const [, name] = /^header:(.+)$/.exec(item) ?? [];
    if (name !== undefined) outcome[item] = fields[name] ?? null;
  }
  return outcome;
}

export function classOf(error: unknown): string {
  if (error instanceof OwnError) return 'own';
  if (isITkDBException(error)) return error.name;
  return `js:${error instanceof Error ? error.constructor.name : typeof error}`;
}

/** Basic credentials decoded, and any JSON Web Token by its kind alone. */
export function readableAuthorization(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const [, basic] = /^Basic (.*)$/.exec(value) ?? [];
  if (basic !== undefined) return `Basic ${Buffer.from(basic, 'base64').toString('latin1')}`;
  return value.replace(JWT, '<jwt>');
}

export function textOf(value: unknown): unknown {
  return Buffer.isBuffer(value) ? value.toString('utf8') : value;
}

function readableBody(text: string, contentType: string): unknown {
  if (contentType.includes('multipart')) return text.replace(/--[-\w.]+/g, '--…');
  if (!contentType.includes('json')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The header fields of a response that a vector names. */
function fieldsOf(headers: Outcome, show: readonly string[]): Outcome {
  const named = show.filter((item) => item.startsWith('answer:'));
  return Object.fromEntries(named.map((item) => [item, headers[item.slice('answer:'.length)] ?? null]));
}

/** One or two lines that the original does not have, an empty line, and then the original's layout. */
const LAYOUT = /^([^\n]{1,290} \(\d{3}\))\n(?:[^\n]+\n)?\n(received .*)$/s;

/** The first line and the parts of the original's layout below it; the whole message where it is not made so. */
function partsOfMessage(message: string): Outcome {
  const [, firstLine, text] = LAYOUT.exec(message) ?? [];
  const [head = '', ...details] = (text ?? '').split(DETAILS);
  const [, first, host, requestLine, headers = '', body = ''] =
    /^([^\n]*)\nHost: (.*?)\r\n(.*?)\r\n(?:(.*?)\r\n)?\r\n(.*)$/s.exec(head) ?? [];
  if (first === undefined) return { whole: message.replace(JWT, '<jwt>') };
  const lines = headers.split('\r\n').filter((line) => line !== '');
  const fields = lines.map((line) => splitAt(line, line.indexOf(': ')));
  return {
    ...{ firstLine, first, host, requestLine, headers: shownFields(fields), body },
    details: details.join(DETAILS).replace(JWT, '<jwt>'),
  };
}

function splitAt(line: string, at: number): [name: string, value: string] {
  return [line.slice(0, at), line.slice(at + 2)];
}

function shownFields(fields: readonly (readonly [name: string, value: string])[]): Outcome {
  const shown = fields.map(([name, value]) => [
    name.toLowerCase(),
    value.replace(/itkdb\/[\w.+-]+/, 'itkdb/<version>').replace(JWT, '<jwt>'),
  ]);
  return Object.fromEntries(shown);
}
