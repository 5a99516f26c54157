import { Readable, Transform } from 'node:stream';
import { AxiosHeaders, type AxiosResponseHeaders } from 'axios';
import { copyHeaders } from '../http/headers.js';
import { tooLarge } from '../http/transport/content-coding.js';
import { toTransportException } from '../http/transport/errors.js';
import type { WireConfig, WireResponse } from '../http/wire.js';
import { escapeRegExp, redactor, spellingsOf } from '../redaction/redact.js';
import { mayHoldSecret } from '../redaction/secret-names.js';
import { Secrets } from '../redaction/secrets.js';
import type { Entry, HeaderFields } from './entry.js';
import type { Held } from './vault.js';

/** About the connection, not about the answer (RFC 9110, section 7.6.1), or about this one exchange. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'set-cookie',
  'set-cookie2',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
]);
/** Those that a 304 does not replace: they are of the body, which stays (RFC 9111, section 3.2). */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
]);
/** What tokens look like, in answers to those who asked for one. */
const TOKENS = ['zteos64:', 'eyJhbGciOi', 'authz='];
/** What is shorter, such as the value of a cookie for a setting, would be found in answers by chance. */
const LONG = 8;

/** Makes the answer that a caller gets from an entry. */
export function answerFrom(held: Held, config: WireConfig, now: number): WireResponse {
  const { status, statusText, body, fields, bornAt } = held;
  const limit = config.maxContentLength ?? -1;
  if (limit >= 0 && body.length > limit) throw toTransportException(tooLarge(limit), config);
  const age = Math.max(0, Math.floor((now - bornAt) / 1000));
  const headers = copyHeaders(fields);
  headers['age'] = String(age);
  const data = config.responseType === 'stream' ? Readable.from([Buffer.from(body)]) : body;
  return { status, statusText, headers, data, config, fromCache: true, isShared: true };
}

/** The answer where only the cache was asked, and had none. */
export function gatewayTimeout(config: WireConfig): WireResponse {
  const text = 'The cache holds no answer that may be used, and the request allows no other.';
  const headers = new AxiosHeaders({ 'content-type': 'text/plain' }) as AxiosResponseHeaders;
  const data = config.responseType === 'stream' ? Readable.from([Buffer.from(text)]) : Buffer.from(text);
  return { status: 504, statusText: 'Gateway Timeout', headers, data, config };
}

/** The headers of an answer that are kept. */
export function keptHeaders(headers: AxiosResponseHeaders): HeaderFields {
  const perConnection = String(headers['connection'] ?? '')
    .toLowerCase()
    .split(',');
  const dropped = new Set(perConnection.map((name) => name.trim()));
  return Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')] as const)
    .filter(([name]) => !NOT_KEPT.has(name) && !dropped.has(name) && name !== '__proto__');
}

/** The headers of an entry after a 304 (RFC 9111, section 3.2). */
export function mergeHeaders(stored: HeaderFields, update: HeaderFields): HeaderFields {
  const merged = new Map(stored);
  for (const [name, value] of update) if (!OF_THE_BODY.has(name)) merged.set(name, value);
  // An age is that of one answer.
  if (!update.some(([name]) => name === 'age')) merged.delete('age');
  return [...merged];
}

/**
 * Whether there is a secret in an answer, by its shape, by its name, or as the request was sent with it: that must not
 * reach a disk.
 *
 * @param exchange - the answer as it came, and the request as it was sent
 */
export function holdsSecret(
  { headers }: Pick<Entry, 'headers'>,
  body: readonly Buffer[],
  exchange: Pick<WireResponse, 'config' | 'headers'>,
): boolean {
  const fields = JSON.stringify(headers);
  if (mayHoldSecret(fields)) {
    const shown = redactor.headers(Object.fromEntries(headers));
    if (headers.some(([name, value]) => shown[name] !== value)) return true;
  }
  const needles = [...TOKENS, ...secretsOf(exchange)];
  return needles.some((needle) => fields.includes(needle)) || holdsAny(body, needles);
}

function secretsOf({ config, headers }: Pick<WireResponse, 'config' | 'headers'>): string[] {
  const { data, url, auth, bearer = '' } = config;
  const secrets = new Secrets();
  secrets.add({ requestHeaders: config.headers, requestBody: data, url, auth, responseHeaders: headers });
  const long = secrets.others.filter(({ length }) => length >= LONG);
  return spellingsOf([...long, ...secrets.accessCodes, bearer]);
}

/** A pattern may not be of any length. */
function isShort({ length }: string): boolean {
  return length < 1024;
}

function holdsAny(parts: readonly Buffer[], needles: readonly string[]): boolean {
  // One letter for each byte, whatever it means: so one pass over the body finds them all.
  const bytes = needles.map((needle) => Buffer.from(needle).toString('latin1'));
  const pattern = new RegExp(bytes.filter(isShort).map(escapeRegExp).join('|'));
  const long = bytes.filter((needle) => !isShort(needle));
  const overlap = Math.max(...bytes.map(({ length }) => length)) - 1;
  let before = '';
  return parts.some((part) => {
    // One may begin in one part and end in another.
    const window = before + part.toString('latin1');
    before = window.slice(-overlap);
    return pattern.test(window) || long.some((needle) => window.includes(needle));
  });
}

/** How much a body may take, and what is left for it and others that pass at the same time, in bytes. */
interface Bounds {
  readonly limit: number;
  readonly room: { left: number };
}

/** Passes a streamed body on and tells, once it has ended well, all that went through, if it was not too much. */
export function tee(source: Readable, { limit, room }: Bounds, onEnd: (body: Buffer[]) => void): Readable {
  let chunks: Buffer[] | undefined = [];
  let length = 0;
  const letGo = (): void => {
    if (chunks !== undefined) room.left += length;
    chunks = undefined;
  };
  const passed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (length + chunk.length > limit || chunk.length > room.left) letGo();
      if (chunks !== undefined) {
        // The reader may do with his what he likes.
        chunks.push(Buffer.from(chunk));
        length += chunk.length;
        room.left -= chunk.length;
      }
      done(null, chunk);
    },
    flush(done) {
      if (chunks !== undefined) onEnd(chunks);
      done();
    },
  });
  source.once('error', (error) => passed.destroy(error));
  passed.once('close', () => {
    letGo();
    source.destroy();
  });
  return source.pipe(passed);
}
