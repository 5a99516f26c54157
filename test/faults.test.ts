import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  BadJSON,
  BadRequest,
  Conflict,
  ConnectionRefused,
  ConnectionReset,
  Forbidden,
  InvalidResponse,
  ITkDBException,
  NotFound,
  ResponseTooLarge,
  ServerError,
  SpecialError,
  Timeout,
  TooLarge,
  TooManyRedirects,
  UnavailableForLegalReasons,
  UnhandledResponse,
} from '../src/index.js';
import type { Fault, FaultKind } from '../src/testing/index.js';
import { startDatabase } from './helpers/database.js';
import { Origin } from './helpers/origin.js';
import { type Outcome, requestOutcome } from './helpers/outcome.js';

const NEVER = Number.POSITIVE_INFINITY;
const NEVER_ENDING = 1000;

const { pdb } = await startDatabase({ components: 50 });

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
  ['a page of HTML with 200', { html: '<h1>Maintenance</h1>' }, BadJSON, BadJSON],
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
      respond: (_, { socket }) =>
        socket?.end(
          'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{"a": [1, 2]}',
        ),
    },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'a Content-Length that is too large',
    { respond: (_, { socket }) => socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}') },
    ConnectionReset,
    'success',
  ],
  [
    'two Content-Lengths',
    {
      respond: (_, { socket }) =>
        socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'),
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
      respond: (_, { socket }) =>
        socket?.end(`HTTP/1.1 200 OK\r\n${'X-Flood: 0123456789\r\n'.repeat(5000)}\r\n`),
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
    { respond: (_, { socket }) => socket?.end('HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n{}') },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'what is no HTTP',
    { respond: (_, { socket }) => socket?.end('SSH-2.0-OpenSSH\r\n') },
    InvalidResponse,
    InvalidResponse,
  ],
  [
    'a switch to another protocol',
    {
      respond: (_, { socket }) =>
        socket?.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    },
    InvalidResponse,
    InvalidResponse,
  ],
  ['an empty answer', { respond: (_, { socket }) => socket?.end() }, ConnectionReset, 'success'],
];

describe('a request that is answered with the status', () => {
  it.each(STATUSES)('%i ends with the right exception or response', async (status, outcome) => {
    expect(await requestOutcome(pdb, () => pdb.fault({ on: 'listProjects', status, times: 9 }))).toBe(
      outcome,
    );
  });
});

describe('a request that meets', () => {
  const options = { maxContentLength: 1_000_000 };

  it.each(FAULTS)('%s ends with the right exception or response', async (_, fault, outcome) => {
    const meet = () => pdb.fault({ ...(fault as Fault), on: 'listProjects' });
    const actual = await requestOutcome(pdb, meet, options);
    if (outcome === ITkDBException) expect(actual).not.toBe('success');
    else expect(actual).toBe(outcome);
  });

  it.each(FAULTS)('%s once is retried where that can help', async (_, fault, _outcome, retried) => {
    const meet = () => pdb.fault({ ...(fault as Fault), on: 'listProjects' });
    const actual = await requestOutcome(pdb, meet, { ...options, retry: { baseDelay: 1 } });
    if (retried === ITkDBException) expect(actual).not.toBe('success');
    else expect(actual).toBe(retried);
  });

  it('an endless redirect loop ends with TooManyRedirects', async () => {
    const meet = () => pdb.fault({ on: 'listProjects', redirect: '/listProjects', times: NEVER_ENDING });
    expect(await requestOutcome(pdb, meet)).toBe(TooManyRedirects);
  });

  it('a redirect to another origin follows it without the token', async () => {
    await using other = await Origin.start();
    const meet = () => pdb.fault({ on: 'listProjects', redirect: other.url });
    expect(await requestOutcome(pdb, meet)).toBe('success');
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});
