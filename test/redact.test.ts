import { describe, expect, it } from 'vitest';
import { Redactor, redactor } from '../src/redact.js';

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
    ['"{\\"token\\":\\"abc\\"}"', '"{\\"token\\":"<TOKEN>"'],
    ['a?authz=abc&x=1#authz', 'a?authz=<TOKEN>&x=1#authz'],
    ['accessCode1=hunter2&accessCode2=x', 'accessCode1=<ACCESS_CODE>&accessCode2=<ACCESS_CODE>'],
    ['Bearer abc.def-123', 'Bearer <TOKEN>'],
    [`the token ${JWT} is bad`, 'the token <TOKEN> is bad'],
    ['zteos64:AbC+/=', '<TOKEN>'],
    ['https://user:hunter2@host/x', 'https://<CREDENTIALS>@host/x'],
    ['ftp://user:hunter2@host/x', 'ftp://<CREDENTIALS>@host/x'],
    ['nothing to hide: code=20USBML1234567', 'nothing to hide: code=20USBML1234567'],
  ])('%s is shown as %s', (text, shown) => {
    expect(redactor.text(text)).toBe(shown);
  });

  it('the very strings of an exchange are found in every spelling', () => {
    const secrets = new Redactor(['hun"ter&2']);
    expect(secrets.text('raw hun"ter&2, JSON hun\\"ter&2, URL hun%22ter%262')).toBe(
      'raw <TOKEN>, JSON <TOKEN>, URL <TOKEN>',
    );
  });

  it.each(['\\', '"', '"token":"', 'a_', 'Bearer ', 'eyJ', '?token', 'http://', '"access'])(
    'a long run of %j is searched before the test times out, as it would not be in quadratic time',
    (piece) => {
      expect(redactor.text(piece.repeat(100_000))).toBeTypeOf('string');
    },
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
    const secrets = new Redactor([long, '\ud800broken']);
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
