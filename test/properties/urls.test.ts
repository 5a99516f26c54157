import { posix } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isUnderPrefix, joinUrl, parsePrefix } from '../../src/http/url.js';
import { InvalidInvocation, Session } from '../../src/index.js';
import { MockUser } from '../helpers/mock-user.js';
import { Origin, type SeenRequest } from '../helpers/origin.js';
import { outcomeOf } from '../helpers/outcome.js';

const BEARER = 'bearer-for-its-own-server';

let own: Origin;
let foreign: Origin;
let session: Session;
let location = '';

beforeAll(async () => {
  own = await Origin.start(({ url }, response) => {
    const redirect = { Location: Buffer.from(location).toString('latin1') };
    if (url.endsWith('/redirect')) response.writeHead(302, redirect);
    response.end('ok');
  });
  foreign = await Origin.start();
  session = new Session({
    user: new MockUser(BEARER),
    prefixUrl: `${own.url}api/v1/`,
    retry: false,
    timeout: 1000,
    maxRedirects: 2,
  });
});

beforeEach(() => {
  own.requests.length = 0;
  foreign.requests.length = 0;
});

afterAll(async () => {
  await session.close();
  await Promise.all([own, foreign].map((origin) => origin[Symbol.asyncDispose]()));
});

/** URLs of all the forms that one parser or another takes for the own server, or for the foreign one. */
function trickyUrl(): fc.Arbitrary<string> {
  const [ours, theirs] = [own, foreign].map(({ url }) => new URL(url).port);
  const scheme = fc.constantFrom(
    '',
    '',
    'http:',
    'HTTP:',
    'https:',
    'h\ttp:',
    'ht\ntp:',
    ' http:',
    'http',
    'ws:',
    'javascript:',
    'blob:http:',
    'view-source:http:',
  );
  const slashes = fc.constantFrom(
    '',
    '/',
    '//',
    '//',
    '//',
    '///',
    '\\\\',
    '/\\',
    '\\/',
    '/\t/',
    '/\r\n/',
    '%2f%2f',
    ':/',
  );
  const userinfo = fc.constantFrom(
    '',
    '',
    '',
    '@',
    'user:secret@',
    `127.0.0.1:${ours}@`,
    `127.0.0.1:${ours}\\@`,
    `127.0.0.1:${ours}%40`,
    `127.0.0.1:${ours}/@`,
    `127.0.0.1:${ours}?@`,
    `127.0.0.1:${ours}#@`,
    '%00@',
  );
  const host = fc.constantFrom(
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.0.0.1.',
    '127。0。0。1',
    '１２７.0.0.1',
    'localhost',
    'LOCALHOST',
    'localhost.',
    '[::ffff:127.0.0.1]',
    '[::1]',
    '',
    '..',
    '%31%32%37.0.0.1',
  );
  const port = fc.constantFrom(
    `:${ours}`,
    `:${ours}`,
    `:${theirs}`,
    `:${theirs}`,
    `:0${theirs}`,
    ':',
    '',
    ':99999',
    `:${theirs}:${ours}`,
  );
  const piece = fc.constantFrom(
    '/',
    '/',
    '\\',
    'api',
    'v1',
    'v1/',
    '/api/v1/',
    '.',
    '..',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '%5C',
    ';',
    '?',
    '#',
    '@',
    '%',
    '%00',
    '\t',
    '\u202e',
    'é',
    `//127.0.0.1:${theirs}/`,
    `http://127.0.0.1:${theirs}/`,
  );
  const path = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''));
  const whole = fc.tuple(scheme, slashes, userinfo, host, port, path).map((parts) => parts.join(''));
  return fc.oneof(
    { weight: 5, arbitrary: whole },
    { weight: 3, arbitrary: path },
    fc.webUrl().map((url) => url.replace(/\/\/[^/]*/, '')),
  );
}

/** Whether a request has been told the bearer, in whatever place. */
const isTold = (request: SeenRequest): boolean => JSON.stringify(request).includes(BEARER);

/** The path that a server sees that decodes first and resolves then, backslashes included. */
function pathAsRead({ url }: SeenRequest): string {
  const [path = ''] = url.split('?');
  const decoded = path.replace(/%(2e|2f|5c)/gi, decodeURIComponent);
  return posix.normalize(decoded.replaceAll('\\', '/'));
}

function expectNobodyElseTold(): void {
  expect(foreign.requests.filter(isTold)).toEqual([]);
  for (const request of own.requests.filter(isTold))
    expect(pathAsRead(request)).toMatch(/^\/api\/v1(?:\/|$)/);
}

describe('the bearer', () => {
  it('goes to its own folder of its own server and nowhere else, whatever the URL', async () => {
    await fc.assert(
      fc.asyncProperty(trickyUrl(), async (url) => {
        await outcomeOf(() => session.get(url));
        expectNobodyElseTold();
      }),
      { numRuns: 600 },
    );
    expect(own.requests.filter(isTold).length).toBeGreaterThan(5);
    expect(foreign.requests.length).toBeGreaterThan(5);
  });

  it('goes nowhere else on a redirect, whatever the Location', async () => {
    await fc.assert(
      fc.asyncProperty(trickyUrl(), fc.constantFrom('redirect', '/redirect'), async (to, from) => {
        location = to.replace(/[\r\n\0]/g, '');
        await outcomeOf(() => session.get(from));
        expectNobodyElseTold();
      }),
      { numRuns: 400 },
    );
    expect(foreign.requests.length).toBeGreaterThan(5);
  });
});

describe('joining', () => {
  const bases = ['https://pdb.example/', 'http://pdb.example:8080/api/v1'].map(parsePrefix);

  it('of any text is a URL, or an exception that names it', () => {
    const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.webUrl(), trickyText());
    fc.assert(
      fc.property(fc.constantFrom(...bases), anyText, (base, text) => {
        try {
          expect(joinUrl(base, text)).toBeInstanceOf(URL);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInvocation);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('percent-encodes once, and only what is not allowed as it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...bases), trickyText(), (base, text) => {
        const { pathname, search } = joinUrl(base, `x/${text.replaceAll('#', '')}`);
        expect(`${pathname}${search}`).toMatch(/^(?:[\w\-.~!$&'()*+,;=:@/?]|%[\da-f]{2})*$/i);
        expect(joinUrl(base, `${pathname}${search}`).href).toBe(`${base.origin}${pathname}${search}`);
      }),
    );
  });

  it('of what is under the prefix already changes nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...bases), fc.webPath(), fc.webQueryParameters(), (base, path, query) => {
        const url = joinUrl(base, `.${path}?${query}`);
        if (!isUnderPrefix(base, url)) return;
        expect(joinUrl(base, url).href).toBe(url.href);
        expect(joinUrl(base, url.href).href).toBe(url.href);
      }),
    );
  });

  const trickyText = (): fc.Arbitrary<string> =>
    fc
      .array(
        fc.constantFrom(
          'http://',
          'http',
          's',
          ':',
          '/',
          '\\',
          '@',
          '.',
          '..',
          '%2f',
          '[',
          ']',
          '::',
          '\t',
          ' ',
          'pdb.example',
          '\ud800',
          '?',
          '#',
        ),
        { maxLength: 9 },
      )
      .map((parts) => parts.join(''));
});
