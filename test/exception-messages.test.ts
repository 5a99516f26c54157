import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { exceptionFor } from '../src/exceptions/status.js';
import {
  Aborted,
  AuthenticationFailed,
  BadJSON,
  BadRequest,
  ConnectionReset,
  InvalidInvocation,
  ITkDBException,
  NotFound,
  type ResponseException,
  type ResponseInput,
  ServerError,
  UnhandledResponse,
} from '../src/index.js';
import { answer, CONFIG, DETAILS, head, layoutOf } from './helpers/answer.js';
import { failure } from './helpers/failure.js';
import { keepLogs } from './helpers/logs.js';
import { withOrigin } from './helpers/with-origin.js';

describe('the message', () => {
  it('is, below its first lines, the request, then the body as JSON with two spaces of indent', () => {
    const body = {
      uuAppErrorMap: { 'a/b/c': { type: 'error', message: 'é', paramMap: {} } },
      list: [],
      n: 1,
    };
    expect(layoutOf(new NotFound(answer(404, body)))).toBe(
      `${head(404)}${DETAILS}${JSON.stringify(body, null, 2)}`,
    );
  });

  it.each<[string, unknown, string]>([
    ['no body', '', ''],
    ['undefined', undefined, ''],
    ['null', null, ''],
    ['text', '  server is down \n', `${DETAILS}server is down`],
    ['white space', ' \n ', ''],
    ['HTML', '<html>\n<h1>502</h1>\n</html>', `${DETAILS}<html>\n<h1>502</h1>\n</html>`],
    ['JSON as text', '{"a":[]}', `${DETAILS}{\n  "a": []\n}`],
    ['JSON that is cut off', '{"a":[', `${DETAILS}{"a":[`],
    ['a list', [1, 'x'], `${DETAILS}[\n  1,\n  "x"\n]`],
    ['a number', 42, `${DETAILS}42`],
    ['UTF-8 bytes', Buffer.from('grüezi'), `${DETAILS}grüezi`],
    [
      'other bytes by type and length',
      Buffer.from([0xff, 0xfe, 0x00]),
      `${DETAILS}application/json: <3 bytes>`,
    ],
  ])('shows %s', (_, body, details) => {
    for (const status of [401, 404, 415, 500, 418]) {
      expect(layoutOf(exceptionFor(answer(status, body)))).toBe(`${head(status)}${details}`);
    }
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, ''],
    ['bytes', Buffer.from('text'), 'text'],
    ['bytes that are not text by type and length', Buffer.from([0xff]), 'image/png: <1 bytes>'],
    ['a Blob by type and length', new Blob(['four']), 'image/png: <4 bytes>'],
    ['an object', { accessCode2: 'x' }, '{"accessCode2":"<ACCESS_CODE>"}'],
    ['JSON with white space', '{ "a": 1 }', '{ "a": 1 }'],
    ['a form', 'accessCode1=hunter2&a=1', 'accessCode1=<ACCESS_CODE>&a=1'],
    ['a stream', { pipe: () => {} }, '<stream>'],
  ])('shows %s as the request body', (_, data, shown) => {
    const headers = { 'Content-Type': 'image/png' };
    const exception = new NotFound(answer(404, '', { config: { ...CONFIG, headers, data } }));
    expect(exception.message.split('\r\n\r\n')[1]).toBe(shown);
    expect(exception.response.request.data).toBe(shown);
  });

  it.each<[string, string | undefined, Buffer, string]>([
    ['Latin-1 that is declared', 'text/html; charset="ISO-8859-1"', Buffer.from('é', 'latin1'), 'é'],
    ['UTF-16 that is declared', 'text/plain;charset=utf-16le', Buffer.from('é', 'utf16le'), 'é'],
    ['UTF-8 of an unknown charset', 'text/plain; charset=klingon', Buffer.from('é'), 'é'],
    ['Latin-1 that is not declared', 'text/html', Buffer.from('é', 'latin1'), 'text/html: <1 bytes>'],
    ['bytes without a type', undefined, Buffer.from([0xff, 0xff]), '<2 bytes>'],
    ['bytes of a strange type', 'a\u001b[2Jb/c', Buffer.from([0xff, 0xff]), '<2 bytes>'],
  ])('shows %s', (_, type, body, shown) => {
    const exception = new NotFound(answer(404, body, { headers: type ? { 'Content-Type': type } : {} }));
    expect(layoutOf(exception)).toBe(`${head(404)}${DETAILS}${shown}`);
    expect(exception.response.data).toBe(shown);
  });

  it('shows no secret in bytes that are not text', () => {
    const body = Buffer.concat([Buffer.from([0xff]), Buffer.from('opaque-bearer')]);
    const exception = new NotFound(answer(404, body));
    expect(exception.response.data).toBe('application/json: <14 bytes>');
    const headers = { 'content-type': 'image/opaque-bearer' };
    expect(new NotFound(answer(404, body, { headers })).response.data).toBe('image/<TOKEN>: <14 bytes>');
    expect(inspect(exception, { depth: null, getters: true })).not.toContain('opaque-bearer');
  });

  it('shows no secret in a request body that is not text, in no field', async () => {
    await using world = await withOrigin((_, response) => response.writeHead(400).end());
    const body = Buffer.concat([Buffer.from([0xff]), Buffer.from('opaque-bearer-of-mine')]);
    for (const data of [body, new Blob([body]), new Uint8Array(body).buffer]) {
      const exception = await failure(
        world.session.post('x', data, { headers: { 'Content-Type': 'image/png' } }),
        BadRequest,
      );
      expect(exception.message).toMatch(/image\/png: <22 bytes>$/);
      expect(exception.response.request.data).toBe('image/png: <22 bytes>');
      expect(inspect(exception, { depth: null, getters: true, showHidden: true })).not.toContain('opaque');
    }
  });

  it('shows the start of a long request body, without the piece of a secret at its end', () => {
    const secret = 'a-secret-of-the-caller-which-is-longer-than-its-placeholder';
    // The piece of the body that is shown ends within the secret.
    const data = `${secret} `.repeat(5000);
    const config = { url: CONFIG.url, headers: { Authorization: `Bearer ${secret}` }, data };
    const exception = new NotFound(answer(404, '', { config }));
    expect(exception.response.request.data).toMatch(/^(?:<TOKEN> )+.*… \(\d+ more characters\)$/);
    expect(exception.message).not.toContain('a-secr');
  });

  it('shows the start of a long request body of bytes as text, also where a character is cut', () => {
    const data = Buffer.from(`a${'é'.repeat(50_000)}`);
    const { request } = new NotFound(answer(404, '', { config: { ...CONFIG, data } })).response;
    expect(request.data).toMatch(/^aé+… \(83617 more characters\)$/);
  });

  it('shows a header field only if it is known to hold no credential', () => {
    const names = ['X-Auth', 'Session', 'X-Jwt', 'X-Passphrase', 'Private-Key', 'X-Anything'];
    const headers = Object.fromEntries(names.map((name) => [name, 'hush-hush-99']));
    const config = { ...CONFIG, headers: { ...headers, 'Accept-Language': 'de', 'User-Agent': 'me' } };
    const exception = new NotFound(answer(404, '', { config, headers: { ...headers, 'Retry-After': '7' } }));
    expect(exception.message).toMatch(/X-Anything: <HIDDEN>\r\nAccept-Language: de\r\nUser-Agent: me\r\n/);
    expect(exception.message + JSON.stringify(exception.response)).not.toContain('hush');
    expect(exception.response.headers).toMatchObject({ 'x-anything': '<HIDDEN>', 'retry-after': '7' });
  });

  it('replaces a credential of a header field in the body that repeats it', () => {
    const config = { ...CONFIG, headers: { 'X-Session-Id': 'hush-hush-99' } };
    expect(new NotFound(answer(404, 'who is hush-hush-99?', { config })).message).toMatch(
      /who is <TOKEN>\?$/,
    );
  });

  it('escapes control characters, and what is JSON remains JSON', () => {
    const evil = '\u001b[2J\u0085\u202e\u2066\u007f\0';
    const body = { message: evil, [evil]: 'two\nlines\tand a tab' };
    const exception = new ServerError(answer(500, body, { statusText: evil }));
    const [, details = ''] = exception.message.split(DETAILS);
    expect(JSON.parse(details)).toEqual(body);
    for (const shown of [exception.message, exception.summary, new NotFound(answer(404, evil)).message])
      expect(shown.replaceAll('\r\n', '\n')).not.toMatch(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/u);
    expect(exceptionFor(answer(500, '', { statusText: evil })).summary).toBe(
      'getComponent: \\u001b[2J\\u0085\\u202e\\u2066\\u007f\\u0000 (500)',
    );
    expect(exceptionFor(answer(429, '', { statusText: evil })).cause).toMatchObject({
      message: expect.stringContaining('429 Client Error: \\u001b[2J'),
    });
  });

  it('names the fields of form data, but not what is in them', () => {
    const form = new FormData();
    form.set('title', 'hunter2');
    form.set('opaque-bearer', 'hunter2');
    form.set('data', new Blob(['hunter2']));
    const { message } = new NotFound(answer(404, '', { config: { ...CONFIG, data: form } }));
    expect(message).toMatch(/\r\n\r\n<form data: title, <TOKEN>, data>$/);
  });

  it('an additional message takes the place of the body', () => {
    expect(layoutOf(new NotFound(answer(404, { a: 1 }), 'look here'))).toBe(
      `${head(404)}${DETAILS}look here`,
    );
    expect(new NotFound(answer(404, { a: 1 }), 'it was opaque-bearer').message).toContain('it was <TOKEN>');
  });

  it('tells of the tries before the details, which scripts cut from the end', () => {
    const tries = 'Gave up after 2 tries:\n1. 503\n2. 400';
    expect(layoutOf(exceptionFor(answer(400, { a: 1 }), { tries }))).toBe(
      `${head(400)}\n\n${tries}${DETAILS}{\n  "a": 1\n}`,
    );
    expect(layoutOf(exceptionFor(answer(400, ''), { tries }))).toBe(`${head(400)}\n\n${tries}`);
  });

  it('may say something before the body', () => {
    const preamble = 'uuidentity: 1234-567-1\nexp: 20';
    expect(layoutOf(exceptionFor(answer(400, { a: 1 }), { preamble }))).toBe(
      `${head(400)}${DETAILS}${preamble}\n{\n  "a": 1\n}`,
    );
    expect(exceptionFor(answer(400, '<p>'), { preamble }).message).toMatch(/exp: 20\n<p>$/);
    expect(exceptionFor(answer(400, ''), { preamble }).message).toMatch(/exp: 20$/);
    expect(exceptionFor(answer(400, ''), { preamble: 'it was opaque-bearer' }).message).toMatch(
      /it was <TOKEN>$/,
    );
  });

  it('of a refusal is only the reason, where the server gives it', () => {
    const key = 'uu-app-workspace/authorization/userIsNotAuthorized';
    const refusal = { uuAppErrorMap: { [key]: { type: 'error', message: 'Not for you.', paramMap: {} } } };
    expect(layoutOf(exceptionFor(answer(403, refusal)))).toBe(`${head(403)}${DETAILS}Not for you.`);
    for (const body of [[], { uuAppErrorMap: 'text' }, { uuAppErrorMap: null }]) {
      expect(layoutOf(exceptionFor(answer(401, body)))).toBe(
        `${head(401)}${DETAILS}${JSON.stringify(body, null, 2)}`,
      );
    }
  });

  it('is bounded, however long the bodies are', () => {
    const long = 'x'.repeat(10_000_000);
    for (const data of [long, { long }, Buffer.from(long), `{"accessCode1":"${long}`]) {
      const { message } = new ServerError(answer(500, data, { config: { ...CONFIG, data } }));
      expect(message.length).toBeLessThan(40_000);
      expect(message).toMatch(/more characters\)/);
    }
  });

  it('shows where in a URL secrets were, also where it has no path', () => {
    const url = 'https://user:hunter2@host.example?authz=hunter2';
    const { message } = new NotFound(answer(404, '', { config: { url } }));
    expect(message).toContain('Host: host.example\r\nGET /?authz=<TOKEN> HTTP/1.1\r\n');
  });

  it('copes with an answer of which almost nothing is known', () => {
    const exception = new NotFound({ status: 404 });
    expect(exception.summary).toBe('GET /: the server gave no reason (404)');
    expect(layoutOf(exception)).toBe(
      'received 404 HTTP response for following request\nHost: \r\nGET / HTTP/1.1\r\n\r\n',
    );
  });
});

