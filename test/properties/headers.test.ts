import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import type { AxiosHeaders } from 'axios';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InvalidInvocation, ITkDBException, Session, type SessionResponse } from '../../src/index.js';
import { pollutedJson } from '../helpers/hostile.js';
import { MockUser } from '../helpers/mock-user.js';
import { Origin } from '../helpers/origin.js';
import { expectNoPollution, outcomeOf } from '../helpers/outcome.js';

afterEach(expectNoPollution);

/** Names that mean something to HTTP, to axios or to JavaScript. */
const name = fc.constantFrom(
  'X-Mine',
  'Accept',
  'User-Agent',
  'Host',
  'Content-Type',
  'Content-Encoding',
  'Retry-After',
  'Date',
  'Set-Cookie',
  'Location',
  'Connection',
  'set',
  'get',
  'has',
  'delete',
  'concat',
  'normalize',
  'constructor',
  '__proto__',
  'toJSON',
  'toString',
);

describe('request headers of any value', () => {
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

  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          'a',
          '\r',
          '\n',
          '\r\n',
          'X-Injected: 1',
          ':',
          ' ',
          '\0',
          '\t',
          'é',
          '\u{1F4A3}',
          '\u010d\u010a',
          '\u2028',
        ),
        { maxLength: 6 },
      )
      .map((parts) => parts.join('')),
    fc.constantFrom('x'.repeat(10_000), 'x'.repeat(100_000)),
  );

  it('are sent as they are, or refused: no line of theirs becomes a field', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(name, text), text, async (field, value) => {
        origin.requests.length = 0;
        const outcome = await outcomeOf(() =>
          session.get('x', { headers: Object.fromEntries([[field, value]]) }),
        );
        const [request] = origin.requests;
        expect(JSON.stringify(request?.headers ?? {})).not.toContain('"x-injected"');
        if (field !== 'X-Mine' || request === undefined) return;
        // What HTTP itself takes off, and no more.
        expect(request.headers['x-mine']).toBe(value.replace(/^[\t ]+|[\t ]+$/g, ''));
        expect(outcome).not.toBeInstanceOf(InvalidInvocation);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an answer with any headers and any JSON', () => {
  let lines: string[] = [];
  let body = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => {
      const head = [
        'HTTP/1.1 200 OK',
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Connection: close',
        ...lines,
      ];
      socket.end(Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`));
    });
  });
  let session: Session;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const prefixUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    session = new Session({ user: new MockUser(), prefixUrl, retry: false, timeout: 1000 });
  });

  afterAll(async () => {
    await session.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, '')),
    fc.constantFrom(
      'gzip',
      'br, gzip',
      'a=b; Path=/',
      '__proto__=x',
      'application/json',
      'application/json; charset=nonsense',
      'text/html; charset="',
      '//evil.example',
      '5',
    ),
  );

  it('is an answer or an exception, and changes nothing but itself', async () => {
    const fields = fc.array(fc.tuple(name, value), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fields, pollutedJson(), async (list, json) => {
        lines = ['Content-Type: application/json', ...list.map((field) => field.join(': '))];
        body = JSON.stringify(json);
        const outcome = await outcomeOf<unknown>(() => session.get('x'));
        if (outcome instanceof ITkDBException) return;
        const { data, headers } = outcome as SessionResponse;
        if (list.length === 0) expect(data).toEqual(JSON.parse(body));
        expect(Object.getPrototypeOf(data ?? {})).not.toHaveProperty('polluted');
        expect((headers as AxiosHeaders).has('Connection')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
