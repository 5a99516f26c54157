import { createHash, createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyIdToken } from '../src/auth/id-token.js';
import { InvalidIdToken, InvalidInvocation, type JwtOptions } from '../src/index.js';
import { failure } from './helpers/failure.js';

const AUDIENCE = 'https://itkpd.unicornuniversity.net';
const now = (): number => Math.floor(Date.now() / 1000);

type Key = Awaited<ReturnType<typeof generateKeyPair>>;
let ours: Key;
let other: Key;
let ourJwk: JWK;
let otherJwk: JWK;

beforeAll(async () => {
  [ours, other] = await Promise.all([
    generateKeyPair('RS256', { extractable: true }),
    generateKeyPair('RS256', { extractable: true }),
  ]);
  ourJwk = { ...(await exportJWK(ours.publicKey)), kid: 'ours', alg: 'RS256', use: 'sig' };
  otherJwk = { ...(await exportJWK(other.publicKey)), kid: 'other' };
});

function sign(claims: object, header: object = {}, key: Key = ours): Promise<string> {
  return new SignJWT({ exp: now() + 3600, aud: AUDIENCE, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'ours', ...header })
    .sign(key.privateKey);
}

function verify(
  token: string,
  keys: readonly JWK[] = [ourJwk],
  jwtOptions: JwtOptions = { clockTolerance: 60 },
) {
  return verifyIdToken(token, keys, { audience: AUDIENCE, jwtOptions, accessToken: 'opaque' });
}

function unsigned(header: object, claims: object): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

describe('an id token is accepted', () => {
  it.each<[string, object]>([
    ['for our audience', {}],
    ['for several audiences, ours among them', { aud: ['https://other.example', AUDIENCE] }],
    ['without an audience', { aud: undefined }],
    ['issued in the future', { iat: now() + 1000 }],
    ['by any issuer', { iss: 'https://anybody.example' }],
    ['with a name that is null', { name: null }],
    ['with an identity that is null', { uuidentity: null }],
    ['with a name that is a number', { name: 5 }],
    ['expired less than the leeway ago', { exp: now() - 30 }],
    ['valid from less than the leeway on', { nbf: now() + 30 }],
    [
      'with the at_hash of its access token',
      { at_hash: createHash('sha256').update('opaque').digest().subarray(0, 16).toString('base64url') },
    ],
  ])('%s', async (_, claims) => {
    await expect(verify(await sign(claims))).resolves.toMatchObject({ exp: expect.any(Number) });
  });

  it('signed by any key that may be meant', async () => {
    const token = await sign({});
    const { kid: _, ...anonymous } = ourJwk;
    await expect(verify(token, [otherJwk, ourJwk])).resolves.toBeDefined();
    await expect(verify(token, [otherJwk, anonymous])).resolves.toBeDefined();
    await expect(verify(await sign({}, { kid: undefined }), [otherJwk, ourJwk])).resolves.toBeDefined();
    await expect(
      verify(await sign({}, { kid: undefined }), [{ kty: 'RSA', n: '!' }, ourJwk]),
    ).resolves.toBeDefined();
  });
});

describe('a key that cannot be used', () => {
  /** A modulus of this many bytes. */
  const modulus = (bytes: number, fill = 0xff): string => Buffer.alloc(bytes, fill).toString('base64url');

  it.each<[string, object]>([
    ['has a modulus of zeros', { n: 'A'.repeat(400) }],
    ['has a modulus of spaces', { n: ' '.repeat(400) }],
    ['has a modulus that is no text', { n: 5 }],
    ['has a modulus of 1024 bits', { n: modulus(128) }],
    ['has a modulus of 1024 bits with zeros before it', { n: `${'A'.repeat(272)}${modulus(128)}` }],
    ['has a modulus of 2047 bits', { n: modulus(256, 0x7f) }],
    ['has an even modulus', { n: modulus(256, 0xaa) }],
    ['has a huge modulus', { n: modulus(100_000) }],
    ['has no modulus', { n: undefined }],
    ['has no exponent', { e: undefined }],
    ['has the exponent 1', { e: 'AQ' }],
    ['has an even exponent', { e: 'AQAA' }],
    ['has a huge exponent', { e: modulus(200) }],
    ['is for encryption', { use: 'enc' }],
    ['has other operations', { key_ops: ['encrypt'] }],
    ['has operations that are no list', { key_ops: 'verify' }],
    ['has an operation too many', { key_ops: ['verify', 'encrypt'] }],
    ['is of an elliptic curve', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }],
    ['is a secret key of HMAC', { kty: 'oct', k: 'AAAA' }],
    ['is secret', { d: 'AQAB' }],
  ])('is skipped where it %s', async (_, members) => {
    const unusable = { ...ourJwk, ...members } as JWK;
    const token = await sign({});
    await expect(verify(token, [unusable, ourJwk])).resolves.toBeDefined();
    expect(await failure(verify(token, [unusable]), InvalidIdToken)).toMatchObject({ check: 'signature' });
  });

  it('is skipped where it is a private key, though it could verify the token', async () => {
    const published = { ...ourJwk, ...(await exportJWK(ours.privateKey)) };
    const token = await sign({});
    await expect(verify(token, [published, ourJwk])).resolves.toBeDefined();
    expect(await failure(verify(token, [published]), InvalidIdToken)).toMatchObject({ check: 'signature' });
  });

  it('is ignored if its exponent is 1: anyone could forge its signature', async () => {
    const input = unsigned({ alg: 'RS256', kid: 'ours' }, { exp: now() + 99, aud: AUDIENCE });
    const digest = createHash('sha256').update(input).digest('hex');
    const end = `003031300d060960864801650304020105000420${digest}`;
    const signature = Buffer.from(`0001${end.padStart(2 * 254, 'f')}`, 'hex');
    const token = `${input}.${signature.toString('base64url')}`;
    const forged = verify(token, [{ ...ourJwk, e: 'AQ' }]);
    expect(await failure(forged, InvalidIdToken)).toMatchObject({ check: 'signature' });
  });

  it('is skipped where it is a weak key that did sign the token', async () => {
    for (const modulusLength of [512, 1024, 2040]) {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
      const input = unsigned({ alg: 'RS256', kid: 'ours' }, { exp: now() + 99, aud: AUDIENCE });
      const token = `${input}.${createSign('sha256').update(input).sign(privateKey, 'base64url')}`;
      const weak = { ...(publicKey.export({ format: 'jwk' }) as JWK), kid: 'ours' };
      for (const keys of [[weak], [weak, ourJwk]]) {
        expect(await failure(verify(token, keys), InvalidIdToken)).toMatchObject({ check: 'signature' });
      }
    }
  });
});

