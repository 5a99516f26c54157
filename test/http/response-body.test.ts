import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BadJSON } from '../../src/exceptions/response.js';
import {
  decodeBody,
  decodeText,
  isPage,
  type ResponseType,
  readFailedBody,
} from '../../src/http/body/response-body.js';
import type { HttpRequest, HttpResponse } from '../../src/http/request.js';
import { withOrigin } from '../helpers/with-origin.js';

const REQUEST: HttpRequest = {
  method: 'GET',
  url: 'https://database.example/getComponent',
  headers: {},
  body: undefined,
  usesToken: true,
};
const TOKEN = { value: 'a-token-of-the-user', owner: 'owner', obtainedAt: 0 };

function responseOf(body: Buffer | string | Readable, contentType?: string, status = 200): HttpResponse {
  return {
    status,
    statusText: 'OK',
    headers: contentType === undefined ? {} : { 'content-type': contentType },
    body: typeof body === 'string' ? Buffer.from(body) : body,
    request: REQUEST,
    token: TOKEN,
  };
}

function badJson(response: HttpResponse, responseType?: ResponseType): BadJSON {
  try {
    decodeBody(response, responseType);
  } catch (error) {
    expect(error).toBeInstanceOf(BadJSON);
    return error as BadJSON;
  }
  return expect.unreachable('nothing was thrown');
}

describe('decodeBody', () => {
  const body = '{"é":1}';
  const bytes = Buffer.from(body);

  it.each<[string | undefined, ResponseType | undefined, unknown]>([
    ['application/json', undefined, { é: 1 }],
    ['application/json; charset=utf-8', undefined, { é: 1 }],
    ['Application/JSON ; charset="UTF-8"', undefined, { é: 1 }],
    ['application/problem+json', undefined, { é: 1 }],
    ['application/vnd.api+JSON;v=1', undefined, { é: 1 }],
    ['text/json', undefined, { é: 1 }],
    ['Text/Json; charset=utf-8', undefined, { é: 1 }],
    ['application/json; charset=nonsense', undefined, { é: 1 }],
    ['application/jsonp', undefined, bytes],
    ['application/x-json-seq', undefined, bytes],
    ['text/plain', undefined, body],
    ['text/html', undefined, body],
    ['application/xml', undefined, body],
    ['image/svg+xml', undefined, body],
    [undefined, undefined, body],
    ['', undefined, body],
    ['image/jpeg', undefined, bytes],
    ['application/zip', undefined, bytes],
    ['text/plain', 'json', { é: 1 }],
    ['image/jpeg', 'text', body],
    ['application/json', 'text', body],
    ['application/json', 'arraybuffer', bytes],
  ])('decodes a body with Content-Type %j and responseType %j', (contentType, responseType, data) => {
    expect(decodeBody(responseOf(body, contentType), responseType)).toEqual(data);
  });

  it('returns the same Buffer where it is not decoded', () => {
    expect(decodeBody(responseOf(bytes, 'image/jpeg'), undefined)).toBe(bytes);
  });

  it.each<[string, ResponseType | undefined, unknown]>([
    ['application/json', undefined, ''],
    ['image/jpeg', undefined, ''],
    ['text/plain', 'json', ''],
    ['application/json', 'arraybuffer', Buffer.alloc(0)],
  ])('decodes an empty body with Content-Type %j and responseType %j', (contentType, responseType, data) => {
    expect(decodeBody(responseOf('', contentType), responseType)).toEqual(data);
  });

  it('returns a stream as it is', () => {
    const stream = Readable.from([body]);
    expect(decodeBody(responseOf(stream, 'application/json'), 'stream')).toBe(stream);
  });

  it.each(['latin1', '"ISO-8859-1"', 'windows-1252'])('decodes charset=%s', (charset) => {
    const response = responseOf(Buffer.from(body, 'latin1'), `application/json;charset=${charset}`);
    expect(decodeBody(response, undefined)).toEqual({ é: 1 });
  });

  it('decodes UTF-16', () => {
    const response = responseOf(Buffer.from(body, 'utf16le'), 'text/plain; charset=utf-16le');
    expect(decodeBody(response, undefined)).toBe(body);
  });

  it.each<ResponseType | undefined>([undefined, 'json'])(
    'accepts a byte order mark before JSON with responseType %j',
    (responseType) => {
      const response = responseOf(`\uFEFF${body}`, 'application/json');
      expect(decodeBody(response, responseType)).toEqual({ é: 1 });
    },
  );

  it('throws BadJSON with the body as details where JSON was declared', () => {
    const exception = badJson(responseOf('<html>gateway</html>', 'application/json'));
    expect(exception).toMatchObject({ status: 200, code: 'ERR_BAD_JSON', cause: expect.any(SyntaxError) });
    expect(exception.summary).toMatch(/: the body is not JSON: Unexpected token.* \(200\)$/);
    expect(exception.message).toMatch(/details may help:\n<html>gateway<\/html>$/);
    expect(exception.response.request.url).toBe(REQUEST.url);
  });

  it('says that an HTML page is one', () => {
    const { message } = badJson(responseOf('<h1>Log in</h1>', 'text/html'), 'json');
    expect(message).toMatch(/: the body is an HTML page.* \(200\)\nCheck the URL\. `responseType: 'text'`/);
  });

  it('does not quote the body in the cause of BadJSON', () => {
    const { cause } = badJson(responseOf('hunter2', 'application/json'));
    expect((cause as Error).message).toMatch(/^Unexpected token .* is not valid JSON$/);
    expect((cause as Error).stack).not.toContain('hunter2');
  });

  it('shows the token nowhere in BadJSON, also where the body repeats it', () => {
    const exception = badJson(responseOf(`not JSON: ${TOKEN.value}`, 'application/json'));
    const shown = inspect(exception, { showHidden: true, depth: 20, maxStringLength: null });
    expect(shown).toContain('Bearer <TOKEN>');
    expect(`${shown}${exception.stack}${JSON.stringify(exception)}`).not.toContain(TOKEN.value);
  });
});