describe('the first line of a message', () => {
  const key = 'ucl-itkpd-main/getComponent/componentDoesNotExist';
  const errorBody = (entry: object, more: object = {}): object => ({
    uuAppErrorMap: { ...more, [key]: { type: 'error', message: 'It is broken.', paramMap: {}, ...entry } },
  });
  const warning = {
    'a/b/unsupportedKeys': { type: 'warning', message: 'DtoIn has more keys.', paramMap: {} },
  };
  const firstLine = (status: number, data: unknown, more?: Partial<ResponseInput>): string =>
    exceptionFor(answer(status, data, more)).message.split('\n')[0] ?? '';

  it.each<[string, number, unknown, string]>([
    ['the first error of the server', 400, errorBody({}), 'It is broken (400)'],
    ['an error behind a warning', 400, errorBody({}, warning), 'It is broken (400)'],
    [
      'what the error is about',
      400,
      errorBody({ message: 'Component does not exist.', paramMap: { component: '20USBML0000000' } }),
      'Component does not exist: component 20USBML0000000 (400)',
    ],
    [
      'what the error is about once',
      400,
      errorBody({ message: 'No component 20U.', paramMap: { component: '20U', n: 7, long: 'x'.repeat(61) } }),
      'No component 20U: n 7 (400)',
    ],
    ['the key of an error without a message', 400, errorBody({ message: '' }), `${key} (400)`],
    ['the status where there are only warnings', 400, { uuAppErrorMap: warning }, 'Text (400)'],
    [
      'a map that is a string',
      500,
      { uuAppErrorMap: '#<UuApp::Session:0x1>' },
      '#<UuApp::Session:0x1> (500)',
    ],
    ['the message of other JSON', 415, { message: 'Not this type' }, 'Not this type (415)'],
    [
      'the description of an OAuth error',
      400,
      { error: 'x', error_description: 'Bad scope' },
      'Bad scope (400)',
    ],
    ['a body of one line of text', 503, ' upstream is down\n', 'upstream is down (503)'],
    ['the key of an error whose message is only dots', 400, errorBody({ message: '...' }), `${key} (400)`],
    ['the dots at the end of a sentence', 400, errorBody({ message: 'Wait...' }), 'Wait... (400)'],
    ['the status of a body that is only dots', 503, '...', 'Text (503)'],
    ['the next text of other JSON that says something', 400, { message: '- ', error: 'Bad' }, 'Bad (400)'],
    ['the status of a page', 502, '<html><h1>502</h1></html>', 'Text (502)'],
    ['the status of a long text', 502, 'x'.repeat(201), 'Text (502)'],
    ['the status of bytes', 502, Buffer.from([0xff]), 'Text (502)'],
    ['the status of no body', 502, '', 'Text (502)'],
  ])('has %s', (_, status, data, line) => {
    expect(firstLine(status, data)).toBe(`getComponent: ${line}`);
  });

  it.each<[string, string, string]>([
    ['get', 'https://pdb.example/getComponent?x=1', 'getComponent'],
    ['POST', 'https://pdb.example/setComponentStage', 'setComponentStage'],
    ['GET', 'https://pdb.example/api/getComponent', 'GET /api/getComponent'],
    ['PUT', 'https://eos.example/file?authz=x', 'PUT /file'],
    ['GET', 'https://user:password@pdb.example', 'GET /'],
  ])('calls %s %s by its command, else by method and path', (method, url, name) => {
    expect(firstLine(400, '', { config: { method, url } })).toBe(`${name}: Text (400)`);
  });

  it('says where a redirect leads that was not followed', () => {
    expect(firstLine(302, '', { headers: { location: '/over/there?token=x' } })).toBe(
      'getComponent: redirected to /over/there, which was not followed (302)',
    );
  });

  it('says what the identity service did', () => {
    const { summary, message } = new AuthenticationFailed(answer(401, errorBody({})));
    expect(summary).toBe('sign-in: the identity service did not accept the access codes: It is broken (401)');
    expect(message.split('\n')[1]).toBe(
      'Check both access codes. The identity service is https://itkpd.unicornuniversity.net/ (`prefixUrl` of the user). Is that right?',
    );
    expect(new AuthenticationFailed({ status: 401 }).message).toMatch(/\nCheck both access codes\.\n/);
    expect(new AuthenticationFailed(answer(503, '')).summary).toBe(
      'sign-in: the identity service failed and granted no token: Text (503)',
    );
  });

  it('of a status that `validateStatus` refuses says so, and it has no cause', async () => {
    await using world = await withOrigin((_, response) => response.end('{}'));
    const exception = await failure(
      world.session.get('x', { validateStatus: () => false }),
      UnhandledResponse,
    );
    expect(exception.summary).toBe('x: `validateStatus` refused the status (200)');
    expect(exception.cause).toBeUndefined();
  });

  it('has no invisible character of the server, nor has any other text that is printed', async () => {
    const hidden = 'a\u200b\u202e\u{e0041}b';
    const logger = keepLogs();
    await using world = await withOrigin(
      (_, response) => response.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8' }).end(hidden),
      { logger, retry: { tries: 2, baseDelay: 1 } },
    );
    const { summary, message } = await failure(world.session.get('x'), ServerError);
    expect(summary).toBe('x: a\\u200b\\u202e\\udb40\\udc41b (503)');
    for (const text of [message, ...logger.lines])
      expect(text).not.toMatch(/[\p{Default_Ignorable_Code_Point}]/u);
  });

  it('of a BadJSON shows a character that JSON.parse cut in two as an escape', async () => {
    await using world = await withOrigin((_, response) =>
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('🔥\u001b'),
    );
    const exception = await failure(world.session.get('x'), BadJSON);
    expect(exception.summary).toContain('\\ud83d');
    for (const text of [exception.summary, String(exception.cause), exception.message])
      expect(text).not.toMatch(/\p{Cs}|(?!\r\n|\n)\p{Cc}/u);
  });

  it('is one line of at most 300 characters that ends with the status', () => {
    const url = `https://pdb.example/${'p'.repeat(400)}`;
    for (const data of [
      errorBody({ message: 'x\n\r\u2028y '.repeat(200) }),
      errorBody({ message: 'é'.repeat(999) }),
    ]) {
      const exception = exceptionFor(answer(400, data, { config: { url } }));
      expect(exception.summary).toMatch(/^p+…: .*… \(400\)$/);
      expect(exception.summary).toHaveLength(300);
    }
  });

  it('is the summary', () => {
    for (const status of [302, 400, 401, 404, 415, 429, 503]) {
      const exception = exceptionFor(answer(status, errorBody({})));
      expect(exception.summary).toBe(exception.message.split('\n')[0]);
    }
    expect(new InvalidInvocation('one\ntwo').summary).toBe('one');
    expect(new ITkDBException().summary).toBe('');
  });

  it('is broken at a space in any exception, and nothing is lost', () => {
    const words = 'word '.repeat(100).trim();
    const { message, summary } = new InvalidInvocation(words);
    expect(summary).toHaveLength(299);
    expect(message.replace('\n', ' ')).toBe(words);
    expect(new ConnectionReset('x'.repeat(1000)).summary).toHaveLength(300);
  });

  it('has no secret in it', () => {
    const data = errorBody({
      message: 'You sent a bad one.',
      paramMap: { code: 'first-code', sent: 'opaque-bearer' },
    });
    expect(firstLine(401, data)).toBe('getComponent: You sent a bad one: code <TOKEN>, sent <TOKEN> (401)');
    expect(
      exceptionFor(answer(400, ''), { reason: 'it was opaque-bearer', advice: 'Not opaque-bearer.' }).message,
    ).toMatch(/^getComponent: it was <TOKEN> \(400\)\nNot <TOKEN>\.\n\nreceived 400/);
  });
});

