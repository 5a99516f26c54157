import { readdir, readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { RequestConfig, Session } from '../../src/index.js';
import { canonicalJson } from '../../src/util/canonical-json.js';
import { CacheWorld, numbered, numberIn } from '../helpers/cache-world.js';
import { MockUser } from '../helpers/mock-user.js';
import type { Respond } from '../helpers/origin.js';

const fresh = (): Respond => numbered({ 'Cache-Control': 'max-age=100' });

async function readAll(directory: string): Promise<string> {
  const folder = join(directory, 'v1');
  const files = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')),
  );
  return files.join('\n');
}

describe('a second request', () => {
  it.each<[string, RequestConfig, RequestConfig]>([
    ['is equal', { data: { a: 1 } }, { data: { a: 1 } }],
    [
      'has its members in another order',
      { data: { a: 1, b: { c: 2, d: 3 } } },
      { data: { b: { d: 3, c: 2 }, a: 1 } },
    ],
    ['has another fragment in its URL', { url: 'x#a' }, { url: 'x#b' }],
    ['has another responseType', {}, { responseType: 'text' }],
    [
      'has other headers that are not in Vary',
      {},
      { headers: { Accept: 'text/csv', 'Accept-Language': 'de', 'User-Agent': 'me', 'X-Request-Id': '5' } },
    ],
  ])('gets the stored response of the first if it %s', async (_, first, second) => {
    await using world = await CacheWorld.start(fresh());
    const session = world.session();
    await session.request({ method: 'GET', url: 'x', ...first });
    await expect(session.request({ method: 'GET', url: 'x', ...second })).resolves.toMatchObject({
      fromCache: true,
    });
    expect(world.count).toBe(1);
  });
});

describe('a different request', () => {
  it.each<[string, RequestConfig, RequestConfig]>([
    ['has another body', { data: { a: 1 } }, { data: { a: 2 } }],
    ['has a body', {}, { data: { a: 1 } }],
    [
      'has bytes, and the first had their base64',
      { data: Buffer.from('{"a":1}') },
      { data: Buffer.from('{"a":1}').toString('base64') },
    ],
    ['has its items in another order', { data: [1, 2] }, { data: [2, 1] }],
    ['has another query', { params: { a: 1 } }, { params: { a: 2 } }],
    ['has another spelling of the query', { url: 'x?a=%20' }, { url: 'x?a=+' }],
    ['has another method', {}, { method: 'HEAD' }],
    ['has credentials of its own', {}, { auth: { username: 'u', password: 'p' } }],
    ['has no credentials', {}, { auth: false }],
    [
      'has another password',
      { auth: { username: 'u', password: 'p' } },
      { auth: { username: 'u', password: 'q' } },
    ],
    ['has a header with a credential', {}, { headers: { 'X-Api-Key': 'mine' } }],
    ...['X-Auth', 'X-Session-Id', 'X-User', 'X-Access-Code', 'X-Credential'].map(
      (name): [string, RequestConfig, RequestConfig] => [
        `has another ${name}`,
        { auth: false, headers: { [name]: 'mine' } },
        { auth: false, headers: { [name]: 'yours' } },
      ],
    ),
    ['has another cookie', { headers: { Cookie: 'a=1' } }, { headers: { Cookie: 'a=2' } }],
    ['has the same body with another Content-Type', { data: '{"a":1}' }, { data: { a: 1 } }],
    [
      'has another client certificate',
      { httpsAgent: new Agent({ cert: 'of alice' }) },
      { httpsAgent: new Agent({ cert: Buffer.from('of bob') }) },
    ],
    [
      'has another client certificate in PKCS 12',
      { httpsAgent: new Agent({ pfx: [{ buf: 'of alice' }] as never }) },
      { httpsAgent: new Agent({ pfx: [{ buf: 'of bob' }] as never }) },
    ],
    [
      'has another secure context',
      { httpsAgent: new Agent({ secureContext: createSecureContext() }) },
      { httpsAgent: new Agent({ secureContext: createSecureContext() }) },
    ],
  ])('does not get the stored response of the first if it %s', async (_, first, second) => {
    await using world = await CacheWorld.start(fresh());
    const session = world.session();
    await session.request({ method: 'GET', url: 'x', ...first });
    await expect(session.request({ method: 'GET', url: 'x', ...second })).resolves.toMatchObject({
      fromCache: false,
    });
    expect(world.count).toBe(2);
  });
});

