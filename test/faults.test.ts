import { type AddressInfo, createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AuthenticationFailed,
  BadJSON,
  BadRequest,
  Conflict,
  ConnectionRefused,
  ConnectionReset,
  Forbidden,
  HostNotFound,
  InvalidIdToken,
  InvalidResponse,
  ITkDBException,
  NotFound,
  ResponseTooLarge,
  ServerError,
  Session,
  type SessionOptions,
  SpecialError,
  Timeout,
  TlsFailure,
  TooLarge,
  TooManyRedirects,
  UnavailableForLegalReasons,
  UnhandledResponse,
  User,
} from '../src/index.js';
import { type EmbeddedPdb, type Fault, type FaultKind, startPdb } from '../src/testing/index.js';
import { MockUser } from './helpers/mock-user.js';
import { Origin } from './helpers/origin.js';
import { TlsOrigin } from './helpers/tls-origin.js';

type Outcome = 'success' | (abstract new (...args: never[]) => ITkDBException);

/** What a request may take that meets a fault; each timeout below is a fraction of it. */
const DEADLINE = 5000;
const NEVER = Number.POSITIVE_INFINITY;

let pdb: EmbeddedPdb;
beforeAll(async () => {
  pdb = await startPdb({ components: 50 });
});
afterAll(() => pdb.close());

/** The sockets and name lookups of this process, on both sides. */
const openSockets = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLS|GetAddrInfo/.test(name));

/** Asks for the projects with a session of its own, and sees to it that nothing is left of it. */
async function outcomeOf(
  plan: (pdb: EmbeddedPdb) => void,
  options: SessionOptions = {},
  url = 'listProjects',
): Promise<Outcome> {
  pdb.reset();
  Object.assign(pdb.identity, { tokenLifetime: 7200, clockOffset: 0 });
  const session = new Session({
    user: new User({ ...pdb.userOptions, retry: false, timeout: 300 }),
    prefixUrl: pdb.apiUrl,
    timeout: 300,
    retry: false,
    ...options,
  });
  try {
    await session.get('getUser', { data: { userIdentity: pdb.user.identity } });
    plan(pdb);
    const begun = performance.now();
    const outcome = await session.get(url).then(
      () => 'success' as const,
      (error: unknown) => error,
    );
    expect(performance.now() - begun).toBeLessThan(DEADLINE);
    if (outcome !== 'success' && !(outcome instanceof ITkDBException)) throw outcome;
    return outcome === 'success' ? outcome : (outcome.constructor as Outcome);
  } finally {
    await session.close();
    await expect.poll(openSockets, { interval: 5 }).toEqual([]);
  }
}

const STATUSES: readonly (readonly [status: number, outcome: Outcome])[] = [
  ...[200, 201, 202, 203, 204, 206, 300, 304].map((status) => [status, 'success'] as const),
  [400, BadRequest],
  [401, Forbidden],
  [403, Forbidden],
  [404, NotFound],
  [409, Conflict],
  [413, TooLarge],
  [415, SpecialError],
  [451, UnavailableForLegalReasons],
  ...[500, 502, 503, 504].map((status) => [status, ServerError] as const),
  ...[402, 405, 408, 410, 411, 418, 422, 423, 425, 428, 429, 431, 501, 505, 507, 511, 599].map(
    (status) => [status, UnhandledResponse] as const,
  ),
];