describe('the message of an Aborted', () => {
  it('has no secret of the request, while its cause is the reason that the caller gave', async () => {
    const controller = new AbortController();
    const reason = new Error('gave up with opaque-key-of-mine');
    await using world = await withOrigin(() => controller.abort(reason));
    const exception = await failure(
      world.session.get('x', {
        signal: controller.signal,
        headers: { 'X-Api-Key': 'opaque-key-of-mine' },
      }),
      Aborted,
    );
    expect(exception.message).toMatch(/^GET .*x was aborted: gave up with <TOKEN>$/);
    expect(exception.cause).toBe(reason);
  });
});

describe('the second line of a message', () => {
  const secondLine = (status: number, data: unknown = '', more?: Partial<ResponseInput>): string =>
    exceptionFor(answer(status, data, more)).message.split('\n')[1] ?? '';
  const invalid = (paramMap: object): object => ({
    uuAppErrorMap: { 'a/b/invalidDtoIn': { type: 'error', message: 'DtoIn is not valid.', paramMap } },
  });

  it('lists what the server says of the keys of the input', () => {
    const paramMap = {
      missingKeyMap: { '$.component': { 'string.required': 'Key component is required.' } },
      invalidTypeKeyMap: { '$.stage': { e001: 'Stage must be a string.', e002: 7 }, '$.x': 'odd' },
    };
    const data = {
      uuAppErrorMap: { 'a/b/invalidDtoIn': { type: 'error', message: 'DtoIn is not valid.', paramMap } },
    };
    expect(secondLine(400, data)).toBe('Key component is required. Stage must be a string.');
  });

  it('names the unknown keys, after what the server says of missing ones', () => {
    const missingKeyMap = { '$.component': { 'string.required': 'Key component is required.' } };
    const unsupportedKeyList = ['$.serialNumber'];
    expect(secondLine(400, invalid({ missingKeyMap, unsupportedKeyList }))).toBe(
      'Key component is required. Unknown key: serialNumber.',
    );
    const paths = ['$.filterMap.a', '$.b', '$.c', '$.d', '$.e', '$.f', '$.g'];
    expect(secondLine(400, invalid({ unsupportedKeyList: [...paths, 7] }))).toBe(
      'Unknown keys: filterMap.a, b, c, d, e, and 2 more.',
    );
    for (const odd of [[], 'text', null, [null]])
      expect(secondLine(400, invalid({ unsupportedKeyList: odd }))).toBe('');
  });

  it('names a key whose text does not name it', () => {
    const invalidTypeKeyMap = {
      '$.filterMap.id': { e1: 'This is invalid.' },
      '$.runNumber': { e1: 'Value must be of type string.', e2: 'RunNumber is a string.' },
      '$.stages[3]': { e1: 'Stages are strings.' },
      $: { e1: 'Not an object.' },
    };
    expect(secondLine(400, invalid({ invalidTypeKeyMap }))).toBe(
      '`filterMap.id`: This is invalid. `runNumber`: Value must be of type string. RunNumber is a string. Stages are strings. Not an object.',
    );
  });

  it('of a file on EOS says where a new token comes from', () => {
    const at = (method: string, url: string) => ({ config: { method, url } });
    const url = 'https://eosatlas.cern.ch//eos/atlas/test/itkpd/a/b/c/abc';
    expect(secondLine(403, '', at('PUT', url))).toBe(
      'The token may be too old, or for another file. Get a new one with `requestUploadEosFile`.',
    );
    expect(secondLine(403, '', at('GET', url))).toMatch(/^The token may be too old.* by reading what/);
    expect(secondLine(403, '', at('GET', 'https://itkpd.example/getComponent?x=/eos/'))).toBe('');
  });

  it('says what to do about a status, where that is known', () => {
    expect(secondLine(404)).toBe('Check the name of the command, or the URL.');
    expect(secondLine(413)).toBe('Send less at once.');
    expect(secondLine(429)).toMatch(/`maxConcurrency`/);
  });

  it('is empty where there is nothing to do', () => {
    expect(secondLine(500)).toBe('');
  });
});

