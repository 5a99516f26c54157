import { createHash } from 'node:crypto';
import type { JWK, JWTPayload, JWTVerifyOptions } from 'jose';
import { InvalidInvocation } from '../exceptions/base.js';
import { type IdTokenCheck, InvalidIdToken } from '../exceptions/id-token.js';
import { textOf } from '../util/errors.js';
import { type Jose, loadJose, loadZod } from './lazy-imports.js';

/** The claims of an id token. `uuidentity` and `name` are the database's, the others those of OIDC Core, section 2. */
export interface IdTokenClaims extends JWTPayload {
  /** Expiry, in seconds since the epoch. */
  readonly exp: number;
  /** The identity of the user, such as `1234-567-1`; null where the database leaves it open. `user.identity` is always text. */
  readonly uuidentity?: string | null;
  /** Full name; null where the database leaves it open. `user.name` is always text. */
  readonly name?: string | null;
}

/** Further options of jose's `jwtVerify`. The algorithm is always RS256, the audience is an option of its own. */
export type JwtOptions = Omit<JWTVerifyOptions, 'algorithms' | 'audience'>;

/** What an id token is checked against. */
export interface IdTokenExpectations {
  readonly audience: string;
  readonly jwtOptions: JwtOptions;
  /** The access token granted beside it; compared with the claim `at_hash` where there is one. */
  readonly accessToken: string;
}

/**
 * Verifies an id token: its RS256 signature by one of the keys, then its claims.
 *
 * A key without `kid` may have signed any token, and any key a token without `kid`. A token without `aud` is accepted,
 * as by the Python package: it came straight from the identity service.
 *
 * @throws InvalidIdToken that says which check failed
 */
export async function verifyIdToken(
  token: string,
  keys: readonly JWK[],
  { audience, jwtOptions, accessToken }: IdTokenExpectations,
): Promise<IdTokenClaims> {
  const jose = await loadJose();
  const { alg, kid, hasAudience } = peek(token, jose);
  if (alg !== 'RS256')
    throw new InvalidIdToken('algorithm', `the id token is signed with ${textOf(alg)}, not with RS256`);
  const options: JWTVerifyOptions = {
    ...jwtOptions,
    algorithms: ['RS256'],
    ...(hasAudience && { audience }),
  };
  const payload = await verifyByAnyKey(token, candidates(keys, kid), options, jose).catch((error) => {
    throw explain(error, audience);
  });
  const claims = await checkClaims(payload);
  if (claims['at_hash'] !== undefined && claims['at_hash'] !== atHash(accessToken)) {
    throw new InvalidIdToken(
      'claims',
      "the id token's at_hash is not that of the access token granted with it",
    );
  }
  return claims;
}

/** Reads what decides how a token is to be verified. Nothing of it is trusted. */
function peek(
  token: string,
  { decodeJwt, decodeProtectedHeader }: Jose,
): { alg: unknown; kid: string | undefined; hasAudience: boolean } {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    return { alg, kid, hasAudience: decodeJwt(token).aud !== undefined };
  } catch (error) {
    const { message } = error as Error;
    throw new InvalidIdToken('format', `the id token does not parse: ${message}`, {
      cause: new Error(message),
    });
  }
}

function candidates(keys: readonly JWK[], kid: string | undefined): JWK[] {
  return keys.filter(
    (key) =>
      key.kty === 'RSA' &&
      isStrong(key) &&
      (key.use ?? 'sig') === 'sig' &&
      mayVerify(key) &&
      (key.alg ?? 'RS256') === 'RS256' &&
      (kid === undefined || key.kid === undefined || key.kid === kid),
  );
}

/** By RFC 7517, section 4.3. */
function mayVerify({ key_ops: operations }: JWK): boolean {
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

/**
 * Whether it is a public RSA key that verifies signatures safely: an odd modulus of 2048 bits or more (RFC 7518, section
 * 3.3), but not more than OpenSSL takes; an odd exponent of 3 or more, in 64 bits.
 */
function isStrong({ n, e, d }: JWK): boolean {
  const modulus = toNumber(n, 2048);
  const exponent = toNumber(e, 8);
  return (
    d === undefined && modulus >> 2047n > 0n && modulus % 2n === 1n && exponent > 1n && exponent % 2n === 1n
  );
}

/** Reads a number as it is in a key: base64url of its bytes. 0 where it is not one, or has more bytes than that. */
function toNumber(text: unknown, bytes: number): bigint {
  if (typeof text !== 'string' || !/^[\w-]+={0,2}$/.test(text)) return 0n;
  const hex = Buffer.from(text, 'base64url')
    .toString('hex')
    .replace(/^(?:00)+/, '');
  return hex.length > 2 * bytes ? 0n : BigInt(`0x0${hex}`);
}

async function verifyByAnyKey(
  token: string,
  keys: readonly JWK[],
  options: JWTVerifyOptions,
  { errors, importJWK, jwtVerify }: Jose,
): Promise<JWTPayload> {
  for (const jwk of keys) {
    const key = await importJWK(jwk, 'RS256').catch(() => undefined);
    if (key === undefined) continue;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      const isOfKey = error instanceof errors.JWSSignatureVerificationFailed || error instanceof DOMException;
      if (!isOfKey) throw error;
    }
  }
  throw new InvalidIdToken('signature', 'no key of the identity service made the signature of the id token');
}

/** The left half of the SHA-256 of the access token: OIDC Core, section 3.1.3.6, for RS256. */
function atHash(accessToken: string): string {
  return createHash('sha256').update(accessToken, 'ascii').digest().subarray(0, 16).toString('base64url');
}

async function checkClaims(payload: JWTPayload): Promise<IdTokenClaims> {
  const z = await loadZod();
  const text = z.string('must be a string').optional();
  const schema = z.looseObject({
    exp: z.number('must be a number'),
    sub: text,
    jti: text,
  });
  const { error } = schema.safeParse(payload);
  if (error === undefined) return payload as IdTokenClaims;
  const issues = error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new InvalidIdToken('claims', `the id token's claims: ${issues.join('; ')}`);
}

const CHECKS_BY_CLAIM: Readonly<Record<string, IdTokenCheck>> = {
  aud: 'audience',
  exp: 'expiry',
  nbf: 'not-before',
};

const HINTS: Partial<Record<IdTokenCheck, string>> = {
  expiry: '; it has expired, or the clock of this computer is wrong',
  'not-before': '; it is not valid yet, or the clock of this computer is wrong',
};

/** Makes our exception of jose's, whose own holds all claims. */
function explain(error: unknown, audience: string): Error {
  if (error instanceof InvalidIdToken) return error;
  if (error instanceof TypeError) return new InvalidInvocation(`\`jwtOptions\`: ${error.message}`);
  const {
    code,
    message,
    claim = '',
    reason,
  } = error as Error & { code?: string; claim?: string; reason?: string };
  const cause = Object.assign(new Error(message), { code });
  const check = (reason === 'check_failed' && CHECKS_BY_CLAIM[claim]) || 'claims';
  const hint = check === 'audience' ? `; it is not meant for ${audience}` : (HINTS[check] ?? '');
  return new InvalidIdToken(check, `the id token: ${message}${hint}`, { cause });
}