/** name, fault, what becomes of the request; and what with retries, where the fault strikes once. */
const FAULTS: readonly (readonly [name: string, fault: FaultKind, outcome: Outcome, retried: Outcome])[] = [
  ['a delay that is bearable', { delay: 50 }, 'success', 'success'],
  ['a delay that is not', { delay: NEVER }, Timeout, 'success'],
  ['a connection dropped before the headers', { drop: 'before-headers' }, ConnectionReset, 'success'],
  ['a connection dropped after the headers', { drop: 'after-headers' }, ConnectionReset, 'success'],
  ['a truncated body', { truncate: 20 }, ConnectionReset, 'success'],
  ['a body that drips', { drip: 1 }, 'success', 'success'],
  ['a page of HTML with 200', { html: '<h1>Maintenance</h1>' }, 'success', 'success'],
  ['a page of HTML with 503', { html: '<h1>Maintenance</h1>', status: 503 }, ServerError, 'success'],
  ['a redirect loop', { redirect: '/listProjects' }, 'success', 'success'],
  ['a redirect to nowhere', { redirect: 'http://127.0.0.1:1/' }, ConnectionRefused, ConnectionRefused],
  ['a redirect to no URL', { redirect: 'http://[' }, ITkDBException, ITkDBException],
  [
    'invalid JSON',
    {
      respond: (_, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"itemList": ['),
    },
    BadJSON,
    BadJSON,
  ],
  [
    'no JSON at all',
    { respond: (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end() },
    'success',
    'success',
  ],
  [
    'a Content-Length that is too small',
    {
      respond: ({ socket }) =>
        socket.end(
          'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{"a": [1, 2]}',
        ),
    },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'a Content-Length that is too large',
    { respond: ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}') },
    ConnectionReset,
    'success',
  ],
  [
    'two Content-Lengths',
    {
      respond: ({ socket }) =>
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'),
    },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'an oversized body',
    { respond: (_, response) => response.end(Buffer.alloc(2_000_000)) },
    ResponseTooLarge,
    ResponseTooLarge,
  ],
  [
    'a body that unpacks to an oversized one',
    {
      respond: (_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000))),
    },
    ResponseTooLarge,
    ResponseTooLarge,
  ],
  [
    'invalid gzip',
    { respond: (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip') },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'gzip that breaks off',
    {
      respond: (_, response) =>
        response
          .writeHead(200, { 'content-encoding': 'gzip' })
          .end(gzipSync('{"itemList": [1, 2, 3, 4, 5, 6]}').subarray(0, 25)),
    },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'a coding that nobody knows',
    { respond: (_, response) => response.writeHead(200, { 'content-encoding': 'klingon' }).end('x') },
    'success',
    'success',
  ],
  [
    'a charset that nobody knows',
    {
      respond: (_, response) =>
        response.writeHead(200, { 'content-type': 'application/json; charset=klingon' }).end('{}'),
    },
    'success',
    'success',
  ],
  [
    'a charset that is another one',
    {
      respond: (_, response) =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(Buffer.from('{"a":"é"}', 'latin1')),
    },
    'success',
    'success',
  ],
  [
    'a flood of headers',
    {
      respond: ({ socket }) => socket.end(`HTTP/1.1 200 OK\r\n${'X-Flood: 0123456789\r\n'.repeat(5000)}\r\n`),
    },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'a flood of cookies',
    {
      respond: (_, response) =>
        response
          .writeHead(200, { 'set-cookie': Array.from({ length: 200 }, (_, i) => `c${i}=${'x'.repeat(50)}`) })
          .end('{}'),
    },
    'success',
    'success',
  ],
  [
    'a header that is none',
    { respond: ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n{}') },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'what is no HTTP',
    { respond: ({ socket }) => socket.end('SSH-2.0-OpenSSH\r\n') },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'a switch to another protocol',
    {
      respond: ({ socket }) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    },
    InvalidResponse,
    InvalidResponse,
  ],
  ['an empty answer', { respond: ({ socket }) => socket.end() }, ConnectionReset, 'success'],
];

describe('a request that is answered', () => {
  it.each(STATUSES)('%i ends as it should', async (status, outcome) => {
    expect(await outcomeOf(() => pdb.fault({ on: 'listProjects', status, times: 9 }))).toBe(outcome);
  });
});

describe('a request that meets', () => {
  const options = { maxContentLength: 1_000_000 };

  it.each(FAULTS)('%s ends as it should', async (_, fault, outcome) => {
    const meet = () => pdb.fault({ ...(fault as Fault), on: 'listProjects' });
    const actual = await outcomeOf(meet, options);
    if (outcome === ITkDBException) expect(actual).not.toBe('success');
    else expect(actual).toBe(outcome);
  });

  it.each(FAULTS)(
    '%s once ends well with retries, where that can help',
    async (_, fault, _outcome, retried) => {
      const meet = () => pdb.fault({ ...(fault as Fault), on: 'listProjects' });
      const actual = await outcomeOf(meet, { ...options, retry: { baseDelay: 1 } });
      if (retried === ITkDBException) expect(actual).not.toBe('success');
      else expect(actual).toBe(retried);
    },
  );

  it('a redirect loop without end ends as TooManyRedirects', async () => {
    const meet = () => pdb.fault({ on: 'listProjects', redirect: '/listProjects', times: NEVER_ENDING });
    expect(await outcomeOf(meet)).toBe(TooManyRedirects);
  });

  it('a redirect to another origin goes there, without the token', async () => {
    await using other = await Origin.start();
    const meet = () => pdb.fault({ on: 'listProjects', redirect: other.url });
    expect(await outcomeOf(meet)).toBe('success');
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

const NEVER_ENDING = 1000;

describe('a token', () => {
  it('that has expired since is renewed', async () => {
    const expire = () => {
      pdb.identity.revokeTokens();
    };
    expect(await outcomeOf(expire)).toBe('success');
  });

  it('that expires while the request is under way is renewed', async () => {
    const expire = () =>
      pdb.fault({
        on: 'listProjects',
        respond: (_, response) => {
          pdb.identity.revokeTokens();
          response.writeHead(401).end();
        },
      });
    expect(await outcomeOf(expire)).toBe('success');
  });

  it('that is refused for good is Forbidden', async () => {
    expect(await outcomeOf(() => pdb.fault({ on: 'listProjects', status: 401, times: 2 }))).toBe(Forbidden);
  });

  it.each([false, true])(
    'is verified by the new keys after a rotation (old ones kept: %j)',
    async (keepOld) => {
      await pdb.identity.rotateKeys({ keepOld });
      const rotate = () => {
        pdb.identity.revokeTokens();
      };
      expect(await outcomeOf(rotate)).toBe('success');
    },
  );

  it('is verified by keys that are rotated in the middle of the run', async () => {
    const session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
    await session.get('listProjects');
    await pdb.identity.rotateKeys();
    pdb.identity.revokeTokens();
    await expect(session.get('listProjects')).resolves.toMatchObject({ status: 200 });
    await session.close();
  });

  it('is used while the identity service is down', async () => {
    const down = () =>
      pdb.fault({ on: ({ server }) => server === 'identity', drop: 'before-headers', times: 99 });
    expect(await outcomeOf(down)).toBe('success');
  });

  it('that cannot be renewed because the identity service is down is its error', async () => {
    const down = () => {
      pdb.identity.revokeTokens();
      pdb.fault({ on: 'grantToken', status: 503, times: 99 });
    };
    expect(await outcomeOf(down)).toBe(AuthenticationFailed);
  });
});

describe('a clock that is wrong', () => {
  it.each<[string, number, Outcome]>([
    ['an hour late', 3600, 'success'],
    ['a second early', -1, 'success'],
    ['an hour early, with a token that lives for two', -3600, 'success'],
    ['three hours early', -3 * 3600, InvalidIdToken],
  ])('%s ends as it should', async (_, clockOffset, outcome) => {
    const skew = () => {
      pdb.identity.clockOffset = clockOffset;
      pdb.identity.revokeTokens();
    };
    expect(await outcomeOf(skew)).toBe(outcome);
  });
});

describe('a server that cannot be reached', () => {
  it.each<[string, string, Outcome]>([
    ['because its name does not resolve', 'http://no-such-host.invalid/', HostNotFound],
    ['because nothing listens', 'http://127.0.0.1:1/', ConnectionRefused],
  ])('%s is typed', async (_, url, outcome) => {
    expect(await outcomeOf(() => {}, {}, url)).toBe(outcome);
  });

  it('because its certificate is not trusted is a TlsFailure', async () => {
    await using origin = await TlsOrigin.start();
    await using session = new Session({ user: new MockUser(), prefixUrl: origin.url, retry: false });
    await expect(session.get('x')).rejects.toBeInstanceOf(TlsFailure);
  });

  it('because it speaks no TLS is a TlsFailure', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const url = await listen(server, 'https');
    await using session = new Session({ user: new MockUser(), prefixUrl: url, retry: false });
    await expect(session.get('x')).rejects.toBeInstanceOf(TlsFailure);
    server.close();
  });

  it('because it accepts, but never speaks, is a Timeout', async () => {
    const server = createServer(() => {});
    const url = await listen(server, 'http');
    await using session = new Session({ user: new MockUser(), prefixUrl: url, retry: false, timeout: 200 });
    await expect(session.get('x')).rejects.toBeInstanceOf(Timeout);
    server.close();
  });
});

async function listen(server: ReturnType<typeof createServer>, scheme: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
