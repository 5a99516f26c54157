import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { exceptionFor } from '../src/exceptions/status.js';
import * as itkdb from '../src/index.js';
import {
  Aborted,
  type AnyITkDBException,
  BadRequest,
  ConnectionReset,
  DuplicateObjectsInDB,
  DuplicateTestRuns,
  Forbidden,
  InvalidIdToken,
  InvalidInvocation,
  ITkDBException,
  isITkDBException,
  NotFound,
  Redirect,
  ResponseException,
  type ResponseInput,
  ServerError,
  SpecialError,
  TransportException,
  UnhandledResponse,
} from '../src/index.js';

const CONFIG = {
  method: 'get',
  url: 'https://itkpd.unicornuniversity.net/getComponent?x=1',
  headers: { Accept: '*/*', Authorization: 'Bearer opaque-bearer', Cookie: 'session=cookie-value' },
  data: '{"component":"20U","accessCode1":"first-code"}',
};

const answer = (status: number, data: unknown, more: Partial<ResponseInput> = {}): ResponseInput => ({
  status,
  statusText: 'Text',
  headers: { 'content-type': 'application/json' },
  data,
  config: CONFIG,
  ...more,
});

const REQUEST = [
  'Host: itkpd.unicornuniversity.net',
  'GET /getComponent?x=1 HTTP/1.1',
  'Accept: */*',
  'Authorization: Bearer <TOKEN>',
  'Cookie: <COOKIE>',
  '',
  '{"component":"20U","accessCode1":"<ACCESS_CODE>"}',
].join('\r\n');

const head = (status: number): string => `received ${status} HTTP response for following request\n${REQUEST}`;
const DETAILS = '\n\nThe following details may help:\n';

describe('the exception of a status', () => {
  it.each<[number, string, string]>([
    [302, 'Redirect', 'ERR_REDIRECT'],
    [400, 'BadRequest', 'ERR_BAD_REQUEST'],
    [401, 'Forbidden', 'ERR_FORBIDDEN'],
    [403, 'Forbidden', 'ERR_FORBIDDEN'],
    [404, 'NotFound', 'ERR_NOT_FOUND'],
    [409, 'Conflict', 'ERR_CONFLICT'],
    [413, 'TooLarge', 'ERR_TOO_LARGE'],
    [415, 'SpecialError', 'ERR_SPECIAL_ERROR'],
    [451, 'UnavailableForLegalReasons', 'ERR_UNAVAILABLE_FOR_LEGAL_REASONS'],
    [500, 'ServerError', 'ERR_SERVER_ERROR'],
    [502, 'ServerError', 'ERR_SERVER_ERROR'],
    [503, 'ServerError', 'ERR_SERVER_ERROR'],
    [504, 'ServerError', 'ERR_SERVER_ERROR'],
    ...[
      402, 405, 406, 408, 410, 411, 412, 414, 416, 417, 418, 422, 423, 428, 429, 431, 499, 501, 505, 507, 599,
    ].map((status): [number, string, string] => [status, 'UnhandledResponse', 'ERR_UNHANDLED_RESPONSE']),
  ])('%i is %s', (status, name, code) => {
    const exception = exceptionFor(answer(status, {}));
    expect(exception).toBeInstanceOf(ResponseException);
    expect(exception).toBeInstanceOf(ITkDBException);
    expect(exception.constructor.name).toBe(name);
    expect(exception).toMatchObject({ name, code, status });
    expect(exception.stack).toMatch(new RegExp(`^${name}: received ${status} HTTP response`));
  });

  it('an unhandled one has a cause that names status and URL', () => {
    const { cause } = exceptionFor(answer(429, ''));
    expect(cause).toBeInstanceOf(Error);
    expect((cause as Error).message).toBe(
      '429 Client Error: Text for url: https://itkpd.unicornuniversity.net/getComponent?x=1',
    );
  });

  it.each(['__proto__', 'constructor', 'toString'])('the table knows no status %s', (status) => {
    expect(exceptionFor(answer(status as unknown as number, ''))).toBeInstanceOf(UnhandledResponse);
  });
});

describe('an answer that is strange', () => {
  it('with a field called __proto__ shows that field', () => {
    const fields = JSON.parse('{"__proto__":["polluted"]}');
    const { headers } = exceptionFor(answer(400, '', { headers: fields })).response;
    expect(Object.keys(headers)).toEqual(['__proto__']);
    expect(Array.isArray(headers)).toBe(false);
  });

  it('with a body that cannot be read is an exception all the same', () => {
    const data = {
      get biting() {
        throw new Error('bitten');
      },
    };
    expect(exceptionFor(answer(400, data)).message).toContain('<unreadable>');
  });
});

