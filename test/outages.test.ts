import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  AuthenticationFailed,
  ConnectionRefused,
  Forbidden,
  HostNotFound,
  InvalidIdToken,
  Session,
  Timeout,
  TlsFailure,
  User,
} from '../src/index.js';
import { startDatabase } from './helpers/database.js';
import { MockUser } from './helpers/mock-user.js';
import { type Outcome, requestOutcome } from './helpers/outcome.js';
import { TlsOrigin } from './helpers/tls-origin.js';

const { pdb } = await startDatabase({ components: 50 });

describe('a token', () => {
  it('that was revoked is replaced by a new one', async () => {
    const expire = () => {
      pdb.identity.revokeTokens();
    };
    expect(await requestOutcome(pdb, expire)).toBe('success');
  });

  it('that is revoked while the request is under way is replaced by a new one', async () => {
    const expire = () =>
      pdb.fault({
        on: 'listProjects',
        respond: (_, response) => {
          pdb.identity.revokeTokens();
          response.writeHead(401).end();
        },
      });
    expect(await requestOutcome(pdb, expire)).toBe('success');
  });

  it('that the database refuses again and again is Forbidden', async () => {
    expect(await requestOutcome(pdb, () => pdb.fault({ on: 'listProjects', status: 401, times: 2 }))).toBe(
      Forbidden,
    );
  });

  it.each([false, true])(
    'is verified with the new keys after a key rotation (old keys kept: %j)',
    async (keepOld) => {
      await pdb.identity.rotateKeys({ keepOld });
      const rotate = () => {
        pdb.identity.revokeTokens();
      };
      expect(await requestOutcome(pdb, rotate)).toBe('success');
    },
  );

  it('is verified after each of several key rotations', async () => {
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
    expect(await requestOutcome(pdb, down)).toBe('success');
  });

  it('that cannot be refreshed because the identity service is down ends with the error of the service', async () => {
    const down = () => {
      pdb.identity.revokeTokens();
      pdb.fault({ on: 'grantToken', status: 503, times: 99 });
    };
    expect(await requestOutcome(pdb, down)).toBe(AuthenticationFailed);
  });
});

describe('a clock that is wrong', () => {
  it.each<[string, number, Outcome]>([
    ['an hour late', 3600, 'success'],
    ['a second early', -1, 'success'],
    ['an hour early, with a token that lives for two', -3600, 'success'],
    ['three hours early', -3 * 3600, InvalidIdToken],
  ])('%s ends in success or in the typed exception', async (_, clockOffset, outcome) => {
    const skew = () => {
      pdb.identity.clockOffset = clockOffset;
      pdb.identity.revokeTokens();
    };
    expect(await requestOutcome(pdb, skew)).toBe(outcome);
  });
});

describe('a request to a server that cannot be reached', () => {
  it.each<[string, string, Outcome]>([
    ['whose name does not resolve', 'http://no-such-host.invalid/', HostNotFound],
    ['where no program listens', 'http://127.0.0.1:1/', ConnectionRefused],
  ])('%s ends in a typed exception', async (_, url, outcome) => {
    expect(await requestOutcome(pdb, () => {}, {}, url)).toBe(outcome);
  });

  it('with an untrusted certificate ends in a TlsFailure', async () => {
    await using origin = await TlsOrigin.start();
    await using session = new Session({ user: new MockUser(), prefixUrl: origin.url, retry: false });
    await expect(session.get('x')).rejects.toBeInstanceOf(TlsFailure);
  });

  it('over https but without TLS ends in a TlsFailure', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const url = await listen(server, 'https');
    await using session = new Session({ user: new MockUser(), prefixUrl: url, retry: false });
    await expect(session.get('x')).rejects.toBeInstanceOf(TlsFailure);
    server.close();
  });

  it('that accepts connections but never responds ends in a Timeout', async () => {
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
