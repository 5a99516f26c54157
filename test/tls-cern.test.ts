import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { Session, type SessionOptions, TlsFailure } from '../src/index.js';
import { failure } from './helpers/failure.js';
import { MockUser } from './helpers/mock-user.js';
import { TestProxy } from './helpers/proxy.js';
import { CERTIFICATE, TlsOrigin } from './helpers/tls-origin.js';

const fixture = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));

/** An authority of these tests stands in for those of CERN, whose private keys only CERN has. */
vi.mock('../src/http/transport/cern-certificates.js', () => ({
  CERN_CERTIFICATES: [fixture('tls-cern-ca.pem').toString()],
}));

const lookup = ((_, { all }, callback) => {
  if (all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
}) as LookupFunction;

const newSession = (options: SessionOptions = {}): Session =>
  new Session({
    user: new MockUser(),
    prefixUrl: 'https://db.example/',
    retry: false,
    cache: false,
    ...options,
  });

/** A server with a certificate of the authority of CERN, for these hosts. */
const startOrigin = (cert = fixture('tls-cern-cert.pem')): Promise<TlsOrigin> =>
  TlsOrigin.start((_, response) => response.end('trusted'), cert);

const urlOf = (origin: TlsOrigin, host: string): string => origin.url.replace('localhost', host);

describe('the authorities of CERN', () => {
  it.each(['eos.cern.ch', 'EOS.CERN.CH'])('are trusted for %s', async (host) => {
    await using origin = await startOrigin();
    await using session = newSession();
    expect((await session.get(urlOf(origin, host), { lookup })).data).toBe('trusted');
  });

  it.each(['a.cern.ch.evil.org', 'evilcern.ch', 'cern.ch', 'localhost'])(
    'are not trusted for %s, also after a host at CERN was reached',
    async (host) => {
      await using origin = await startOrigin();
      await using session = newSession();
      await failure(session.get(urlOf(origin, host), { lookup }), TlsFailure);
      await session.get(urlOf(origin, 'eos.cern.ch'), { lookup });
      await failure(session.get(urlOf(origin, host), { lookup }), TlsFailure);
    },
  );

  it('do not stand in for the host name of a certificate', async () => {
    await using origin = await startOrigin();
    await using session = newSession();
    await failure(session.get(urlOf(origin, 'other.cern.ch'), { lookup }), TlsFailure);
  });

  it('are trusted besides those of the option ca', async () => {
    await using origin = await startOrigin();
    await using other = await startOrigin(CERTIFICATE);
    await using session = newSession({ ca: CERTIFICATE });
    for (const url of [urlOf(origin, 'eos.cern.ch'), other.url])
      expect((await session.get(url, { lookup })).data).toBe('trusted');
    await failure(session.get(urlOf(origin, 'localhost'), { lookup }), TlsFailure);
    // Of an authority of the option, but for another name.
    const error = await failure(session.get(urlOf(other, 'eos.cern.ch'), { lookup }), TlsFailure);
    expect(error.message).toContain('altnames');
  });

  it('are trusted besides those of NODE_EXTRA_CA_CERTS', async () => {
    await using other = await startOrigin(CERTIFICATE);
    const url = urlOf(other, 'eos.cern.ch');
    const messageOf = async (): Promise<string> => {
      await using session = newSession();
      return (await failure(session.get(url, { lookup }), TlsFailure)).message;
    };
    expect(await messageOf()).toContain('self-signed');
    vi.stubEnv('NODE_EXTRA_CA_CERTS', fileURLToPath(new URL('./fixtures/tls-cert.pem', import.meta.url)));
    // Its authority is trusted. Its name is another one.
    expect(await messageOf()).toContain('altnames');
    vi.unstubAllEnvs();
  });

  it('are not added to an httpsAgent of the caller', async () => {
    const { Agent } = await import('node:https');
    await using origin = await startOrigin();
    await using session = newSession();
    const url = urlOf(origin, 'eos.cern.ch');
    const strict = new Agent();
    await failure(session.get(url, { lookup, httpsAgent: strict }), TlsFailure);
    const own = new Agent({ ca: fixture('tls-cern-ca.pem') });
    expect((await session.get(url, { lookup, httpsAgent: own })).data).toBe('trusted');
    for (const agent of [strict, own]) agent.destroy();
  });

  it('are trusted through a proxy, and with httpsAgent: false', async () => {
    await using proxy = await TestProxy.start();
    await using origin = await startOrigin();
    await using session = newSession();
    const url = urlOf(origin, 'eos.cern.ch');
    expect((await session.get(url, { proxy: proxy.url })).data).toBe('trusted');
    expect(proxy.requests).toMatchObject([{ method: 'CONNECT' }]);
    await failure(session.get(urlOf(origin, 'evilcern.ch'), { proxy: proxy.url }), TlsFailure);
    expect((await session.get(url, { lookup, httpsAgent: false })).data).toBe('trusted');
  });
});

describe('the certificates of CERN that the package has', () => {
  it('are the Grid authority and its root, and are valid for years', async () => {
    const { CERN_CERTIFICATES } = await vi.importActual<
      typeof import('../src/http/transport/cern-certificates.js')
    >('../src/http/transport/cern-certificates.js');
    const [grid, root] = CERN_CERTIFICATES.map((pem) => new X509Certificate(pem));
    expect(grid?.subject).toContain('CN=CERN Grid Certification Authority');
    expect(root?.subject).toContain('CN=CERN Root Certification Authority 2');
    expect(grid?.verify(root?.publicKey as never)).toBe(true);
    expect(root?.verify(root.publicKey)).toBe(true);
    expect([grid?.ca, root?.ca]).toEqual([true, true]);
    expect(new Date(grid?.validTo ?? '').toISOString()).toBe('2032-03-29T08:34:22.000Z');
    expect(new Date(root?.validTo ?? '').toISOString()).toBe('2033-03-19T13:05:34.000Z');
  });
});