describe('an id token is refused', () => {
  it.each<[string, string, () => string | Promise<string>]>([
    ['format', 'is no JWT', () => 'not a token'],
    ['format', 'has too few parts', () => 'a.b'],
    ['format', 'is empty', () => ''],
    ['format', 'has claims that are no JSON', () => `${unsigned({ alg: 'RS256' }, {}).split('.')[0]}.!!!.x`],
    [
      'algorithm',
      'has an algorithm that is no text',
      () => `${unsigned({ alg: { toString: 1 } }, { exp: now() + 99 })}.`,
    ],
    ['algorithm', 'is unsigned', () => `${unsigned({ alg: 'none' }, { exp: now() + 99 })}.`],
    [
      'algorithm',
      'is signed with HS256 and the public key',
      () => {
        const input = unsigned({ alg: 'HS256', kid: 'ours' }, { exp: now() + 99 });
        return `${input}.${createHmac('sha256', JSON.stringify(ourJwk)).update(input).digest('base64url')}`;
      },
    ],
    ['signature', 'is signed by somebody else in the name of our key', () => sign({}, {}, other)],
    ['signature', 'is signed by a key that is not in the set', () => sign({}, { kid: 'other' }, other)],
    ['signature', 'names another key than the one that signed it', () => sign({}, { kid: 'other' })],
    [
      'signature',
      'was changed afterwards',
      async () =>
        (await sign({})).replace(/\.[^.]+\./, `.${Buffer.from('{"exp":9999999999}').toString('base64url')}.`),
    ],
    ['audience', 'is meant for somebody else', () => sign({ aud: 'https://other.example' })],
    ['audience', 'is meant for us with a slash more', () => sign({ aud: `${AUDIENCE}/` })],
    [
      'audience',
      'is meant for several others',
      () => sign({ aud: ['https://a.example', 'https://b.example'] }),
    ],
    ['expiry', 'has expired', () => sign({ exp: now() - 100 })],
    ['not-before', 'is not valid yet', () => sign({ nbf: now() + 100 })],
    ['claims', 'does not expire', () => sign({ exp: undefined })],
    ['claims', 'expires at a string', () => sign({ exp: 'soon' })],
    ['claims', 'is valid from a string', () => sign({ nbf: 'soon' })],
    ['claims', 'was issued at a string', () => sign({ iat: 'then' })],
    ['claims', 'has a subject that is no string', () => sign({ sub: 1 })],
    ['claims', 'has an id that is no string', () => sign({ jti: 1 })],
    ['claims', 'has the at_hash of another access token', () => sign({ at_hash: 'x' })],
  ])('by the check of %s, where it %s', async (check, _, make) => {
    const token = await make();
    const exception = await failure(verify(token), InvalidIdToken);
    expect(exception).toMatchObject({ check, code: 'ERR_INVALID_ID_TOKEN' });
    if (token !== '') expect(exception.message).not.toContain(token);
  });

  it('where no key of the set can verify', async () => {
    const token = await sign({});
    for (const keys of [
      [],
      [{ ...ourJwk, use: 'enc' }],
      [{ ...ourJwk, alg: 'PS256' }],
      [{ kty: 'EC' }],
      [{ kty: 'RSA' }],
    ]) {
      expect(await failure(verify(token, keys as JWK[]), InvalidIdToken)).toMatchObject({
        check: 'signature',
      });
    }
  });

  it('says what it has and what it should have', async () => {
    expect((await failure(verify(await sign({ aud: 'x' })), InvalidIdToken)).message).toContain(AUDIENCE);
    expect((await failure(verify(await sign({ exp: 1 })), InvalidIdToken)).message).toContain('clock');
  });
});

describe('jwtOptions', () => {
  it('are passed on to jose', async () => {
    const token = await sign({ iss: 'https://us.example', exp: now() - 50 });
    await expect(
      verify(token, [ourJwk], { clockTolerance: 100, issuer: 'https://us.example' }),
    ).resolves.toBeDefined();
    const refused = verify(token, [ourJwk], { clockTolerance: 100, issuer: 'https://them.example' });
    expect(await failure(refused, InvalidIdToken)).toMatchObject({ check: 'claims' });
  });

  it('cannot allow another algorithm', async () => {
    const options = { algorithms: ['HS256'] } as JwtOptions;
    await expect(verify(await sign({}), [ourJwk], options)).resolves.toBeDefined();
  });

  it('that jose does not understand are the fault of the caller', async () => {
    const wrong = verify(await sign({}), [ourJwk], { clockTolerance: 'some while' });
    expect((await failure(wrong, InvalidInvocation)).message).toMatch(/^`jwtOptions`: /);
  });
});
