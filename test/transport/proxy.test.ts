import { X509Certificate } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { InvalidInvocation } from '../../src/exceptions/base.js';
import { Connections } from '../../src/http/transport/connections.js';
import { withoutProxyVariables } from '../helpers/environment.js';
import { Origin } from '../helpers/origin.js';
import { TestProxy } from '../helpers/proxy.js';
import { NO_OPTIONS, send } from '../helpers/send.js';
import { CERTIFICATE, TlsOrigin } from '../helpers/tls-origin.js';

withoutProxyVariables();

const HTTP = new URL('http://pdb.example/');
const HTTPS = new URL('https://pdb.example/');

describe('a request to http through an HTTP proxy', () => {
  it('is forwarded in absolute form, over a connection that is used again', async () => {
    await using origin = await Origin.start((_, response) => response.end('of the server'));
    await using proxy = await TestProxy.start();
    const connections = new Connections({ proxy: proxy.url });
    const url = `${origin.url.replace('127.0.0.1', 'pdb.example')}a?b=c`;
    expect(await send(connections, url)).toMatchObject({ status: 200, body: 'of the server' });
    const sockets = [...proxy.sockets];
    await send(connections, url);
    expect(proxy.requests).toMatchObject([
      { method: 'GET', url },
      { method: 'GET', url },
    ]);
    expect(proxy.requests[0]?.headers.host).toBe(new URL(url).host);
    expect([...proxy.sockets]).toEqual(sockets);
    expect(origin.requests[0]?.url).toBe('/a?b=c');
    connections.close();
  });

  it.for(['http:', 'https:'] as const)('sends the decoded credentials to a proxy of %s', async (protocol) => {
    await using proxy = await TestProxy.start({ status: 502, tls: protocol === 'https:' });
    const url = proxy.url.replace('//', '//us%40er:p%40ss%3A1@');
    const connections = new Connections({ proxy: url, ca: CERTIFICATE });
    await send(connections, HTTP.href);
    const [, basic = ''] = proxy.requests[0]?.headers['proxy-authorization']?.split(' ') ?? [];
    expect(Buffer.from(basic, 'base64').toString()).toBe('us@er:p@ss:1');
    connections.close();
  });

  it('fails with an error that names the proxy without credentials, if the proxy refuses it or cannot be reached', () => {
    const connections = new Connections({ proxy: 'http://user:s3cret@proxy.example:3128' });
    const { forward, proxy } = connections.route(HTTP, NO_OPTIONS);
    expect(proxy).toBe('http://proxy.example:3128');
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    for (const error of [forward?.refusal(407), forward?.failure(refused)]) {
      expect(error).toMatchObject({ name: 'ProxyError', proxy, neverReached: true });
      expect(error?.message).toContain(proxy);
      expect(JSON.stringify(error) + error?.stack).not.toContain('s3cret');
    }
  });
});