describe('an exception that is printed', () => {
  const MARK = 'MARKED-SECRET-0123456789';
  const JWT = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(MARK).toString('base64url')}.c2ln`;
  const response = answer(
    400,
    {
      echo: `your header was Bearer ${MARK}, your cookie ${MARK}-cookie`,
      id_token: MARK,
      nested: [{ accessCode1: MARK, Token: MARK }],
      jwt: JWT,
      url: `https://eos.example/x?authz=${MARK}`,
    },
    {
      headers: { 'set-cookie': [`session=${MARK}-new; Path=/`], 'x-echo': MARK },
      config: {
        method: 'post',
        url: `https://user:${MARK}@host.example/grantToken?access_token=${MARK}`,
        headers: { Authorization: `Bearer ${MARK}`, Cookie: `session=${MARK}-cookie`, 'X-Api-Key': MARK },
        data: `{"accessCode1":"${MARK}","\\u0061ccessCode2":"${MARK}","password":"${MARK}"}`,
      },
    },
  );
  const exceptions = [
    exceptionFor(response, { preamble: `it was Bearer ${MARK}`, tries: `1. Bearer ${MARK}` }),
    ...[302, 401, 404, 415, 429, 500].map((status) => exceptionFor({ ...response, status })),
    exceptionFor({ ...response, data: JSON.stringify(response.data).slice(0, -1) }),
    new ConnectionReset('x', { cause: new Error('y') }),
  ];

  /** The ways in which secrets leak from an AxiosError, and a few more. */
  const PATHS: [string, (error: Error) => string][] = [
    ['message', (error) => error.message],
    ['stack', (error) => String(error.stack)],
    ['inspect with showHidden', (error) => inspect(error, { showHidden: true, depth: 20, getters: true })],
    [
      'inspect without custom inspection',
      (error) => inspect(error, { customInspect: false, showHidden: true, depth: 20 }),
    ],
    ['JSON.stringify', (error) => JSON.stringify(error)],
    ['structuredClone', (error) => inspect(structuredClone(error), { showHidden: true, depth: 20 })],
    ['cause', (error) => inspect(new Error('outer', { cause: error }), { showHidden: true, depth: 20 })],
    ['AggregateError', (error) => inspect(new AggregateError([error]), { showHidden: true, depth: 20 })],
    ['entries', (error) => inspect(Object.entries(Object.getOwnPropertyDescriptors(error)), { depth: 20 })],
    ['response', (error) => inspect((error as ResponseException).response, { showHidden: true, depth: 20 })],
    [
      'appErrors',
      (error) => inspect((error as ResponseException).appErrors, { showHidden: true, depth: 20 }),
    ],
  ];

  it.each(PATHS)('shows no secret through %s', (_, print) => {
    for (const exception of exceptions) {
      const printed = print(exception);
      expect(printed).not.toContain(MARK);
      expect(printed).not.toContain(JWT);
    }
  });

  it('still carries the exchange', () => {
    const exception = exceptions[0] as BadRequest;
    expect(exception.response).toMatchObject({
      status: 400,
      statusText: 'Text',
      headers: { 'set-cookie': ['session=<COOKIE>; Path=/'] },
      data: { id_token: '<TOKEN>', nested: [{ accessCode1: '<ACCESS_CODE>', Token: '<TOKEN>' }] },
      request: { method: 'POST', url: 'https://<CREDENTIALS>@host.example/grantToken?access_token=<TOKEN>' },
    });
    expect(JSON.parse(JSON.stringify(exception))).toMatchObject({
      name: 'BadRequest',
      code: 'ERR_BAD_REQUEST',
      status: 400,
    });
  });
});
