import type { HttpResponse } from '../http/request.js';
import { requestInput } from '../http/response-input.js';
import { Secrets } from '../redaction/secrets.js';
import type { StoredFields } from './entry.js';

const SHORTEST = 8; // characters: a shorter secret, such as a setting in a cookie, is found by chance
/** What JSON and URLs leave as it is. */
const SPELT_THE_SAME = /^[\w.~-]+$/;
const NAME =
  '(?:token|secret|api[_-]?key|passw(?:or)?d|access[_-]?codes?[_-]?[12]?|authorization|bearer|cookie|authz)s?';
/** A member of JSON, a parameter or an element of XML that is named as a credential and has a value; or a token. */
const NAMED = new RegExp(
  `${NAME}(?:\\\\*["']\\s*:\\s*(?:\\\\*["'][^"'\\\\]|[\\d[{])|=["']?[^\\s&"'<>]|>[^\\s<])|zteos64:|eyJhbGciOi`,
  'i',
);

/**
 * Whether a response contains a credential, which must not reach a disk: one by its name or form, or one that the
 * request was sent with.
 *
 * @param fields - the header fields that would be stored
 */
export function holdsCredential(fields: StoredFields, body: Buffer, response: HttpResponse): boolean {
  const { request, token, headers } = response;
  const secrets = new Secrets({ headers, config: requestInput(request, token) });
  const long = secrets.others.filter(({ length }) => length >= SHORTEST);
  const sent = spellingsOf([...long, ...secrets.accessCodes]).map((text) =>
    Buffer.from(text).toString('latin1'),
  );
  // One character for each byte, whatever the bytes mean.
  const texts = [JSON.stringify(fields), body.toString('latin1')];
  return texts.some((text) => NAMED.test(text) || sent.some((secret) => text.includes(secret)));
}

/** Returns the ways in which secrets may be written in JSON and URLs, the longest first. */
function spellingsOf(secrets: readonly string[]): string[] {
  const all = new Set<string>();
  for (const secret of secrets.filter(({ length }) => length >= 4)) {
    all.add(secret);
    if (SPELT_THE_SAME.test(secret)) continue;
    const inJson = JSON.stringify(secret).slice(1, -1);
    // PHP and others write a slash so.
    all
      .add(inJson)
      .add(inJson.replaceAll('/', '\\/'))
      .add(encodeURIComponent(Buffer.from(secret).toString()));
  }
  return [...all].sort((a, b) => b.length - a.length);
}
