import type { AgentOptions } from 'node:https';
import { kindOf } from '../redaction/secret-names.js';
import type { HttpRequest, RequestOptions } from './request.js';

/** Names of header fields that say who a request is made for, besides those of secrets. `Host` names another server. */
const PERSONAL =
  /auth|session|user(?!-agent)|identity|credential|account|login|tenant|certificate|cookie|access-?key|private-?key|jwt|signature|passphrase|^(?:x-)?sid$|^host$/i;
/** The number of names that are known at a time. */
const KNOWN = 1000;

const known = new Map<string, boolean>();

/**
 * Whether a request carries credentials of the caller's own, so that its response may be for the caller alone. The token
 * of the session is not among its headers. A certificate in an agent of another class cannot be seen.
 */
export function hasOwnCredentials({ headers, url }: HttpRequest, { httpsAgent }: RequestOptions): boolean {
  for (const name in headers) if (isPersonal(name)) return true;
  const { cert, pfx, key, secureContext } =
    (httpsAgent as { options?: AgentOptions } | undefined)?.options ?? {};
  if ([cert, pfx, key, secureContext].some(Boolean)) return true;
  if (!url.includes('@')) return false;
  const { username, password } = new URL(url);
  return username + password !== '';
}

/** Whether a header field of this name says who a request is made for, or is secret. */
export function isPersonal(name: string): boolean {
  let answer = known.get(name);
  if (answer === undefined) {
    answer = kindOf(name) !== undefined || PERSONAL.test(name);
    if (known.size >= KNOWN) known.clear();
    known.set(name, answer);
  }
  return answer;
}