describe('the family', () => {
  it('has the shape of the Python package', () => {
    expect(new DuplicateTestRuns('x')).toBeInstanceOf(DuplicateObjectsInDB);
    expect(new DuplicateObjectsInDB('x')).toMatchObject({
      name: 'DuplicateObjectsInDB',
      code: 'ERR_DUPLICATE_OBJECTS',
    });
    expect(new DuplicateTestRuns('x')).toMatchObject({
      name: 'DuplicateTestRuns',
      code: 'ERR_DUPLICATE_TEST_RUNS',
    });
    expect(new InvalidInvocation('x')).toBeInstanceOf(ITkDBException);
    expect(new InvalidIdToken('expiry', 'x')).toMatchObject({
      code: 'ERR_INVALID_ID_TOKEN',
      check: 'expiry',
    });
    expect(new ITkDBException('x')).toMatchObject({ name: 'ITkDBException', code: 'ERR_ITKDB' });
  });

  it('has one code for each class, and no class without a name', () => {
    const classes = Object.values(itkdb).filter(
      (value): value is typeof ITkDBException =>
        typeof value === 'function' && value.prototype instanceof ITkDBException,
    );
    const abstract = new Set<unknown>([ResponseException, TransportException]);
    const instances = classes
      .filter((type) => !abstract.has(type))
      .map(
        (type) => new (type as unknown as new (...args: unknown[]) => ITkDBException)(answer(400, {}), 'x'),
      );
    const codes = instances.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(instances.map(({ name }) => name)).toEqual(
      instances.map((exception) => exception.constructor.name),
    );
  });

  it('a code narrows an exception to its class', () => {
    const narrow = (error: unknown): string => {
      if (!isITkDBException(error)) return 'foreign';
      const exception: AnyITkDBException = error;
      switch (exception.code) {
        case 'ERR_BAD_REQUEST':
          return exception.status.toFixed();
        case 'ERR_REDIRECT':
          return exception.path;
        case 'ERR_INVALID_ID_TOKEN':
          return exception.check;
        default:
          return exception.name;
      }
    };
    expect(narrow(new BadRequest(answer(400, {})))).toBe('400');
    expect(narrow(new Redirect(answer(302, '', { headers: { location: '/a.json' } })))).toBe('/a');
    expect(narrow(new InvalidIdToken('expiry', 'x'))).toBe('expiry');
    expect(narrow(new Aborted('x'))).toBe('Aborted');
    expect(narrow(new Error('x'))).toBe('foreign');
  });
});

