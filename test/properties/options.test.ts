import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InvalidInvocation, Session, User, UserBearer } from '../../src/index.js';
import { type EmbeddedPdb, startPdb } from '../../src/testing/index.js';
import { hostileOptions, hostileValue } from '../helpers/hostile.js';
import { MockUser } from '../helpers/mock-user.js';
import { Origin } from '../helpers/origin.js';
import { expectNoPollution, outcomeOf } from '../helpers/outcome.js';

const SESSION_OPTIONS =
  'user prefixUrl saveAuth authExpiryThreshold cache expiresAfter timeout retry onRetry maxConcurrency minInterval maxRedirects maxContentLength headers logger quiet httpAgent httpsAgent proxy ca'.split(
    ' ',
  );
const USER_OPTIONS =
  'accessCode1 accessCode2 audience prefixUrl apiUrl jwtOptions saveAuth authExpiryThreshold timeout retry onRetry logger quiet httpClient proxy ca httpsAgent'.split(
    ' ',
  );
const REQUEST_OPTIONS =
  'url auth data decompress family formSerializer headers httpAgent httpsAgent lookup maxBodyLength maxContentLength maxRedirects method onDownloadProgress onUploadProgress params paramsSerializer proxy responseType retry signal timeout transformRequest transformResponse validateStatus'.split(
    ' ',
  );
const PDB_OPTIONS = 'seed users bearers tokenLifetime keptRequests keepRunning'.split(' ');
const FAULT = 'on times after status body headers delay drop truncate html redirect drip respond'.split(' ');

afterEach(expectNoPollution);

describe('options of any kind', () => {
  it('make a session, or an exception', async () => {
    await fc.assert(
      fc.asyncProperty(hostileOptions(SESSION_OPTIONS), async ({ make }) => {
        const session = await outcomeOf(() => new Session(make() as object));
        if (session instanceof Session) await session.close();
        else expect(session).toBeInstanceOf(InvalidInvocation);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['User', User, USER_OPTIONS],
    ['UserBearer', UserBearer, ['bearer']],
  ] as const)('make a %s, or an exception', async (_, type, names) => {
    await fc.assert(
      fc.asyncProperty(hostileOptions(names), async ({ make }) => {
        const user = await outcomeOf(() => new type(make() as object));
        if (!(user instanceof type)) expect(user).toBeInstanceOf(InvalidInvocation);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a request with options of any kind', () => {
  let origin: Origin;
  let session: Session;

  beforeAll(async () => {
    origin = await Origin.start();
    session = new Session({ user: new MockUser(), prefixUrl: origin.url, retry: false, timeout: 1000 });
  });

  afterAll(async () => {
    await session.close();
    await origin[Symbol.asyncDispose]();
  });

  it.each(['request', 'get', 'post', 'prepareRequest', 'send', 'authorize'] as const)(
    'ends with an answer or an exception: %s()',
    async (verb) => {
      const { call } = {
        request: { call: (options: object) => session.request(options) },
        get: { call: (options: object) => session.get('x', options) },
        post: { call: (options: object) => session.post('x', options, options) },
        prepareRequest: { call: (options: object) => session.prepareRequest(options) },
        send: { call: (options: object) => session.send(options as never, options) },
        authorize: { call: (options: object) => session.authorize(options as never) },
      }[verb];
      await fc.assert(
        fc.asyncProperty(hostileOptions(REQUEST_OPTIONS), async ({ make }) => {
          await outcomeOf<unknown>(() => call(make() as object));
        }),
        { numRuns: 150 },
      );
    },
  );

  it('of which one is wrong ends with an answer or an exception, for each', async () => {
    const option = fc.tuple(fc.constantFrom(...REQUEST_OPTIONS), hostileValue());
    await fc.assert(
      fc.asyncProperty(option, async ([name, { make }]) => {
        await outcomeOf<unknown>(() => session.request({ url: 'x', [name]: make() }));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the embedded database', () => {
  let pdb: EmbeddedPdb;

  beforeAll(async () => {
    pdb = await startPdb({ components: 1 });
  });

  afterAll(() => pdb.close());

  it('starts or refuses its options', async () => {
    await fc.assert(
      fc.asyncProperty(hostileOptions(PDB_OPTIONS), async ({ make }) => {
        const started = await outcomeOf(() => startPdb(make() as object));
        if ('close' in started) await started.close();
      }),
      { numRuns: 50 },
    );
  });

  it('plans or refuses a fault', async () => {
    await fc.assert(
      fc.asyncProperty(hostileOptions(FAULT), async ({ make }) => {
        await outcomeOf(() => pdb.fault(make() as never));
        pdb.reset();
      }),
      { numRuns: 200 },
    );
  });
});
