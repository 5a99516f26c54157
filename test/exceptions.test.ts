import { describe, expect, it, vi } from 'vitest';
import { exceptionFor } from '../src/exceptions/status.js';
import * as itkdb from '../src/index.js';
import {
  Aborted,
  type AnyITkDBException,
  BadRequest,
  DuplicateObjectsInDB,
  DuplicateTestRuns,
  Forbidden,
  InvalidIdToken,
  InvalidInvocation,
  ITkDBException,
  isITkDBException,
  Redirect,
  ResponseException,
  SpecialError,
  TransportException,
  UnhandledResponse,
} from '../src/index.js';
import { answer, DETAILS, head, layoutOf } from './helpers/answer.js';

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
    expect(exception.stack).toMatch(new RegExp(`^${name}: getComponent: .+ \\(${status}\\)\n`));
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
  it.each([undefined, null, 'no', 503])('or none at all, such as %j, makes no exception', (answer) => {
    for (const type of [BadRequest, UnhandledResponse]) {
      expect(() => new type(answer as never)).toThrow(InvalidInvocation);
      expect(() => new type(answer as never)).toThrow(
        `new ${type.name} needs a response, such as { status: 400, data }`,
      );
    }
  });

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

describe('isITkDBException', () => {
  it('recognises the exceptions of a second copy of the package, and nothing else', async () => {
    vi.resetModules();
    const copy = await import('../src/index.js');
    expect(copy.ITkDBException).not.toBe(ITkDBException);
    for (const exception of [new copy.InvalidInvocation('x'), new copy.BadRequest(answer(400, {}))]) {
      expect(exception).not.toBeInstanceOf(ITkDBException);
      expect(isITkDBException(exception)).toBe(true);
      expect(Object.keys(exception)).not.toContain('Symbol(itkdb.ITkDBException)');
    }
    expect(copy.isITkDBException(new Aborted('x'))).toBe(true);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const others = [new Error('x'), { code: 'ERR_ABORTED', name: 'Aborted' }, null, undefined, 'x', proxy];
    expect(others.map(isITkDBException)).toEqual(others.map(() => false));
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
    expect(layoutOf(exception)).toBe(`${head(302)}${DETAILS}Redirect to ${path || 'nowhere'}`);
  });
});

describe('a SpecialError', () => {
  it('has the reason and the errors of the body', () => {
    const exception = new SpecialError(answer(415, { message: 'm', reason: 'r', special_errors: [1] }));
    expect(exception).toMatchObject({ reason: 'r', specialErrors: [1] });
    expect(layoutOf(exception)).toBe(`${head(415)}${DETAILS}Special error 'm'`);
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

describe('Forbidden', () => {
  it('keeps the message that a caller gives', () => {
    expect(new Forbidden(answer(403, {}), 'mine').message).toMatch(/mine$/);
  });
});