describe('a stored response of a user', () => {
  const as = (world: CacheWorld, bearer: string, identity?: string): Session =>
    world.session({ user: Object.assign(new MockUser(bearer), identity && { identity }) });

  it('is not given to another user of the same directory', async () => {
    await using world = await CacheWorld.start(fresh());
    const ask = async (bearer: string, identity?: string): Promise<number> => {
      // Closed, so that the next one finds on the disk what this one has kept.
      await using session = as(world, bearer, identity);
      return numberIn(await session.get('x'));
    };
    expect(await ask('bearer-of-a', 'a')).toBe(1);
    expect(await ask('bearer-of-b', 'b')).toBe(2);
    expect(await ask('bearer-of-c')).toBe(3);
    expect(await ask('bearer-of-d')).toBe(4);
    expect(await ask('bearer-of-c')).toBe(3);
  });

  it('is reused with another token of this user', async () => {
    await using world = await CacheWorld.start(fresh());
    const before = as(world, 'bearer-of-today', 'a');
    await before.get('x');
    await before.close();
    await expect(as(world, 'bearer-of-tomorrow', 'a').get('x')).resolves.toMatchObject({ fromCache: true });
  });

  it('is reused with the same token if the user has no identity', async () => {
    await using world = await CacheWorld.start(fresh());
    const before = as(world, 'bearer-of-a-service');
    await before.get('x');
    await before.close();
    await expect(as(world, 'bearer-of-a-service').get('x')).resolves.toMatchObject({ fromCache: true });
  });

  it('belongs to the user who prepared the request, not to the user of the session that sends it', async () => {
    await using world = await CacheWorld.start(fresh());
    const prepared = await as(world, 'bearer-of-a', 'a').prepareRequest({ method: 'GET', url: 'x' });
    const session = as(world, 'bearer-of-b', 'b');
    expect(numberIn(await session.send(prepared))).toBe(1);
    expect(numberIn(await session.get('x'))).toBe(2);
  });

  it('is not given to another user whose identity is not text', async () => {
    await using world = await CacheWorld.start(fresh());
    const ask = async (bearer: string): Promise<number> => {
      const user = Object.assign(new MockUser(bearer), { identity: { id: bearer } as never });
      await using session = world.session({ user });
      return numberIn(await session.get('x'));
    };
    expect(await ask('bearer-of-a')).toBe(1);
    expect(await ask('bearer-of-b')).toBe(2);
  });

  it('is not made of a request that was sent with the token of another user', async () => {
    await using world = await CacheWorld.start(fresh());
    const session = as(world, 'bearer-of-a', 'a');
    const request = await session.prepareRequest({ method: 'GET', url: 'x' });
    request.headers.set('Authorization', 'Bearer bearer-of-b');
    expect(numberIn(await session.send(request))).toBe(1);
    expect(numberIn(await session.get('x'))).toBe(2);
  });
});

