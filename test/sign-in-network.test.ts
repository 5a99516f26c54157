import { createServer, type IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AuthenticationFailed, Session, TlsFailure, User, type UserOptions } from '../src/index.js';
import { failure } from './helpers/failure.js';
import { CERTIFICATE, TlsOrigin } from './helpers/tls-origin.js';

const CODES = { accessCode1: 'first-access-code', accessCode2: 'second-access-code', retry: false } as const;

/** An identity provider behind a certificate that no public authority signed; it grants nothing. */
async function startProvider(): Promise<TlsOrigin & { readonly received: string[] }> {
  const received: string[] = [];
  const origin = await TlsOrigin.start((request, response) => {
    received.push(`${request.method} ${request.url}`);
    response.writeHead(403).end();
  });
  return Object.assign(origin, { received });
}

describe('the certificate of the identity provider', () => {
  it('is refused where its authority is not known', async () => {
    await using provider = await startProvider();
    await failure(new User({ ...CODES, prefixUrl: provider.url }).authenticate(), TlsFailure);
    expect(provider.received).toEqual([]);
  });

  it.each<[string, UserOptions]>([
    ['ca', { ca: CERTIFICATE }],
    ['a list as ca', { ca: [CERTIFICATE.toString()] }],
    ['an httpsAgent', { httpsAgent: new Agent({ ca: CERTIFICATE }) }],
  ])('is accepted with %s', async (_, options) => {
    await using provider = await startProvider();
    const user = new User({ ...CODES, prefixUrl: provider.url, ...options });
    await failure(user.authenticate(), AuthenticationFailed);
    expect(provider.received).toEqual(['POST /grantToken']);
  });
});

describe('the user that a session makes', () => {
  beforeEach(() => {
    vi.stubEnv('ITKDB_ACCESS_CODE1', CODES.accessCode1);
    vi.stubEnv('ITKDB_ACCESS_CODE2', CODES.accessCode2);
  });

  it('trusts the `ca` of the session', async () => {
    await using provider = await startProvider();
    vi.stubEnv('ITKDB_AUTH_URL', provider.url);
    await using session = new Session({ ca: CERTIFICATE, retry: false });
    await failure(Promise.resolve(session.user.authenticate()), AuthenticationFailed);
  });

  it('uses an httpsAgent of the session that verifies certificates', async () => {
    await using provider = await startProvider();
    vi.stubEnv('ITKDB_AUTH_URL', provider.url);
    await using session = new Session({ httpsAgent: new Agent({ ca: CERTIFICATE }), retry: false });
    await failure(Promise.resolve(session.user.authenticate()), AuthenticationFailed);
  });

  it.each([
    ['does not verify certificates', { rejectUnauthorized: false }],
    ['holds a client certificate', { ca: CERTIFICATE, cert: CERTIFICATE }],
    ['holds a client certificate in PKCS#12', { ca: CERTIFICATE, pfx: Buffer.from('pfx') }],
  ])('does not use an httpsAgent of the session that %s', async (_, options) => {
    await using provider = await startProvider();
    vi.stubEnv('ITKDB_AUTH_URL', provider.url);
    await using session = new Session({ httpsAgent: new Agent(options), retry: false });
    await failure(Promise.resolve(session.user.authenticate()), TlsFailure);
    expect(provider.received).toEqual([]);
  });

  it('signs in through the `proxy` of the session', async () => {
    const received: IncomingMessage[] = [];
    const proxy = createServer((request, response) => {
      received.push(request);
      response.writeHead(403).end();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    vi.stubEnv('ITKDB_AUTH_URL', 'http://identity.localhost/oidc/');
    await using session = new Session({ proxy: `http://127.0.0.1:${port}`, retry: false });
    await failure(Promise.resolve(session.user.authenticate()), AuthenticationFailed);
    expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST http://identity.localhost/oidc/grantToken',
    ]);
    proxy.close();
  });
});
