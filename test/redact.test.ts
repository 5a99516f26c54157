import { describe, expect, it } from 'vitest';
import { Redactor, redactor } from '../src/redaction/redact.js';

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
  });
});

describe('secrets in headers', () => {
  it('are found by name', () => {
    const headers = {
      Authorization: 'Basic dXNlcjpwYXNz',
      'proxy-authorization': 'Bearer abc',
      Cookie: 'session=12345678',
      'Set-Cookie': ['session=12345678; Path=/', 'other'],
      'X-Api-Key': 'abc',
      'x-auth-token': 'abc',
      Accept: '*/*',
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
    });
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
    ])
      expect(Redactor.forExchange(exchange).text(echo)).toBe('<TOKEN> <TOKEN>');
  });

  it('are all strings and numbers under the name of a secret, also in its URL and in a form', () => {
    const secrets = Redactor.forExchange(
      {
        requestBody: {
          accessCode1: 8765,
          pin_token: 4321,
          token: ['in-a-list', { value: 'in-an-object', isNew: true }],
        },
      },
      { requestBody: new URLSearchParams({ 'a[token]': 'in-a-form' }), url: 'http://x/?token[]=in-a-url' },
    );
    const echo = '<p>8765 4321 in-a-list in-an-object in-a-form in-a-url true</p>';
    expect(secrets.text(echo)).toBe('<p><TOKEN> <TOKEN> <TOKEN> <TOKEN> <TOKEN> <TOKEN> true</p>');
    expect(secrets.json({ echo: [8765, 4321], other: 5 })).toEqual({
      echo: ['<TOKEN>', '<TOKEN>'],
      other: 5,
    });
  });

  it('are short cookies, too, but not the attributes of a cookie', () => {
    const secrets = Redactor.forExchange({
      requestHeaders: { cookie: 'sid=abc123; quoted="def456"' },
      responseHeaders: { 'set-cookie': ['id=ghi789; Domain=127.0.0.1; Max-Age=31536000; Path=/path'] },
    });
    expect(secrets.text('{"sid":"abc123"} def456 ghi789 abc1234')).toBe(
      '{"sid":"<TOKEN>"} <TOKEN> <TOKEN> abc1234',
    );
    const innocent = 'Host: 127.0.0.1, 31536000 s, /path';
    expect(secrets.text(innocent)).toBe(innocent);
  });

  it('are the credentials in its headers and in its body, wherever the answer repeats them', () => {
    const secrets = Redactor.forExchange({
      requestHeaders: { authorization: 'Bearer opaque-bearer', cookie: 'a=1; session=cookie-value' },
      requestBody: '{"accessCode1":"first-code","deep":{"accessCode2":"second-code"}}',
      responseHeaders: { 'set-cookie': ['session=newer-cookie; Path=/'] },
    });
    const echo = '<p>opaque-bearer first-code second-code cookie-value newer-cookie 1</p>';
    expect(secrets.text(echo)).toBe('<p><TOKEN> <TOKEN> <TOKEN> <TOKEN> <TOKEN> 1</p>');
  });
});