describe('a stored entry', () => {
  it('contains no token, cookie, URL or Set-Cookie', async () => {
    const secrets = {
      'Set-Cookie': 'session=cookie-of-the-server',
      'Cache-Control': 'max-age=100',
      Vary: 'X-Variant',
    };
    await using world = await CacheWorld.start(numbered(secrets));
    const session = world.session({ user: new MockUser('bearer-nobody-may-see') });
    await session.get('x?authz=token-in-the-url', { data: { component: 'secret-component' } });
    await session.get('y');
    await session.close();
    const bytes = await readAll(world.directory);
    expect(bytes).toContain('"number":1');
    expect(bytes).not.toMatch(/nobody-may-see|cookie-of|set-cookie|token-in/i);
    expect(Buffer.from(bytes, 'latin1').toString('base64')).not.toContain('nobody-may-see');
  });

  it.each<[string, Respond, RequestConfig]>([
    [
      'in a Location',
      (_, response) => response.writeHead(301, { Location: '/t?access_token=opaque-0123456789' }).end(),
      { maxRedirects: 0 },
    ],
    ['in a header of that name', (_, response) => response.setHeader('X-Csrf-Token', 'opaque').end('x'), {}],
    [
      'from the Cookie of the request',
      (request, response) => response.end(request.headers.cookie),
      { headers: { Cookie: 'sid=opaque-0123456789' } },
    ],
    [
      'from the API key of the request',
      (request, response) => response.end(request.headers['x-api-key']),
      { headers: { 'X-Api-Key': 'opaque-0123456789' } },
    ],
    [
      'from the URL of the request',
      (_, response) => response.end('opaque-0123456789'),
      { params: { token: 'opaque-0123456789' } },
    ],
    [
      'from its own Set-Cookie',
      (_, response) => response.setHeader('Set-Cookie', 'sid=opaque-0123456789').end('opaque-0123456789'),
      {},
    ],
    [
      'that is percent-encoded',
      (request, response) => response.end(encodeURIComponent(String(request.headers['x-api-key']))),
      { headers: { 'X-Api-Key': 'opaque/0123456789=' } },
    ],
    [
      'with `\\/` for each slash',
      (request, response) => response.end(String(request.headers['x-api-key']).replace('/', '\\/')),
      { headers: { 'X-Api-Key': 'opaque/0123456789=' } },
    ],
  ])('is not made of a response with a secret %s', async (_, respond, config) => {
    await using world = await CacheWorld.start(respond);
    const session = world.session({ expiresAfter: { days: 1 } });
    for (const count of [1, 2]) {
      await session.get('x', config);
      expect(world.count).toBe(count);
    }
    expect((await session.cache.size()).entries).toBe(0);
  });

  it('is not made of a response that contains a cookie of the session', async () => {
    await using world = await CacheWorld.start((request, response) =>
      response.setHeader('Set-Cookie', 'sid=opaque-0123456789').end(request.headers.cookie ?? ''),
    );
    const session = world.session({
      user: Object.assign(new MockUser(), { identity: 'a' }),
      expiresAfter: { days: 1 },
    });
    await session.get('first');
    await session.get('second');
    expect((await session.get('second')).fromCache).toBe(false);
  });

  it('is not made of a response that contains a token', async () => {
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=100');
      response.end(
        request.url === '/echo' ? request.headers.authorization : 'https://eos/x?authz=zteos64:abc',
      );
    });
    const session = world.session();
    for (const url of ['echo', 'eos', 'echo', 'eos']) await session.get(url);
    expect(world.count).toBe(4);
  });
});

describe('a response that contains a secret of its request', () => {
  it.each([20, 40_000])('of %i characters is returned, and not stored', async (length) => {
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=100');
      response.end(request.body);
    });
    const session = world.session();
    const data = { password: 'x'.repeat(length) };
    for (let time = 0; time < 2; time++)
      expect((await session.get('me', { data })).data).toEqual(JSON.stringify(data));
    expect(world.count).toBe(2);
  });
});

describe('canonical JSON', () => {
  it.each([
    ['{"b":1,"a":[{"d":1,"c":2}]}', '{"a":[{"c":2,"d":1}],"b":1}'],
    ['[3,1,2]', '[3,1,2]'],
    ['{"__proto__":1,"a":2}', '{"__proto__":1,"a":2}'],
    ['text', 'text'],
  ])('of %s is %s', (text, canonical) => {
    expect(canonicalJson(text)).toBe(canonical);
  });

  it.each(['{"b":1, "a":2}', '{"b":1.0,"a":2}', '{"b":9007199254740993,"a":2}', '{"b":1,"b":2}', '{"b":1'])(
    'leaves %s as it is, because a server may read it in another way',
    (text) => {
      expect(canonicalJson(text)).toBe(text);
    },
  );

  it('leaves text that is nested too deeply as it is', () => {
    const text = '['.repeat(200_000);
    expect(canonicalJson(text)).toBe(text);
  });
});
