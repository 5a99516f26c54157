/** What a name says of the value beside it. */
export type SecretKind = 'access code' | 'authorization' | 'cookie' | 'set-cookie' | 'token';

const KINDS: readonly (readonly [RegExp, SecretKind])[] = [
  [/^[\w-]*access[_-]?codes?[_-]?[12]?$/i, 'access code'],
  [/^(?:proxy-)?authorization$/i, 'authorization'],
  [/^cookie$/i, 'cookie'],
  [/^set-cookie$/i, 'set-cookie'],
  [/^(?:[\w-]*(?:token|secret|api[_-]?key|passw(?:or)?d)s?|bearer|authz)$/i, 'token'],
];
/** Every name of a secret has one of these in it. */
const HINT = /access|auth|cookie|token|secret|key|passw|bearer/i;

/** Every text that something is taken out of has one of these in it. To look for them costs far less than the patterns do. */
const HINT_IN_TEXT =
  /access|auth|cookie|token|secret|api.{0,3}key|passw|bearer|eyJ|zteos64|:\/\/[^/?#\s"']*@|\\u|%[4-7]/i;

/** Whether there can be a secret in a text, by its name or by its shape. */
export function mayHoldSecret(text: string): boolean {
  return HINT_IN_TEXT.test(text);
}

/** What kind of secret a header field, JSON key or parameter of this name carries; undefined for none. */
export function kindOf(name: string): SecretKind | undefined {
  return HINT.test(name) ? KINDS.find(([pattern]) => pattern.test(name))?.[1] : undefined;
}

export const TOKEN = '<TOKEN>';

/** What is shown in place of a secret. */
export function placeholderFor(kind: SecretKind): string {
  if (kind === 'access code') return '<ACCESS_CODE>';
  return kind === 'cookie' || kind === 'set-cookie' ? '<COOKIE>' : TOKEN;
}

/** Whether a value can be secret at all: what is empty, or says yes or no, is none. */
export function canBeSecret(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && typeof value !== 'boolean';
}
