import { describe, expect, it } from 'vitest';
import { isUnderPrefix, joinUrl, parsePrefix } from '../src/http/url.js';
import { InvalidInvocation, Session } from '../src/index.js';
import { MockUser } from './helpers/mock-user.js';

const BASE = parsePrefix('https://itkpd.unicornuniversity.net/');
const HOST = 'https://itkpd.unicornuniversity.net';

/** input → URL sent, and whether it gets a token. Section 2.1 of the original's behaviour, and what it left open. */
const JOINED: [input: string | URL | null | undefined, sent: string, authorized: boolean][] = [
  ['/resource/', `${HOST}/resource/`, true],
  ['resource/', `${HOST}/resource/`, true],
  ['/resource', `${HOST}/resource`, true],
  ['resource', `${HOST}/resource`, true],
  [`${HOST}/resource`, `${HOST}/resource`, true],
  [new URL(`${HOST}/resource`), `${HOST}/resource`, true],
  ['https://google.com/resource', 'https://google.com/resource', false],
  ['', `${HOST}/`, true],
  [null, `${HOST}/`, true],
  [undefined, `${HOST}/`, true],
  ['?a=b', `${HOST}/?a=b`, true],
  ['#frag', `${HOST}/#frag`, true],
  ['x?', `${HOST}/x`, true],
  ['x#', `${HOST}/x`, true],
  ['x?#frag', `${HOST}/x#frag`, true],
  ['../x', `${HOST}/x`, true],
  ['./x', `${HOST}/x`, true],
  ['/a/./b/../c', `${HOST}/a/c`, true],
  ['a//b', `${HOST}/a//b`, true],
  ['a b', `${HOST}/a%20b`, true],
  ['é', `${HOST}/%C3%A9`, true],
  ['x?é=ü', `${HOST}/x?%C3%A9=%C3%BC`, true],
  ['x?q=a b&r=[1]', `${HOST}/x?q=a%20b&r=%5B1%5D`, true],
  ['a[1]^`{|}', `${HOST}/a%5B1%5D%5E%60%7B%7C%7D`, true],
  ['x?a=^`{|}', `${HOST}/x?a=%5E%60%7B%7C%7D`, true],
  ['50%/x?a=100%&b=%2g&c=%20', `${HOST}/50%25/x?a=100%25&b=%252g&c=%20`, true],
  ['a\\b', `${HOST}/a%5Cb`, true],
  ['\\\\other.example\\x', `${HOST}/%5C%5Cother.example%5Cx`, true],
  ['/\\other.example/x', `${HOST}/%5Cother.example/x`, true],
  ['//other.example/x', 'https://other.example/x', false],
  ['http://google.com', 'http://google.com/', false],
  ['https:getComponent', `${HOST}/getComponent`, true],
  ['HTTPS://ITKPD.unicornuniversity.net/x', `${HOST}/x`, true],
  [`${HOST}:443/x`, `${HOST}/x`, true],
  ['https://ITKPD.unicornuniversity.net:443/x', `${HOST}/x`, true],
  [`${HOST}:8443/x`, `${HOST}:8443/x`, false],
  ['http://itkpd.unicornuniversity.net/x', 'http://itkpd.unicornuniversity.net/x', false],
  ['https://u:p@itkpd.unicornuniversity.net/x', 'https://u:p@itkpd.unicornuniversity.net/x', false],
  [`${HOST}.evil.com/x`, `${HOST}.evil.com/x`, false],
  [
    'https://itkpd.unicornuniversity.net@evil.example/x',
    'https://itkpd.unicornuniversity.net@evil.example/x',
    false,
  ],
  [
    'https://itkpd.unicornuniversity.net\\@evil.example/x',
    'https://itkpd.unicornuniversity.net%5C@evil.example/x',
    false,
  ],
  ['https://itkpd.unicornuniversity.net./x', 'https://itkpd.unicornuniversity.net./x', false],
  [' //evil.example/x', 'https://evil.example/x', false],
  ['/\t/evil.example/x', 'https://evil.example/x', false],
  ['ht\ntps://evil.example/x', 'https://evil.example/x', false],
];

const REFUSED = [
  'foo:bar',
  'mailto:x@y',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'http:getComponent',
  'ht\ttp:getComponent',
  'https:///evil.example/x',
  '///evil.example/x',
  'https://',
  'https://[x/',
  'https://a b/',
  'https://itkpd.unicornuniversity.net:99999/',
];

describe('joining a URL to the prefix', () => {
  it.each(JOINED)('%s is sent to %s, with a token: %s', (input, sent, authorized) => {
    const url = joinUrl(BASE, input);
    expect(url.href).toBe(sent);
    expect(isUnderPrefix(BASE, url)).toBe(authorized);
  });

  it.each(REFUSED)('%s is an InvalidInvocation that names it', (input) => {
    const cleaned = input.replace(/[\t\n]/g, '');
    expect(() => joinUrl(BASE, input)).toThrow(InvalidInvocation);
    expect(() => joinUrl(BASE, input)).toThrow(cleaned);
  });

  it('the message about a refused URL contains no credentials', () => {
    expect(() => joinUrl(BASE, 'https://user:hunter2@host name/')).toThrow(
      /^the URL `https:\/\/<CREDENTIALS>@host/,
    );
  });
});

describe('the prefix', () => {
  it.each([
    ['https://h', 'x', 'https://h/x', true],
    ['https://h', 'https://h.evil.com/x', 'https://h.evil.com/x', false],
    ['https://h/api/v1/', 'x', 'https://h/api/v1/x', true],
    ['https://h/api/v1/', '/x', 'https://h/x', false],
    ['https://h/api/v1/', '../x', 'https://h/api/x', false],
    ['https://h/api/v1/', '/api/v1', 'https://h/api/v1', false],
    ['https://h/api/v1', 'x', 'https://h/api/v1/x', true],
    ['https://h/api/v1', '/api/v10/x', 'https://h/api/v10/x', false],
    ['https://h/api/v1', '%2e%2e/x', 'https://h/api/x', false],
    ['https://h/api/v1', 'a/..%2f..%2fx', 'https://h/api/v1/a/..%2f..%2fx', false],
    ['https://h/api/v1', '..%5Cx', 'https://h/api/v1/..%5Cx', false],
    ['https://h/api/v1', 'x..y/..z', 'https://h/api/v1/x..y/..z', true],
    ['HTTPS://H/', 'x', 'https://h/x', true],
    ['https://h/a^b', 'x', 'https://h/a%5Eb/x', true],
    ['https://h/a|b/', '../a%7Cb/x', 'https://h/a%7Cb/x', true],
  ])('%s joined with %s is %s, with a token: %s', (prefix, input, sent, authorized) => {
    const base = parsePrefix(prefix);
    const url = joinUrl(base, input);
    expect(url.href).toBe(sent);
    expect(isUnderPrefix(base, url)).toBe(authorized);
  });

  it.each([
    '',
    'itkpd.unicornuniversity.net',
    'ftp://h/',
    'https://',
    'https:h',
    'https://u:p@h/',
    'https://h/?a=b',
    'https://h/#f',
    new URL('https://h/?a=b'),
  ])('%s is an InvalidInvocation that names the option', (prefixUrl) => {
    const user = new MockUser();
    expect(() => new Session({ user, prefixUrl })).toThrow(InvalidInvocation);
    expect(() => new Session({ user, prefixUrl })).toThrow(
      /^new Session: `prefixUrl` must be an http\(s\) URL without credentials, query or fragment/,
    );
  });
});
