import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HttpClient, ITkDBException, User } from '../../src/index.js';
import { type EmbeddedPdb, startPdb } from '../../src/testing/index.js';
import { hostileValue, pollutedJson } from '../helpers/hostile.js';
import { expectNoPollution, outcomeOf } from '../helpers/outcome.js';

let pdb: EmbeddedPdb;
let folder: string;
let saveAuth: string;
let original: string;

beforeAll(async () => {
  pdb = await startPdb({ components: 1 });
  folder = await mkdtemp(join(tmpdir(), 'itkdb-tokens-'));
  saveAuth = join(folder, 'auth.json');
  await new User({ ...pdb.userOptions, saveAuth }).authenticate();
  original = await readFile(saveAuth, 'utf8');
});

afterAll(async () => {
  await pdb.close();
  await rm(folder, { recursive: true });
});

afterEach(expectNoPollution);

/** A JWT of any header and claims, signed by nobody. */
const forgedToken = fc
  .tuple(pollutedJson(), pollutedJson(), fc.constantFrom('none', 'HS256', 'RS256', { toString: 1 }))
  .map(([header, claims, alg]) => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');
    return [{ ...Object(header), alg, kid: 'key-1' }, claims].map(part).concat('c2lnbmF0dXJl').join('.');
  });

const anyToken = fc.oneof(
  forgedToken,
  fc.string({ unit: 'binary' }),
  fc.constantFrom('..', 'e30.e30.', 'null.null.null'),
);

/** The real file with one byte changed, cut off, or with fields of another's making. */
function mutated(): fc.Arbitrary<Buffer> {
  const bytes = Buffer.from(original);
  const byte = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, value]) => {
    const copy = Buffer.from(bytes);
    copy[at] = value;
    return copy;
  });
  const field = fc.constantFrom('format', 'salt', 'digest', 'idToken', 'accessToken', '__proto__');
  const fields = fc
    .dictionary(field, fc.oneof(anyToken, pollutedJson()))
    .map((more) => Buffer.from(JSON.stringify({ ...JSON.parse(original), ...more })));
  return fc.oneof(
    byte,
    fields,
    fc.nat(bytes.length).map((length) => bytes.subarray(0, length)),
  );
}

describe('a token file of any content', () => {
  it('is used or replaced: the user is signed in, as nobody else', async () => {
    const content = fc.oneof(
      { weight: 3, arbitrary: mutated() },
      fc.uint8Array().map(Buffer.from),
      pollutedJson().map((value) => Buffer.from(JSON.stringify(value))),
    );
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        await writeFile(saveAuth, bytes);
        const user = new User({ ...pdb.userOptions, saveAuth });
        expect(await outcomeOf(() => user.authenticate())).toBe(true);
        expect(user.name).toBe(pdb.user.name);
        expect(pdb.identity.accepts(user.bearer)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });
});

describe('an answer of the identity service of any kind', () => {
  const grant = fc.oneof(pollutedJson(), fc.record({ access_token: fc.string(), id_token: anyToken }));
  const keys = fc.oneof(
    pollutedJson(),
    fc.record({
      keys: fc.array(
        fc.oneof(
          pollutedJson(),
          fc.record({ kty: fc.constant('RSA'), n: fc.string(), e: fc.constantFrom('AQAB', '', 'AA') }),
        ),
      ),
    }),
  );

  it('signs nobody in, and is an exception', async () => {
    await fc.assert(
      fc.asyncProperty(
        grant,
        keys,
        fc.constantFrom(200, 200, 200, 401, 500),
        async (granted, keySet, status) => {
          pdb.reset();
          pdb.fault({
            on: 'grantToken',
            status,
            body: granted,
            headers: { 'Content-Type': 'application/json' },
          });
          pdb.fault({
            on: 'listKeys',
            status: 200,
            body: keySet,
            headers: { 'Content-Type': 'application/json' },
          });
          const user = new User({ ...pdb.userOptions, retry: false });
          expect(await outcomeOf(() => user.authenticate())).toBeInstanceOf(ITkDBException);
          expect(user).toMatchObject({ bearer: '', name: '', identity: '' });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('through a client of the caller is an exception, too', async () => {
    const wholly = fc.tuple(hostileValue(), fc.constant(undefined));
    const partly = fc.tuple(fc.constant(undefined), hostileValue());
    await fc.assert(
      fc.asyncProperty(fc.oneof(wholly, partly), async ([response, data]) => {
        const request = async (): Promise<never> =>
          (response === undefined ? { status: 200, data: data?.make() } : response.make()) as never;
        const httpClient: HttpClient = { request };
        const user = new User({ ...pdb.userOptions, httpClient });
        expect(await outcomeOf(() => user.authenticate())).toBeInstanceOf(ITkDBException);
      }),
      { numRuns: 200 },
    );
  });
});
