import { X509Certificate } from 'node:crypto';
import type { Check } from '../config/check-options.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { isFunction, isObject, isPlainObject } from '../util/guards.js';
import { parseProxy } from './transport/proxy.js';

/** Whether a value can be used as an agent by `node:http`. */
export function isAgent(value: unknown): boolean {
  return isFunction((value as { addRequest?: unknown } | null)?.addRequest);
}

/** A proxy: the URL of one, its parts, or `false` for none. */
export const PROXY: Check = (value, name, faults) => {
  const proxy = isPlainObject(value) ? { ...value } : value;
  try {
    parseProxy(proxy as never, `\`${name}\``);
  } catch (error) {
    if (!(error instanceof InvalidInvocation)) throw error;
    faults.push(error.message);
  }
  return proxy;
};

/** Certificates of private authorities: one or a list. */
export const CA: Check = (value, name, faults) => {
  const list: unknown[] = Array.isArray(value) ? [...value] : [value];
  if (list.length === 0 || !list.every(isCertificate)) {
    faults.push(
      `\`${name}\` must be a certificate in PEM or DER, or a list of them: the contents of the file, not its name`,
    );
  }
  return Array.isArray(value) ? list : value;
};

function isCertificate(value: unknown): boolean {
  if (typeof value !== 'string' && !Buffer.isBuffer(value)) return false;
  try {
    return new X509Certificate(value).raw.length > 0;
  } catch {
    return false;
  }
}

/** What `headers` must be. */
const HEADERS_EXPECTED = 'an object of header fields: names without spaces, values of one line in Latin-1';

const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Header fields that the session itself determines. */
const RESERVED =
  /^(?:content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|proxy-.*)$/i;

/**
 * Header fields that can be sent. The returned copy has only own members.
 *
 * A header may be null, undefined or false, as axios allows: it is then not sent.
 */
export const HEADERS: Check = (value, name, faults) => {
  if (!isPlainObject(value) && !isAxiosHeaders(value)) {
    faults.push(`\`${name}\` must be ${HEADERS_EXPECTED}`);
    return value;
  }
  const copy: Record<string, unknown> = { ...value };
  for (const header of Object.keys(copy)) {
    const field = copy[header];
    if (!isHeader(header, field)) {
      faults.push(`\`${name}\` must be ${HEADERS_EXPECTED}`);
      break;
    }
    const isSent = field !== undefined && field !== null && field !== false;
    if (isSent && isReserved(header))
      faults.push(`\`${name}.${header}\` must be left out: ${reasonOf(header)}`);
  }
  return copy;
};

function isHeader(name: string, field: unknown): boolean {
  if (!NAME.test(name) || name === '__proto__') return false;
  return Array.isArray(field) ? field.every(isHeaderValue) : isHeaderValue(field ?? '');
}

function isHeaderValue(value: unknown): boolean {
  if (typeof value === 'string') return VALUE.test(value);
  return ['number', 'boolean', 'bigint', 'undefined'].includes(typeof value);
}

/** Whether a header field is determined by the session itself. */
export function isReserved(name: string): boolean {
  return RESERVED.test(name);
}

/** What to say of a reserved header field that the caller has set. */
export function reservedHeader(name: string): string {
  return `the header \`${name}\` must be left out: ${reasonOf(name)}`;
}

/** Why the caller cannot set a reserved header field. */
function reasonOf(header: string): string {
  switch (header.toLowerCase()) {
    case 'content-length':
    case 'transfer-encoding':
      return 'it follows from the body and is set by the session';
    case 'expect':
      return 'the session sends it with a large PUT';
    case 'proxy-authorization':
      return 'the credentials of a proxy belong in `proxy`';
    default:
      return 'it is about one connection, and connections are managed by the session';
  }
}

/** The headers class of axios, of whichever copy of axios the caller has. */
function isAxiosHeaders(value: unknown): value is Record<string, unknown> {
  return isObject(value) && isFunction((value as { toJSON?: unknown }).toJSON) && 'getContentType' in value;
}

/**
 * Whether an agent of a session may be used for sign-in too: it verifies certificates, as access codes are sent, and holds
 * no client certificate, which is for the database.
 */
export function isForSignIn(agent: unknown): boolean {
  const { options } = (agent ?? {}) as { options?: unknown };
  if (!isAgent(agent) || !isObject(options)) return false;
  const { rejectUnauthorized, cert, pfx, key, secureContext } = options as Readonly<Record<string, unknown>>;
  const holdsCertificate = [cert, pfx, key, secureContext].some((value) => value !== undefined);
  return rejectUnauthorized !== false && !holdsCertificate;
}
