import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../src/config/logger.js';
import { redactorFor } from '../src/redaction/exchange.js';
import { Redactor, redactor } from '../src/redaction/redact.js';
import { keepLogs } from './helpers/logs.js';
import { withOrigin } from './helpers/with-origin.js';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl';

describe('secrets in text', () => {
  it.each([
    ['{"accessCode1":"hunter2"}', '{"accessCode1":"<ACCESS_CODE>"}'],
    ['{"accessCode1": "hunter2", "x": 1}', '{"accessCode1": "<ACCESS_CODE>", "x": 1}'],
    ['{"accessCode2" :\n"hun\\"ter2"}', '{"accessCode2" :\n"<ACCESS_CODE>"}'],
    ['{"access_code1":"hunter2"}', '{"access_code1":"<ACCESS_CODE>"}'],
    ['{"ACCESSCODE2":"hunter2"}', '{"ACCESSCODE2":"<ACCESS_CODE>"}'],
    ['{"accessCode1":"hunter2', '{"accessCode1":"<ACCESS_CODE>"'],
    ['{"id_token":"abc","access_token":"def"}', '{"id_token":"<TOKEN>","access_token":"<TOKEN>"}'],
    ['"{\\"token\\":\\"abc\\"}"', '"{\\"token\\":\\"<TOKEN>\\"}"'],
    ['a?authz=abc&x=1#authz', 'a?authz=<TOKEN>&x=1#authz'],
    ['accessCode1=hunter2&accessCode2=x', 'accessCode1=<ACCESS_CODE>&accessCode2=<ACCESS_CODE>'],
    ['Bearer abc.def-123', 'Bearer <TOKEN>'],
    [`the token ${JWT} is bad`, 'the token <TOKEN> is bad'],
    ['zteos64:AbC+/=', '<TOKEN>'],
    ['https://user:hunter2@host/x', 'https://<CREDENTIALS>@host/x'],
    ['ftp://user:hunter2@host/x', 'ftp://<CREDENTIALS>@host/x'],
    ['"access\\u0043ode1":"hunter2"', '"access\\u0043ode1":"<ACCESS_CODE>"'],
    ['{"accessCode1":87654321,"a":1', '{"accessCode1":<ACCESS_CODE>,"a":1'],
    ['{"token":["a]b",{"c":"d"}],"x":[', '{"token":<TOKEN>,"x":['],
    ['{"token":{"value":"a}b","more":{}},"x":', '{"token":<TOKEN>,"x":'],
    ['{"token":{"value":"abc', '{"token":<TOKEN>'],
    ['{"token":{"token":"a","more":"b"},"x":', '{"token":<TOKEN>,"x":'],
    ['{"apiKey":"abc"}', '{"apiKey":"<TOKEN>"}'],
    ['a=1&pwd=abc', 'a=1&pwd=<TOKEN>'],
    ['{"token":null,"noEosToken":false', '{"token":null,"noEosToken":false'],
    ['"{\\"token\\":\\"a\\\\\\"b\\",\\"c\\":1}"', '"{\\"token\\":\\"<TOKEN>\\",\\"c\\":1}"'],
    ['"{\\"token\\":\\"cut off", next', '"{\\"token\\":\\"<TOKEN>\\"", next'],
    ["{accessCode1: 'hunter2', a: 1}", "{accessCode1: '<ACCESS_CODE>', a: 1}"],
    ["{'access_code1': 'hun\\'ter2'}", "{'access_code1': '<ACCESS_CODE>'}"],
    ['{"accessCode1"=>"hunter2"}', '{"accessCode1"=>"<ACCESS_CODE>"}'],
    ["{ token: 'abc', cookie: [ 'a=b' ] }", "{ token: '<TOKEN>', cookie: <COOKIE> }"],
    ['accessCode1: hunter2, a: b', 'accessCode1: <ACCESS_CODE>, a: b'],
    ['the access_token: abc is bad', 'the access_token: <TOKEN> is bad'],
    ['password: hunter22', 'password: <TOKEN>'],
    ['<accessCode1>hunter2</accessCode1>', '<accessCode1><ACCESS_CODE></accessCode1>'],
    ['<a:token type="x">abc<\\/a:token>', '<a:token type="x"><TOKEN><\\/a:token>'],
    ['?token%5B%5D=abc&token[]=abc&x=1', '?token%5B%5D=<TOKEN>&token[]=<TOKEN>&x=1'],
    ['?token[0]=abc&token%5B0%5D=abc', '?token[0]=<TOKEN>&token%5B0%5D=<TOKEN>'],
    ['?a[token]=abc&token[value]=a,b', '?a[token]=<TOKEN>&token[value]=<TOKEN>'],
    ['?acc%65ssCode1=hunter2', '?acc%65ssCode1=<ACCESS_CODE>'],
    [`x-${JWT}, ${JWT}`, 'x-<TOKEN>, <TOKEN>'],
    ['nothing to hide: code=20USBML1234567', 'nothing to hide: code=20USBML1234567'],
  ])('%s is shown as %s', (text, shown) => {
    expect(redactor.text(text)).toBe(shown);
  });

  it.each([
    'Invalid token: it has expired',
    'unexpected token: 3 of them, secret: none',
    'Passwords: see the handbook. Access: granted to all.',
    'the token is bad; the password is wrong; no cookie',
    'GET https://token.example:8080/getComponent?component=20USBML1234567',
    '<p>token: </p> <TOKEN> is shown </p>',
    '"tokenize": "abc", "accessible": "yes", "secretary": "Ms. X", "keyword": "x"',
    '{"uuAppErrorMap":{"a/authorization/invalidToken":{"type":"error"',
  ])('ordinary prose is left alone: %s', (prose) => {
    expect(redactor.text(prose)).toBe(prose);
  });

  it('what was redacted once stays as it is', () => {
    const shown =
      'token=<TOKEN> accessCode1: <ACCESS_CODE> "token":"<TOKEN>" Bearer <TOKEN> <p><TOKEN> 1</p>';
    expect(redactor.text(shown)).toBe(shown);
  });

  it('a short secret of an exchange is replaced as a whole word, an access code everywhere', () => {
    const secrets = new Redactor({ others: ['test', 'a+b('], accessCodes: ['code1'] });
    expect(secrets.text('getTestRun testing x.test ?a=%20test&b=%22test%22 "\\ntest" a+b( mycode12')).toBe(
      'getTestRun testing x.<TOKEN> ?a=%20<TOKEN>&b=%22<TOKEN>%22 "\\n<TOKEN>" <TOKEN> my<TOKEN>2',
    );
  });

  it('the very strings of an exchange are found in every spelling', () => {
    const secrets = new Redactor({ others: ['hun"ter&2'] });
    expect(secrets.text('raw hun"ter&2, JSON hun\\"ter&2, URL hun%22ter%262')).toBe(
      'raw <TOKEN>, JSON <TOKEN>, URL <TOKEN>',
    );
  });

  it.each([
    ...['\\', '"', "'", ' ', '=', '%4', '%41', '\\u004', '\\u0041', '\\\\\\"', '[a', 'a]', '{"a":', '\n'],
    ...['a_', 'a-', 'access', '"access', 'accessCode1', 'accessCode1:', 'accessCode1:null', '-api_key'],
    ...['"token":', '"token":"', '"token":[', '"token":{"', 'token:', 'token: ', 'token=', 'token=null '],
    ...['?token', '?token=', 'token[', '[token', 'token%5B', 'token\\', 'token:\\n', 'password: a1b2c3d4 '],
    ...['<token', '<token>', '<token a', '<token></', '<a:', 'Bearer ', 'Bearer\t', 'zteos64:', 'zteos64'],
    ...['eyJ', 'eyJaaaa.', '-eyJaaaa', 'eyJaaaa..', 'http://', '://a@', '://a'],
  ])(
    'a long run of %j is searched before the test times out, as it would not be in quadratic time',
    (piece) => {
      // Something that makes the search begin, and then each kind of opening that never closes.
      for (const start of ['\\u', 'token=', '{"token":[', '"token":"'])
        expect(redactor.text(start + piece.repeat(1_000_000 / piece.length))).toBeTypeOf('string');
    },
    60_000,
  );
});