describe('Connections.route', () => {
  it('takes a proxy of the environment, read with each request', () => {
    const connections = new Connections();
    expect(connections.route(HTTPS, NO_OPTIONS).proxy).toBeUndefined();
    process.env['HTTPS_PROXY'] = 'http://proxy.example:3128';
    expect(connections.route(HTTPS, NO_OPTIONS).proxy).toBe('http://proxy.example:3128');
    expect(connections.route(HTTP, NO_OPTIONS).proxy).toBeUndefined();
    expect(connections.route(new URL('https://localhost/'), NO_OPTIONS).proxy).toBeUndefined();
  });

  it('takes an agent of the caller before the proxy of the environment', () => {
    process.env['ALL_PROXY'] = 'http://proxy.example:3128';
    const [httpAgent, httpsAgent] = [new HttpAgent(), new HttpsAgent()];
    const connections = new Connections({ httpAgent, httpsAgent });
    expect(connections.route(HTTP, NO_OPTIONS)).toEqual({ agent: httpAgent });
    expect(connections.route(HTTPS, NO_OPTIONS)).toEqual({ agent: httpsAgent });
    const other = new HttpsAgent();
    expect(connections.route(HTTPS, { ...NO_OPTIONS, httpsAgent: other })).toEqual({ agent: other });
  });

  it('takes an explicit proxy before agents', () => {
    const proxy = 'http://proxy.example:3128';
    const connections = new Connections({ httpAgent: new HttpAgent(), httpsAgent: new HttpsAgent(), proxy });
    expect(connections.route(HTTP, NO_OPTIONS)).toMatchObject({ proxy, forward: { port: 3128 } });
    expect(connections.route(HTTPS, NO_OPTIONS).proxy).toBe(proxy);
    const options = { ...NO_OPTIONS, proxy: { host: 'other.example', port: 1, protocol: 'https' } };
    expect(connections.route(HTTPS, options).proxy).toBe('https://other.example:1');
  });

  it('takes no proxy where `proxy` is false', () => {
    process.env['ALL_PROXY'] = 'http://proxy.example:3128';
    const httpsAgent = new HttpsAgent();
    expect(new Connections({ proxy: false }).route(HTTPS, NO_OPTIONS).proxy).toBeUndefined();
    expect(new Connections({ httpsAgent }).route(HTTPS, { ...NO_OPTIONS, proxy: false })).toEqual({
      agent: httpsAgent,
    });
    const connections = new Connections({ proxy: 'http://proxy.example:1' });
    expect(connections.route(HTTPS, { ...NO_OPTIONS, proxy: false }).proxy).toBeUndefined();
  });

  it('throws an InvalidInvocation that names a wrong variable, for a request that would use it', () => {
    process.env['HTTPS_PROXY'] = 'ftp://user:s3cret@proxy.example';
    const connections = new Connections();
    expect(() => connections.route(HTTPS, NO_OPTIONS)).toThrow(InvalidInvocation);
    expect(() => connections.route(HTTPS, NO_OPTIONS)).toThrow(/HTTPS_PROXY/);
    expect(() => connections.route(HTTP, NO_OPTIONS)).not.toThrow();
  });

  it('keeps connections for further requests, unless an agent is false', async () => {
    await using origin = await Origin.start((_, response) => response.end());
    const connections = new Connections();
    const agent = connections.route(new URL(origin.url), NO_OPTIONS).agent as HttpAgent;
    await send(connections, origin.url);
    await expect.poll(() => Object.keys(agent.freeSockets)).toHaveLength(1);
    await send(connections, origin.url, { httpAgent: false });
    expect(origin.requests.map(({ headers }) => headers.connection)).toEqual(['keep-alive', 'close']);
    connections.close();
    await expect.poll(() => Object.keys(agent.freeSockets)).toHaveLength(0);
  });

  it('leaves agents of the caller alone when it is closed', () => {
    let isDestroyed = false;
    const httpAgent = Object.assign(new HttpAgent(), {
      destroy: () => {
        isDestroyed = true;
      },
    });
    const connections = new Connections({ httpAgent });
    connections.route(HTTP, NO_OPTIONS);
    connections.close();
    expect(isDestroyed).toBe(false);
  });
});

describe('the option `ca`', () => {
  const others = rootCertificates.slice(0, 2).join('\n');
  it.for<[string, string | Buffer | (string | Buffer)[]]>([
    ['PEM', CERTIFICATE],
    ['text', CERTIFICATE.toString()],
    ['several in one text', `${others}\n${CERTIFICATE}`],
    ['a list', [others, CERTIFICATE]],
    ['DER', new X509Certificate(CERTIFICATE).raw],
  ])('is accepted as %s', async ([, ca]) => {
    await using origin = await TlsOrigin.start((_, response) => response.end('trusted'));
    const connections = new Connections({ ca });
    expect(await send(connections, origin.url)).toMatchObject({ body: 'trusted' });
    connections.close();
  });

  it.for(['/etc/ssl/cern.pem', '', Buffer.from('nothing'), 5 as never, []])('refuses %o', (ca) => {
    expect(() => new Connections({ ca })).toThrow(InvalidInvocation);
    expect(() => new Connections({ ca })).toThrow(/`ca`/);
  });
});
