import { describe, expect, it } from 'vitest';
import { InvalidInvocation } from '../../src/exceptions/base.js';
import { parseProxy } from '../../src/http/transport/proxy.js';
import { proxyOfEnvironment } from '../../src/http/transport/proxy-environment.js';
import { withoutProxyVariables } from '../helpers/environment.js';

withoutProxyVariables();

/** The proxy that some variables name for a URL. */
function proxyFor(url: string, variables: Record<string, string>): string | undefined {
  Object.assign(process.env, variables);
  return proxyOfEnvironment(new URL(url))?.shown;
}

describe('proxyOfEnvironment', () => {
  it.for<[string, Record<string, string>, string | undefined]>([
    ['https://pdb.example/', {}, undefined],
    ['https://pdb.example/', { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128'],
    ['https://pdb.example/', { HTTP_PROXY: 'http://proxy:3128' }, undefined],
    ['http://pdb.example/', { HTTP_PROXY: 'http://proxy:3128' }, 'http://proxy:3128'],
    ['http://pdb.example/', { HTTPS_PROXY: 'http://proxy:3128' }, undefined],
    ['http://pdb.example/', { ALL_PROXY: 'http://all:1' }, 'http://all:1'],
    ['https://pdb.example/', { ALL_PROXY: 'http://all:1', HTTPS_PROXY: 'http://proxy:2' }, 'http://proxy:2'],
    ['https://pdb.example/', { all_proxy: 'http://lower:1', ALL_PROXY: 'http://upper:1' }, 'http://lower:1'],
    [
      'https://pdb.example/',
      { https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:1' },
      'http://lower:1',
    ],
    ['https://pdb.example/', { https_proxy: '', HTTPS_PROXY: 'http://upper:1' }, undefined],
    ['http://pdb.example/', { HTTP_PROXY: 'http://evil:1', REQUEST_METHOD: 'GET' }, undefined],
    ['http://pdb.example/', { http_proxy: 'http://proxy:1', REQUEST_METHOD: 'GET' }, 'http://proxy:1'],
    ['https://pdb.example/', { HTTPS_PROXY: 'http://proxy:1', REQUEST_METHOD: 'GET' }, 'http://proxy:1'],
  ])('for %s with %o is %s', ([url, variables, proxy]) => {
    expect(proxyFor(url, variables)).toBe(proxy);
  });

  it.for([
    ['proxy.example:3128', 'http://proxy.example:3128'],
    ['user:pass@proxy.example:3128', 'http://proxy.example:3128'],
    ['http://proxy.example', 'http://proxy.example:80'],
    ['HTTP://Proxy.Example/', 'http://proxy.example:80'],
    ['https://proxy.example', 'https://proxy.example:443'],
    [' http://proxy.example:1 ', 'http://proxy.example:1'],
    ['http://[::1]:3128', 'http://[::1]:3128'],
    ['[2001:db8::1]:3128', 'http://[2001:db8::1]:3128'],
    ['socks5h://[::1]', 'socks5h://[::1]:1080'],
    ['socks5://Proxy:80', 'socks5://proxy:80'],
    ['socks4://proxy', 'socks4://proxy:1080'],
    ['socks4a://proxy', 'socks4a://proxy:1080'],
    ['socks://proxy:1', 'socks4://proxy:1'],
  ] as const)('reads %s as %s', ([value, shown]) => {
    expect(proxyFor('https://pdb.example/', { HTTPS_PROXY: value })).toBe(shown);
  });

  it.for([
    ['http://us%40er:p%40ss%3A1@proxy:1', 'us@er', 'p@ss:1'],
    ['http://user:50%off@proxy:1', 'user', '50%off'],
    ['http://user:%C3%A9%20é@proxy:1', 'user', 'é é'],
    ['socks5h://us%40er:p%2Fw@proxy:1', 'us@er', 'p/w'],
    ['http://user@proxy:1', 'user', ''],
  ] as const)('decodes the credentials of %s', ([value, username, password]) => {
    process.env['HTTPS_PROXY'] = value;
    const { credentials } = proxyOfEnvironment(new URL('https://pdb.example/')) ?? {};
    expect(credentials).toEqual({ username, password });
  });

  it.for([
    'ftp://user:s3cret@proxy:1',
    'http://user:s3cret#1@proxy:1',
    'http://user:s3cret/1@proxy:1',
    'http://user:1234#s3cret@proxy',
    'http://user:1234/s3cret@proxy',
    'http://user:1234?s3cret@proxy',
    'http://proxy.example/s3cret.pac',
    'http://proxy:s3cret',
    'http://',
    'http://user:s3cret@',
    'nonsense s3cret',
  ])(
    'refuses %s with an InvalidInvocation that names the variable, for a request that would use it',
    (value) => {
      process.env['HTTPS_PROXY'] = value;
      const read = (): unknown => proxyOfEnvironment(new URL('https://pdb.example/'));
      expect(read).toThrow(InvalidInvocation);
      expect(read).toThrow(/HTTPS_PROXY/);
      expect(read).not.toThrow(/s3cret/);
      expect(proxyOfEnvironment(new URL('http://pdb.example/'))).toBeUndefined();
      expect(proxyOfEnvironment(new URL('https://localhost/'))).toBeUndefined();
      process.env['NO_PROXY'] = 'pdb.example';
      expect(proxyOfEnvironment(new URL('https://pdb.example/'))).toBeUndefined();
    },
  );

  it.for([
    ['http://localhost/', true],
    ['http://LOCALHOST:8080/', true],
    ['http://127.0.0.1/', true],
    ['http://127.1.2.3:80/', true],
    ['http://[::1]/', true],
    ['http://0x7f.1/', true],
    ['http://pdb.localhost/', false],
    ['http://127.0.0.1.example/', false],
    ['http://128.0.0.1/', false],
    ['http://[::2]/', false],
  ] as const)('connects to %s directly: %s', ([url, isDirect]) => {
    expect(proxyFor(url, { HTTP_PROXY: 'http://proxy:1' })).toBe(isDirect ? undefined : 'http://proxy:1');
  });
});

describe('NO_PROXY', () => {
  it.for([
    ['example.org', 'http://example.org/', true],
    ['example.org', 'http://pdb.example.org/', true],
    ['example.org', 'http://a.pdb.example.org:8080/', true],
    ['example.org', 'http://notexample.org/', false],
    ['example.org', 'http://example.org.evil/', false],
    ['EXAMPLE.ORG', 'http://pdb.Example.org/', true],
    ['.example.org', 'http://pdb.example.org/', true],
    ['.example.org', 'http://example.org/', true],
    ['.example.org', 'http://notexample.org/', false],
    ['*.example.org', 'http://pdb.example.org/', true],
    ['example.org.', 'http://pdb.example.org/', true],
    ['example.org', 'http://pdb.example.org./', true],
    ['münchen.example', 'http://pdb.münchen.example/', true],
    ['example.org:8080', 'http://example.org:8080/', true],
    ['example.org:8080', 'http://example.org/', false],
    ['example.org:80', 'http://example.org/', true],
    ['example.org:443', 'https://example.org/', true],
    ['a.example, b.example', 'http://b.example/', true],
    ['a.example b.example', 'http://b.example/', true],
    ['a.example,\n\tb.example', 'http://b.example/', true],
    ['*', 'http://anything.example/', true],
    ['a.example,*', 'https://anything.example/', true],
    ['', 'http://example.org/', false],
    [',,', 'http://example.org/', false],
    ['.', 'http://example.org/', false],
    ['10.0.0.0/8', 'http://10.1.2.3/', true],
    ['10.0.0.0/8', 'http://11.1.2.3/', false],
    ['10.0.0.0/8', 'http://10.1.2.3.example/', false],
    ['10.0.0.0/99', 'http://10.1.2.3/', false],
    ['0.0.0.0/0', 'http://192.0.2.1/', true],
    ['0.0.0.0/0', 'http://pdb.example/', false],
    ['192.0.2.1', 'http://192.0.2.1:99/', true],
    ['192.0.2.1', 'http://192.0.2.11/', false],
    ['2.1', 'http://192.0.2.1/', false],
    ['192.0.2.1:80', 'http://192.0.2.1/', true],
    ['192.0.2.1:81', 'http://192.0.2.1/', false],
    ['2001:db8::/32', 'http://[2001:db8:1::1]/', true],
    ['2001:db8::/32', 'http://[2001:db9::1]/', false],
    ['[2001:db8::1]', 'http://[2001:db8::1]/', true],
    ['2001:DB8:0:0::1', 'http://[2001:db8::1]/', true],
    ['[2001:db8::1]:8080', 'http://[2001:db8::1]:8080/', true],
    ['[2001:db8::1]:8080', 'http://[2001:db8::1]/', false],
  ] as const)('%o and %s: direct is %s', ([noProxy, url, isDirect]) => {
    const variables = { NO_PROXY: noProxy, ALL_PROXY: 'http://proxy:1' };
    expect(proxyFor(url, variables)).toBe(isDirect ? undefined : 'http://proxy:1');
  });

  it('is read in lower case first', () => {
    const variables = { no_proxy: 'a.example', NO_PROXY: 'b.example', ALL_PROXY: 'http://proxy:1' };
    expect(proxyFor('http://a.example/', variables)).toBeUndefined();
    expect(proxyFor('http://b.example/', variables)).toBe('http://proxy:1');
  });
});

describe('parseProxy', () => {
  it.for([
    ['http://proxy:3128', 'http://proxy:3128'],
    [{ host: 'proxy', port: 3128 }, 'http://proxy:3128'],
    [{ host: '', hostname: 'proxy', port: 3128, protocol: 'https' }, 'https://proxy:3128'],
    [{ host: '::1', port: 3128, protocol: 'https:' }, 'https://[::1]:3128'],
    [{ host: 'proxy', port: 1080, protocol: 'socks5h' }, 'socks5h://proxy:1080'],
    [false, undefined],
  ] as const)('reads %o as %s', ([value, shown]) => {
    expect(parseProxy(value)?.shown).toBe(shown);
  });

  it('takes `auth` as it is', () => {
    const auth = { username: 'us%40er', password: 'p@ss' };
    expect(parseProxy({ host: 'proxy', port: 1, auth })?.credentials).toEqual(auth);
  });

  it.for([
    true,
    5,
    null,
    {},
    { port: 3128 },
    { host: 'proxy', port: 'many' },
    { host: 'proxy', port: 70_000 },
    { host: 'proxy/path', port: 1 },
    { host: 'proxy', port: 1, protocol: 'ftp' },
    { host: 'proxy', port: 1, auth: { username: 1 } },
    { host: 'proxy', port: 1, auth: 's3cret' },
  ])('refuses %o with an InvalidInvocation that names the option', (value) => {
    const parse = (): unknown => parseProxy(value as never);
    expect(parse).toThrow(InvalidInvocation);
    expect(parse).toThrow(/`proxy`/);
    expect(parse).not.toThrow(/s3cret/);
  });
});