describe('a Session', () => {
  it.each(['application/json', 'text/json; charset=utf-8', 'application/problem+json'])(
    'parses a response of type %s',
    async (contentType) => {
      await using world = await withOrigin((_, response) =>
        response.writeHead(200, { 'Content-Type': contentType }).end('\uFEFF{"a":1}'),
      );
      expect((await world.session.get('x')).data).toEqual({ a: 1 });
    },
  );
});

describe('decodeText', () => {
  it.each<[string, ResponseType | undefined, unknown]>([
    ['application/json', undefined, '{"a":1}'],
    ['text/plain', 'json', '{"a":1}'],
    ['image/jpeg', undefined, Buffer.from('{"a":1}')],
    ['image/jpeg', 'text', '{"a":1}'],
    ['text/plain', 'arraybuffer', Buffer.from('{"a":1}')],
  ])('does not parse JSON with Content-Type %j and responseType %j', (contentType, responseType, data) => {
    expect(decodeText(responseOf('{"a":1}', contentType), responseType)).toEqual(data);
  });
});

describe('isPage', () => {
  it.each([
    ['text/html', true],
    ['Text/HTML; charset=utf-8', true],
    ['application/json', false],
    ['text/htmlish', false],
    [undefined, false],
  ])('tells for Content-Type %j whether it is an HTML page: %j', (contentType, expected) => {
    expect(isPage(responseOf('x', contentType))).toBe(expected);
  });
});

describe('readFailedBody', () => {
  it.each(['{"a":1}', ''])('returns the bytes of the failed body %j', async (body) => {
    expect(await readFailedBody(responseOf(body, 'application/json', 400))).toEqual(Buffer.from(body));
    const stream = Readable.from([Buffer.from(body)]);
    expect(await readFailedBody(responseOf(stream, 'application/json', 400))).toEqual(Buffer.from(body));
  });

  it('reads only the start of a stream, and destroys the stream', async () => {
    let chunks = 0;
    const stream = new Readable({
      read() {
        chunks += 1;
        this.push(Buffer.alloc(16 * 1024, 'x'));
      },
    });
    const data = await readFailedBody(responseOf(stream, 'text/plain', 500));
    expect(data.length).toBe(64 * 1024);
    expect(chunks).toBeLessThan(20);
    expect(stream.destroyed).toBe(true);
  });

  it('returns what arrived of a stream that broke off', async () => {
    const stream = Readable.from(
      (async function* () {
        yield Buffer.from('the start');
        throw new Error('broke off');
      })(),
    );
    expect(String(await readFailedBody(responseOf(stream, 'text/plain', 500)))).toBe('the start');
  });
});
