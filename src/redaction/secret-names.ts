/** What a name says of the value beside it. */
export type SecretKind = 'access code' | 'authorization' | 'cookie' | 'set-cookie' | 'token';

const KINDS: readonly (readonly [RegExp, SecretKind])[] = [
  [/^[\w-]*access[_-]?codes?[_-]?[12]?$/i, 'access code'],
  [/^(?:proxy-)?authorization$/i, 'authorization'],
  [/^cookie$/i, 'cookie'],
  [/^set-cookie$/i, 'set-cookie'],
  [
    /^(?:[\w-]*(?:token|secret|api[_-]?key|private[_-]?key|passw(?:or)?d|passphrase|pwd)s?|bearer|authz)$/i,
    'token',
  ],
];
/** Every text that has a secret, by its name or by its shape, has one of these in it. To look for them costs far less than the patterns do. */
const HINT =
  /access|auth|cookie|token|secret|api.{0,3}key|private.{0,3}key|passw|passp|pwd|bearer|eyJ|zteos64|:\/\/[^/?#\s"']*@|\\u|%[4-7]/i;

/** Whether there can be a secret in a text, by its name or by its shape. */
export function mayHoldSecret(text: string): boolean {
  return HINT.test(text);
}

/** What kind of secret a header field, JSON key or parameter of this name carries; undefined for none. */
export function kindOf(name: string): SecretKind | undefined {
  return HINT.test(name) ? KINDS.find(([pattern]) => pattern.test(name))?.[1] : undefined;
}

/** What kind of secret a name with brackets or other separators in it carries, such as `a[token]`. */
export function kindOfPath(path: string): SecretKind | undefined {
  return path
    .split(/[^\w-]+/)
    .map(kindOf)
    .find(Boolean);
}

export const TOKEN = '<TOKEN>';
/** Shown in place of the value of a header field that is not known. */
export const HIDDEN = '<HIDDEN>';

/** Header fields that hold no credentials. Their values are shown, with secrets in them replaced. */
const SHOWN_HEADERS: ReadonlySet<string> = new Set(
  `accept accept-ranges age allow alt-svc cache-control cf-ray connection date etag expect expires from host keep-alive
  last-modified link location max-forwards origin pragma prefer preference-applied priority proxy-authenticate
  proxy-connection range referer refresh retry-after server server-timing strict-transport-security te traceparent trailer
  transfer-encoding upgrade user-agent vary via warning www-authenticate x-cache x-cache-hits x-content-type-options
  x-correlation-id x-frame-options x-powered-by x-request-id x-requested-with x-runtime`.split(/\s+/),
);
const SHOWN_FAMILY = /^(?:accept|access-control|content|if|(?:x-)?ratelimit)-[a-z-]+$/;

/** What else the name of a header field with a credential has in it. */
const CREDENTIAL_HEADER = /auth|session|credential|key|secret|passphrase|jwt|signature|^(?:x-)?sid$/i;

/** What kind of secret a header field carries; undefined for none. */
export function kindOfHeader(name: string): SecretKind | undefined {
  return kindOf(name) ?? (CREDENTIAL_HEADER.test(name) && !isShownHeader(name) ? 'token' : undefined);
}

/** Whether the value of a header field may be shown. Every other field may hold a credential. */
export function isShownHeader(name: string): boolean {
  return SHOWN_HEADERS.has(name) || SHOWN_FAMILY.test(name);
}

/** What is shown in place of a secret. */
export function placeholderFor(kind: SecretKind): string {
  if (kind === 'access code') return '<ACCESS_CODE>';
  return kind === 'cookie' || kind === 'set-cookie' ? '<COOKIE>' : TOKEN;
}

/** Whether a value can be secret at all: what is empty, or says yes or no, is none. */
export function canBeSecret(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && typeof value !== 'boolean';
}