describe('the message', () => {
  it('is the request, then the body as JSON with two spaces of indent', () => {
    const body = {
      uuAppErrorMap: { 'a/b/c': { type: 'error', message: 'é', paramMap: {} } },
      list: [],
      n: 1,
    };
    expect(new NotFound(answer(404, body)).message).toBe(
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
    ['other bytes', Buffer.from([0xff, 0xfe, 0x00]), `${DETAILS}<3 bytes>`],
  ])('shows %s', (_, body, details) => {
    for (const status of [401, 404, 415, 500, 418]) {
      expect(exceptionFor(answer(status, body)).message).toBe(`${head(status)}${details}`);
    }
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, ''],
    ['bytes', Buffer.from('text'), 'text'],
    ['bytes that are no UTF-8', Buffer.from([0xff]), '<Decoding error>'],
    ['an object', { accessCode2: 'x' }, '{"accessCode2":"<ACCESS_CODE>"}'],
    ['JSON with white space', '{ "a": 1 }', '{ "a": 1 }'],
    ['a form', 'accessCode1=hunter2&a=1', 'accessCode1=<ACCESS_CODE>&a=1'],
    ['a stream', { pipe: () => {} }, '<stream>'],
  ])('shows %s as the request body', (_, data, shown) => {
    expect(new NotFound(answer(404, '', { config: { ...CONFIG, data } })).message.split('\r\n\r\n')[1]).toBe(
      shown,
    );
  });

  it('names the fields of form data, but not what is in them', () => {
    const form = new FormData();
    form.set('title', 'hunter2');
    form.set('data', new Blob(['hunter2']));
    const { message } = new NotFound(answer(404, '', { config: { ...CONFIG, data: form } }));
    expect(message).toMatch(/\r\n\r\n<form data: title, data>$/);
  });

  it('an additional message takes the place of the body', () => {
    expect(new NotFound(answer(404, { a: 1 }), 'look here').message).toBe(`${head(404)}${DETAILS}look here`);
    expect(new NotFound(answer(404, { a: 1 }), 'it was opaque-bearer').message).toContain('it was <TOKEN>');
  });

  it('tells of the tries before the details, which scripts cut from the end', () => {
    const tries = 'Gave up after 2 tries:\n1. 503\n2. 400';
    expect(exceptionFor(answer(400, { a: 1 }), { tries }).message).toBe(
      `${head(400)}\n\n${tries}${DETAILS}{\n  "a": 1\n}`,
    );
    expect(exceptionFor(answer(400, ''), { tries }).message).toBe(`${head(400)}\n\n${tries}`);
  });

  it('may say something before the body', () => {
    const preamble = 'uuidentity: 1234-567-1\nexp: 20';
    const { message } = exceptionFor(answer(400, { a: 1 }), { preamble });
    expect(message).toBe(`${head(400)}${DETAILS}${preamble}\n{\n  "a": 1\n}`);
    expect(exceptionFor(answer(400, '<p>'), { preamble }).message).toMatch(/exp: 20\n<p>$/);
    expect(exceptionFor(answer(400, ''), { preamble }).message).toMatch(/exp: 20$/);
    expect(exceptionFor(answer(400, ''), { preamble: 'it was opaque-bearer' }).message).toMatch(
      /it was <TOKEN>$/,
    );
  });

  it('of a refusal is only the reason, where the server gives it', () => {
    const key = 'uu-app-workspace/authorization/userIsNotAuthorized';
    const refusal = { uuAppErrorMap: { [key]: { type: 'error', message: 'Not for you.', paramMap: {} } } };
    expect(exceptionFor(answer(403, refusal)).message).toBe(`${head(403)}${DETAILS}Not for you.`);
    for (const body of [[], { uuAppErrorMap: 'text' }, { uuAppErrorMap: null }]) {
      expect(exceptionFor(answer(401, body)).message).toBe(
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
    expect(new NotFound({ status: 404 }).message).toBe(
      'received 404 HTTP response for following request\nHost: \r\nGET / HTTP/1.1\r\n\r\n',
    );
  });
});

describe('a Redirect', () => {
  it.each([
    ['/over/there.json?a=b', '/over/there'],
    ['https://other.example/x', '/x'],
    ['x', '/x'],
    [undefined, ''],
    ['https://[', ''],
  ])('to %s has the path %j', (location, path) => {
    const exception = new Redirect(answer(302, '', { headers: { location } }));
    expect(exception.path).toBe(path);
    expect(exception.message).toBe(`${head(302)}${DETAILS}Redirect to ${path || 'nowhere'}`);
  });
});

describe('a SpecialError', () => {
  it('has the reason and the errors of the body', () => {
    const exception = new SpecialError(answer(415, { message: 'm', reason: 'r', special_errors: [1] }));
    expect(exception).toMatchObject({ reason: 'r', specialErrors: [1] });
    expect(exception.message).toBe(`${head(415)}${DETAILS}Special error 'm'`);
  });

  it.each([{}, [], 'text', null, { message: 1, special_errors: 'x' }])('of the body %j has none', (body) => {
    expect(new SpecialError(answer(415, body))).toMatchObject({ reason: '', specialErrors: [] });
  });
});

describe('the reasons of the server', () => {
  const key = 'ucl-itkpd-main/getComponent/componentDoesNotExist';
  const entry = { type: 'error', message: 'Component does not exist.', paramMap: { component: 'x' } };

  it('are parsed, and found by the whole key or its last parts', () => {
    const exception = new BadRequest(answer(400, { uuAppErrorMap: { [key]: entry } }));
    expect(exception.appErrors).toEqual({ [key]: entry });
    for (const part of [key, 'getComponent/componentDoesNotExist', 'componentDoesNotExist']) {
      expect(exception.hasAppError(part)).toBe(true);
    }
    for (const part of ['DoesNotExist', 'getComponent', 'x', ''])
      expect(exception.hasAppError(part)).toBe(false);
  });

  it.each<[unknown, object]>([
    [
      '#<UuApp::Oidc::Session:0x1>',
      { uuAppErrorMap: { type: 'error', message: '#<UuApp::Oidc::Session:0x1>', paramMap: {} } },
    ],
    [null, {}],
    [undefined, {}],
    [['x'], {}],
    [7, {}],
    [{ a: 'text' }, { a: { type: 'error', message: 'text', paramMap: {} } }],
    [{ a: null }, { a: { type: 'error', message: '', paramMap: {} } }],
    [{ a: { type: 1, message: 2, paramMap: [] } }, { a: { type: 'error', message: '', paramMap: {} } }],
  ])('a uuAppErrorMap that is %j becomes %j', (uuAppErrorMap, parsed) => {
    expect({ ...new BadRequest(answer(400, { uuAppErrorMap })).appErrors }).toEqual(parsed);
  });

  it.each(['text', [], null, 3])('a body that is %j has none', (body) => {
    expect({ ...new BadRequest(answer(400, body)).appErrors }).toEqual({});
  });

  it('a key called __proto__ pollutes nothing', () => {
    const body = JSON.parse(
      '{"uuAppErrorMap":{"__proto__":{"type":"error","message":"m","paramMap":{"x":1}}}}',
    );
    const { appErrors } = new BadRequest(answer(400, body));
    expect(Object.keys(appErrors)).toEqual(['__proto__']);
    expect(({} as { message?: string }).message).toBeUndefined();
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

describe('Forbidden', () => {
  it('keeps the message that a caller gives', () => {
    expect(new Forbidden(answer(403, {}), 'mine').message).toMatch(/mine$/);
  });
});