describe('secrets in JSON', () => {
  it('are found by key, at any depth, in any spelling of the key that JSON knows', () => {
    const body = JSON.parse(
      '{"a":[{"\\u0061ccessCode1":"hunter2","token":null,"noEosToken":false}],"text":"Bearer abcdef"}',
    );
    expect(redactor.json(body)).toEqual({
      a: [{ accessCode1: '<ACCESS_CODE>', token: null, noEosToken: false }],
      text: 'Bearer <TOKEN>',
    });
  });

  it('are whatever is under their names, but for what says yes, no or nothing', () => {
    const body = { accessCode1: 87654321, token: ['abc'], list: [{ token: { value: 'abc' } }], secret: '' };
    expect(redactor.json(body)).toEqual({
      accessCode1: '<ACCESS_CODE>',
      token: '<TOKEN>',
      list: [{ token: '<TOKEN>' }],
      secret: '',
    });
  });

  it('are found in keys, where they are known', () => {
    const secrets = new Redactor({ accessCodes: ['code-of-mine'] });
    expect(secrets.json({ 'code-of-mine': { 'my code-of-mine': 1 } })).toEqual({
      '<TOKEN>': { 'my <TOKEN>': 1 },
    });
  });

  it('a key called __proto__ stays a key', () => {
    const copy = redactor.json(JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(Object.keys(copy as object)).toEqual(['__proto__']);
    expect((copy as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('what is nested too deeply is left out', () => {
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    expect(JSON.stringify(redactor.json(deep))).toContain('…');
  });
});

describe('what is no JSON', () => {
  it('is shown as JSON that is like it', () => {
    const circle: Record<string, unknown> = { big: 7n, call: () => {}, at: Symbol('x') };
    Object.assign(circle, { one: circle, two: circle });
    expect(JSON.parse(JSON.stringify(redactor.json(circle)))).toEqual({ big: '7', one: '…', two: '…' });
    expect(redactorFor({ config: { data: { ...circle, token: 'code-of-mine' } } }).text('code-of-mine')).toBe(
      '<TOKEN>',
    );
  });
});

describe('secrets in headers', () => {
  it('are found in the name of a field, where they are known', () => {
    const secrets = new Redactor({ accessCodes: ['code-of-mine'] });
    expect(secrets.headers({ 'x-code-of-mine': '1' })).toEqual({ 'x-<TOKEN>': '<HIDDEN>' });
  });

  it('are found by name', () => {
    const headers = {
      Authorization: 'Basic dXNlcjpwYXNz',
      'proxy-authorization': 'Bearer abc',
      Cookie: 'session=12345678',
      'Set-Cookie': ['session=12345678; Path=/', 'other'],
      'X-Api-Key': 'abc',
      'x-auth-token': 'abc',
      Accept: '*/*',
      'WWW-Authenticate': 'Basic realm="pdb"',
      'X-Anything': 'abc',
      Nothing: undefined,
      Removed: false,
    };
    expect(redactor.headers(headers)).toEqual({
      authorization: 'Basic <TOKEN>',
      'proxy-authorization': 'Bearer <TOKEN>',
      cookie: '<COOKIE>',
      'set-cookie': ['session=<COOKIE>; Path=/', 'other'],
      'x-api-key': '<TOKEN>',
      'x-auth-token': '<TOKEN>',
      accept: '*/*',
      'www-authenticate': 'Basic realm="pdb"',
      'x-anything': '<HIDDEN>',
    });
  });
});

/** How servers spell a text. */
const html = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const utf16 = (text: string, pattern: RegExp): string =>
  text.replace(pattern, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
const SPELLINGS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  JSON: json,
  'JSON with escaped slashes': (text) => json(text).replaceAll('/', '\\/'),
  'JSON in JSON': (text) => json(json(text)),
  'JSON in ASCII': (text) => utf16(json(text), /[^ -~]/g),
  'JSON with everything escaped': (text) => utf16(text, /./gs),
  'JSON for HTML': (text) => utf16(json(text), /[<>&']/g),
  JavaScript: (text) => text.replace(/[^\w]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`),
  'a URL': encodeURIComponent,
  'a URL in lower case': (text) => encodeURIComponent(text).replace(/%../g, (byte) => byte.toLowerCase()),
  'a URL in a URL': (text) => encodeURIComponent(encodeURIComponent(text)),
  'a URL in Latin-1': (text) => Buffer.from(text, 'latin1').toString('hex').replace(/../g, '%$&'),
  'a form': (text) => new URLSearchParams({ k: text }).toString().slice(2),
  'a form in JSON': (text) => json(new URLSearchParams({ k: text }).toString().slice(2)),
  HTML: html,
  'HTML with hexadecimal references': (text) =>
    text.replace(/[^\w ]/g, (c) => `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`),
  'HTML with names': (text) =>
    text
      .replace(/&/g, '&amp;')
      .replace(
        /[<>"'äöé]/g,
        (c) =>
          `&${{ '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos', ä: 'auml', ö: 'ouml', é: 'eacute' }[c]};`,
      ),
  'JSON in HTML': (text) => html(json(text)),
};

describe('a known secret', () => {
  const SECRETS = [
    'Tom&Jerry<3"2024"',
    'two words here',
    "it's!(mine)*1",
    'pässwörd-été',
    'slash/plus+eq=1',
    'back\\nslash\\1',
    '100%25+%C3%A9&amp;',
    'ntest1234',
  ];
  it.each(Object.entries(SPELLINGS))('is found where a server spells it as %s', (_, spell) => {
    for (const secret of SECRETS) {
      const secrets = new Redactor({ accessCodes: [secret] });
      for (const [before, after] of [
        ['<p>', '</p>'],
        ['{\\"a\\":\\"', '\\"}'],
        ['é%20', '+é'],
      ] as const)
        expect(secrets.text(before + spell(secret) + after)).toBe(`${before}<TOKEN>${after}`);
    }
  });

  it('is found behind a backslash that is not part of an escape', () => {
    expect(new Redactor({ others: ['ntest1234'] }).text('CERN\\ntest1234')).toBe('CERN\\<TOKEN>');
  });

  it('is found where it is a part of another one, or overlaps it', () => {
    const secrets = new Redactor({ others: ['abcdefgh-1', 'efgh-1-ijkl', 'cdefgh-1'] });
    expect(secrets.text('x abcdefgh-1-ijkl cdefgh-1 abcdefgh efgh-1-ijk y')).toBe(
      'x <TOKEN> <TOKEN> abcdefgh efgh-1-ijk y',
    );
  });

  it('is found as a naive search finds it', () => {
    const letter = fc.constantFrom('a', 'b', 'c');
    const word = fc.string({ unit: letter, minLength: 4, maxLength: 9 });
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 20 }),
        fc.string({ unit: letter, maxLength: 200 }),
        (words, text) => {
          const isSecret = [...text].map(() => false);
          for (const secret of words)
            for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1))
              isSecret.fill(true, at, at + secret.length);
          const rest = [...text].filter((_, at) => !isSecret[at]).join('');
          expect(new Redactor({ accessCodes: words }).text(text).replaceAll('<TOKEN>', '')).toBe(rest);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is found in about the same time, whether there are 10 or 5,000', () => {
    const text = JSON.stringify(Array.from({ length: 150_000 }, (_, i) => `string${i}`));
    const best = (count: number): number => {
      const others = Array.from({ length: count }, (_, i) => `v${String(i).padStart(4, '0')}-cookie`);
      const secrets = new Redactor({ others });
      const times = Array.from({ length: 5 }, () => {
        const begin = process.cpuUsage();
        secrets.text(text);
        return process.cpuUsage(begin).user;
      });
      return Math.min(...times);
    };
    best(10);
    // About 1.1; a search for each secret would take 500 times as long.
    expect(best(5000) / best(10)).toBeLessThan(10);
  }, 60_000);
});

describe('control characters', () => {
  it('are escaped in text, but for line breaks and tabs', () => {
    expect(redactor.text('a\r\nb\tc\n\u001b[2J\r\u009b\u202e\u2069\u061c\u007f')).toBe(
      'a\r\nb\tc\n\\u001b[2J\\u000d\\u009b\\u202e\\u2069\\u061c\\u007f',
    );
  });

  it('are escaped where they are invisible characters, but emoji stay', () => {
    expect(redactor.text('a\u200bb\u00ad\ufeff\u2060\u{e0041}\u{e0100}\u3164\ufff9\ud83d')).toBe(
      'a\\u200bb\\u00ad\\ufeff\\u2060\\udb40\\udc41\\udb40\\udd00\\u3164\\ufff9\\ud83d',
    );
    const ordinary = 'naïve ❤️ 🔥 日本 العربية';
    expect(redactor.text(ordinary)).toBe(ordinary);
  });

  it('stay as they are in JSON, which is escaped when it becomes text', () => {
    expect(redactor.json({ a: '\u001b' })).toEqual({ a: '\u001b' });
  });
});

describe('the secrets of an exchange', () => {
  it('may be long, or be no well-formed text', () => {
    const long = 'x'.repeat(1_000_000);
    const secrets = new Redactor({ others: [long, '\ud800broken'] });
    expect(secrets.text(`a ${long} b \ud800broken`)).toBe('a <TOKEN> b <TOKEN>');
  });

  it('are the password of a caller, too, and the header that it is sent in', () => {
    const basic = Buffer.from('me:hunter22').toString('base64');
    const echo = `hunter22 ${basic}`;
    for (const exchange of [
      { auth: { username: 'me', password: 'hunter22' } },
      { url: 'https://me:hunter22@host/' },
      { url: 'https://me:hunter%32%32@host/' },
      { headers: { Authorization: `Basic ${basic}` } },
    ])
      expect(redactorFor({ config: exchange }).text(echo)).toBe('<TOKEN> <TOKEN>');
  });

  it('are all strings and numbers under the name of a secret, also in its URL and in a form', () => {
    const data = {
      accessCode1: 8765,
      pin_token: 4321,
      token: ['in-a-list', { value: 'in-an-object', isNew: true }],
    };
    const redirectedBy = {
      config: { data: new URLSearchParams({ 'a[token]': 'in-a-form' }), url: 'http://x/?token[]=in-a-url' },
    };
    const secrets = redactorFor({ config: { data, redirectedBy } });
    const echo = '<p>8765 4321 in-a-list in-an-object in-a-form in-a-url true</p>';
    expect(secrets.text(echo)).toBe('<p><TOKEN> <TOKEN> <TOKEN> <TOKEN> <TOKEN> <TOKEN> true</p>');
    expect(secrets.json({ echo: [8765, 4321], other: 5 })).toEqual({
      echo: ['<TOKEN>', '<TOKEN>'],
      other: 5,
    });
  });

  it.each<[string, unknown]>([
    ['a form that is text', 'accessCode1=first%20code&a[token]=second-code&x=plain'],
    ['bytes of JSON', Buffer.from('{"accessCode1":"first code","token":"second-code","x":"plain"}')],
    ['form data', Object.entries({ accessCode1: 'first code', token: 'second-code', x: 'plain' })],
  ])('are those in its body, also in %s', (_, body) => {
    const form = new FormData();
    if (Array.isArray(body)) for (const [name, value] of body) form.set(name, value);
    const secrets = redactorFor({ config: { data: Array.isArray(body) ? form : body } });
    expect(secrets.text('it was first code, second-code, plain')).toBe('it was <TOKEN>, <TOKEN>, plain');
  });

  it('are short cookies, too, but not the attributes of a cookie', () => {
    const secrets = redactorFor({
      config: { headers: { cookie: 'sid=abc123; quoted="def456"' } },
      headers: { 'set-cookie': ['id=ghi789; Domain=127.0.0.1; Max-Age=31536000; Path=/path'] },
    });
    expect(secrets.text('{"sid":"abc123"} def456 ghi789 abc1234')).toBe(
      '{"sid":"<TOKEN>"} <TOKEN> <TOKEN> abc1234',
    );
    const innocent = 'Host: 127.0.0.1, 31536000 s, /path';
    expect(secrets.text(innocent)).toBe(innocent);
  });

  it('are the credentials in its headers and in its body, wherever the answer repeats them', () => {
    const secrets = redactorFor({
      config: {
        headers: { authorization: 'Bearer opaque-bearer', cookie: 'a=1; session=cookie-value' },
        data: '{"accessCode1":"first-code","deep":{"accessCode2":"second-code"}}',
      },
      headers: { 'set-cookie': ['session=newer-cookie; Path=/'] },
    });
    const echo = '<p>opaque-bearer first-code second-code cookie-value newer-cookie 1</p>';
    expect(secrets.text(echo)).toBe('<p><TOKEN> <TOKEN> <TOKEN> <TOKEN> <TOKEN> 1</p>');
  });
});

describe('a log line', () => {
  it('has no secret, no control character and no line break of a server in it', () => {
    const logger = keepLogs();
    createLogger(logger).warn('503 \u001b]0;owned\u0007\r\nITKDB: Bearer abcdef\u202e');
    expect(logger.lines).toEqual([
      expect.stringContaining('503 \\u001b]0;owned\\u0007 ITKDB: Bearer <TOKEN>\\u202e'),
    ]);
  });
});

describe('the headers of a successful response', () => {
  it('are whole but for cookies', async () => {
    await using world = await withOrigin((_, response) => {
      response.writeHead(200, { 'X-Anything': 'shown', 'X-Auth': 'shown', 'Set-Cookie': 'a=hidden' }).end();
    });
    const { headers } = await world.session.get('x');
    expect(headers).toMatchObject({ 'x-anything': 'shown', 'x-auth': 'shown', 'set-cookie': ['a=<COOKIE>'] });
  });
});
