import { hash, randomUUID } from 'node:crypto';
import type { AgentOptions } from 'node:https';
import type { AxiosHeaders } from 'axios';
import { carriesBearer, type WireConfig } from '../http/wire.js';
import { kindOf } from '../redaction/secret-names.js';
import { isObject } from '../util/guards.js';
import type { Identify } from './context.js';

/**
 * Header fields that say who asks, besides those of a secret: an answer may be his alone without a word of `Vary`, which
 * tells of all others. The bearer of the session itself is looked at apart.
 */
const PERSONAL = /auth|session|user(?!-agent)|identity|credential|account|login|tenant|certificate/i;

const NAMES = new WeakMap<object, string>();

/** Whose answer a request gets: a user by the identity that stays, or whoever has the bearer; `''` for nobody. */
export function ownerOf(config: WireConfig, identify: Identify): string {
  if (!carriesBearer(config)) return '';
  const identity = identify(config);
  return identity ? `user ${identity}` : `bearer ${config.bearer}`;
}

/**
 * Names entries. A name is a keyed digest of all that makes an answer another one, so nothing can be read from it, and
 * it fits no other cache.
 */
export class Keys {
  readonly #secret: { readonly value: Buffer };

  /** @param secret - whose value may become another one, as long as nothing is on the shelf */
  constructor(secret: { readonly value: Buffer }) {
    this.#secret = secret;
  }

  /** The name of what a request asks for: method, URL, body, and whose answer it is. */
  of(config: WireConfig, owner: string): string {
    const { method, url, auth, headers, data, httpsAgent } = config;
    const type = headers.getContentType();
    const body = Buffer.isBuffer(data)
      ? { base64: data.toString('base64') }
      : canonicalJson(String(data ?? ''));
    const credentials = credentialsIn(headers, owner !== '');
    return this.digest([
      'answer',
      method.toUpperCase(),
      withoutFragment(url),
      type,
      body,
      owner,
      auth,
      credentials,
      ...certificatesOf(httpsAgent),
    ]);
  }

  /** The name of one of several answers that differ by request headers. */
  variant(key: string, values: readonly string[]): string {
    return this.digest(['variant', key, values]);
  }

  digest(parts: readonly unknown[]): string {
    const secret = this.#secret.value.toString('latin1');
    // Twice, as an HMAC does, but at once: it takes half as long.
    return hash('sha256', secret + hash('sha256', secret + JSON.stringify(parts)));
  }
}

/**
 * Sorts the members of JSON objects, for `{"a":1,"b":2}` and `{"b":2,"a":1}` ask for the same. Only of what JavaScript
 * would write letter for letter so: in any other text a number or a name may mean more to the server than to us.
 */
export function canonicalJson(text: string): string {
  // Without a comma there is nothing to sort.
  if (!/^[{[].*,/s.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? sorted(value) : text;
  } catch {
    return text;
  }
}

function sorted(value: unknown): string {
  if (!isObject(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${sorted(item)}`).join()}}`;
}

/** What a caller set that may make an answer his alone. */
function credentialsIn(headers: AxiosHeaders, hasBearer: boolean): unknown[] {
  const names = Object.keys(headers).filter(isPersonal);
  return names
    .map((name) => [name.toLowerCase(), headers[name]] as const)
    .filter(([name, value]) => (value ?? false) !== false && !(hasBearer && name === 'authorization'))
    .map(([name, value]) => [name, String(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The certificates by which a caller shows who he is. */
function certificatesOf(agent: unknown): string[] {
  const { cert, pfx, secureContext } = (agent as { options?: AgentOptions } | undefined)?.options ?? {};
  const certificates = [cert, pfx, secureContext].flat().filter(Boolean);
  return certificates.map((certificate) =>
    typeof certificate === 'string' || Buffer.isBuffer(certificate)
      ? hash('sha256', certificate)
      : nameOf(certificate as object),
  );
}

/** What cannot be looked into has a name of its own, so that its answers are for nobody else, and for no other process. */
function nameOf(certificate: object): string {
  const name = NAMES.get(certificate) ?? randomUUID();
  NAMES.set(certificate, name);
  return name;
}

function isPersonal(name: string): boolean {
  return kindOf(name) !== undefined || PERSONAL.test(name);
}

function withoutFragment(url: string): string {
  const hash = url.indexOf('#');
  return hash === -1 ? url : url.slice(0, hash);
}
