import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  BadJSON,
  type BinaryFile,
  Client,
  type ClientOptions,
  InvalidInvocation,
  Page,
  User,
  type Warning,
} from '../../src/index.js';
import { startPdb } from '../../src/testing/index.js';
import { MockUser } from '../helpers/mock-user.js';
import { json, Origin, type Respond } from '../helpers/origin.js';

const pdb = await startPdb({ components: 300 });
afterAll(() => pdb.close());

const newClient = (options: ClientOptions = {}): Client =>
  new Client({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache: false, ...options });

/** A server that gives one answer, and a client of it. */
async function withAnswer(
  respond: Respond | object | null,
  options: ClientOptions = {},
): Promise<AsyncDisposable & { client: Client; origin: Origin }> {
  const origin = await Origin.start(
    typeof respond === 'function' ? (respond as Respond) : (_, response) => json(response, respond),
  );
  const client = new Client({
    ...{ user: new MockUser(), prefixUrl: origin.url, cache: false, retry: false },
    ...options,
  });
  return {
    client,
    origin,
    async [Symbol.asyncDispose]() {
      await client.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

describe('new Client', () => {
  it('takes the options of a session, and refuses others by name', async () => {
    await using client = newClient({ timeout: 1234 });
    expect(client.session.prefixUrl).toBe(pdb.apiUrl);
    expect(() => new Client({ page_size: 3 } as never)).toThrow('no option `page_size`');
    for (const options of [null, 3, []])
      expect(() => new Client(options as never)).toThrow('an object of options');
    expect(() => new Client({ onWarning: 3 } as never)).toThrow('`onWarning` must be a function');
    for (const [options, message] of [
      [{ timeOut: 3 }, 'new Client: there is no option `timeOut`; is it `timeout`?'],
      [{ onWarnings: () => {} }, 'new Client: there is no option `onWarnings`; is it `onWarning`?'],
      [{ timeout: '3' }, 'new Client: `timeout` must be a number'],
      [{ user: new MockUser(), saveAuth: 'x' }, 'new Client: `saveAuth` belongs to new User'],
      [null, 'new Client: must be given an object of options'],
    ] as const)
      expect(() => new Client(options as never)).toThrow(message);
  });

  it('shows no secret when it is printed', async () => {
    await using client = newClient();
    await client.whoAmI();
    const { inspect } = await import('node:util');
    const shown = inspect(client, { depth: 20, showHidden: true }) + JSON.stringify(client) + String(client);
    expect(shown).toContain('Client(');
    expect(shown).not.toContain(pdb.user.accessCode1);
  });

  it('ends what is under way when it is closed', async () => {
    await using world = await withAnswer(() => {});
    const pending = world.client.get('getThing');
    setTimeout(() => world.client.close(), 50);
    await expect(pending).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});

describe('client.get', () => {
  const [component] = pdb.dataset.components;
  const serialNumber = component?.serialNumber as string;

  it('gives the object of a command, without `uuAppErrorMap`', async () => {
    await using client = newClient();
    const result = await client.get('getComponent', { data: { component: serialNumber } });
    expect(result.serialNumber).toBe(serialNumber);
    expect(result).not.toHaveProperty('uuAppErrorMap');
  });

  it('takes the input as `json` too, as in Python', async () => {
    await using client = newClient();
    const result = await client.get('getComponent', { json: { component: serialNumber } });
    expect(result.serialNumber).toBe(serialNumber);
    await expect(client.get('getComponent', { json: {}, data: {} } as never)).rejects.toThrow(
      '`data` or `json`, not both',
    );
  });

  it('refuses an input in place of options, and prints the right line', async () => {
    await using client = newClient();
    const call = client.get('getComponent', { component: serialNumber } as never);
    await expect(call).rejects.toThrow("client.get('getComponent', { data: { component } })");
    await expect(call).rejects.toThrow(InvalidInvocation);
  });

  it('gives a page for a list command, which can be iterated over all items', async () => {
    await using client = newClient();
    const page = await client.get('listComponents', { data: { filterMap: {} } });
    expect(page).toBeInstanceOf(Page);
    expect(page.data).toHaveLength(100);
    const serials = new Set<unknown>();
    for await (const item of page) serials.add(item.id);
    expect(serials.size).toBe(page.total);
  });

  it('gives a page for a list command whatever the number of items', async () => {
    await using client = newClient();
    const filterMap = { serialNumber: ['20USBXX9999999'] };
    expect(await client.get('listComponents', { data: { filterMap } })).toMatchObject({ data: [], total: 0 });
    expect((await client.get('listInstitutions')).data.length).toBeGreaterThan(3);
  });

  it('gives the same list for the older form of the input, without `filterMap`', async () => {
    await using client = newClient();
    const older = await client.get('listComponents', { data: { project: 'S' } });
    expect(pdb.requests.at(-1)?.json).toMatchObject({ project: 'S' });
    const newer = await client.get('listComponents', { data: { filterMap: { project: 'S' } } });
    expect(older.total).toBe(newer.total);
    expect((await older.toArray()).map(({ id }) => id)).toEqual((await newer.toArray()).map(({ id }) => id));
  });

  it('gives the list of a bulk command', async () => {
    await using client = newClient();
    const list = await client.get('getComponentBulk', { data: { component: [serialNumber] } });
    expect(list).toHaveLength(1);
    expect(list[0]?.serialNumber).toBe(serialNumber);
  });

  it('refuses the options of a list where a command has no pages', async () => {
    await using client = newClient();
    const call = client.get('getComponent', { data: { component: serialNumber }, limit: 3 });
    await expect(call).rejects.toThrow('`limit` is for lists');
  });

  it.each([
    ['an object', { a: 1 }, { a: 1 }],
    ['a list at the top', [1, 2], [1, 2]],
    ['null', null, null],
    ['dtoSample', { dtoSample: { a: 1 }, uuAppErrorMap: {} }, { a: 1 }],
    ['itemList without pageInfo', { itemList: [1] }, [1]],
    ['itemList that is null', { itemList: null }, []],
    ['testRunList', { testRunList: [{ id: 'x' }] }, [{ id: 'x' }]],
    ['statistics', { statistics: { a: 1 } }, { statistics: { a: 1 } }],
  ])('gives of an unknown command %s by its shape', async (_, body, expected) => {
    await using world = await withAnswer(body);
    expect(await world.client.get('doThing')).toEqual(expected);
  });

  it('gives a page of an unknown command where the answer has pages', async () => {
    const all = [1, 2, 3, 4, 5];
    await using world = await withAnswer(({ body }, response) => {
      const { pageIndex, pageSize } = JSON.parse(body || '{}').pageInfo ?? { pageIndex: 0, pageSize: 2 };
      const itemList = all.slice(pageIndex * pageSize, (pageIndex + 1) * pageSize);
      json(response, { itemList, pageInfo: { pageIndex, pageSize, total: 5 } });
    });
    const page = await world.client.get<Page<number>>('doThing');
    expect(page.data).toEqual([1, 2]);
    expect(await page.toArray()).toEqual(all);
    expect(world.origin.requests[0]?.body).toBe('');
  });

  it('gives `{}` where there is no body', async () => {
    await using world = await withAnswer(({ method }, response) => {
      const headers = { 'Content-Type': 'application/json' };
      if (method === 'GET') response.writeHead(200, headers).end();
      else response.writeHead(204).end();
    });
    expect(await world.client.get('doThing')).toEqual({});
    expect(await world.client.post('doThing', {})).toEqual({});
    expect(await world.client.head('doThing')).toEqual({});
  });

  it('gives a file for what is not JSON', async () => {
    await using world = await withAnswer((_, response) => {
      const headers = {
        'Content-Type': 'image/PNG; x=1',
        'Content-Disposition': 'inline; filename="../a b.png"',
      };
      response.writeHead(200, headers).end(Buffer.from([1, 2, 255]));
    });
    const input = { component: 'x', code: 'y' };
    const file = await world.client.get('getComponentAttachment', { data: input });
    expect(await file.bytes()).toEqual(Buffer.from([1, 2, 255]));
    expect(file).toMatchObject({ size: 3, contentType: 'image/png', suggestedFilename: 'a b.png' });
  });

  it('gives the bytes of a file that says it is JSON', async () => {
    await using world = await withAnswer({ itemList: [1] });
    const input = { component: 'x', code: 'y' };
    const file = await world.client.get('getComponentAttachment', { data: input });
    expect(await file.text()).toBe('{"itemList":[1]}');
  });

  it('gives the bytes of a file on EOS, whatever its type is', async () => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d, 0xe9]);
    await using world = await withAnswer(({ url }, response) => {
      const type = url.includes('.json') ? 'application/json' : 'text/plain; charset=iso-8859-1';
      response.writeHead(200, { 'Content-Type': type }).end(bytes);
    });
    for (const name of ['x.json', 'x.txt']) {
      const file = await world.client.get<BinaryFile>(`${world.origin.url}eos/${name}?authz=zteos64`);
      expect(await file.bytes()).toEqual(bytes);
    }
  });

  it.each([
    ['inline; filename="a b.txt"', 'a b.txt'],
    ['INLINE; FILENAME=Up.Txt', 'Up.Txt'],
    ['inline; filename="a;b.txt"', 'a;b.txt'],
    ['inline; filename="a\\"b.txt"', 'a"b.txt'],
    ['inline; filename=a b.txt', 'a'],
    ['inline; filename=a,b.txt', 'a,b.txt'],
    ["inline; filename=x.txt; filename*=UTF-8'en'%e2%82%ac.txt", '€.txt'],
    ["inline; filename*=ISO-8859-1''%e9.txt", 'é.txt'],
    ["inline; filename*=UTF-8''%ff; filename=x.txt", 'x.txt'],
    ["inline; filename*=UTF-8''..%2fa%00%0ab.txt", 'ab.txt'],
    ['inline; x="; filename=bad.txt"; filename="good.txt"', 'good.txt'],
    [`inline; filename="${Buffer.from('é.txt').toString('latin1')}"`, 'é.txt'],
    ['inline; filename="../../etc/x"', 'x'],
    ['inline; filename="C:\\\\x\\\\y.txt"', 'y.txt'],
    ['inline; filename=".."', undefined],
    ['inline; filename=""', undefined],
    ['attachment', undefined],
    ['garbage', undefined],
  ])('reads the file name of `Content-Disposition: %s`', async (disposition, name) => {
    await using world = await withAnswer((_, response) =>
      response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Disposition': disposition }).end('x'),
    );
    const file = await world.client.get<BinaryFile>('doThing');
    expect(file.suggestedFilename).toBe(name);
  });

  it('takes a file for no result of a command that gives JSON', async () => {
    await using world = await withAnswer((_, response) =>
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end('busy'),
    );
    const call = world.client.get('getComponent', { data: { component: 'x' } });
    await expect(call).rejects.toThrow('a file came in place of JSON');
  });

  it.each(['method', 'responseType', 'transformResponse', 'url'])('has no option `%s`', async (name) => {
    await using client = newClient();
    await expect(client.get('getThing', { [name]: 'x' } as never)).rejects.toThrow(`no option \`${name}\``);
  });

  it.each([
    [{ dta: {} }, 'there is no option `dta`; is it `data`?'],
    [{ jsno: {} }, 'there is no option `jsno`; is it `json`?'],
    [{ fres: true }, 'there is no option `fres`; is it `fresh`?'],
    [{ limt: 3 }, 'there is no option `limt`; is it `limit`?'],
    [{ page_size: 3 }, 'there is no option `page_size`; is it `pageSize`?'],
    [{ colour: 3 }, 'there is no option `colour`; there are `data`, `json`, `fresh`, `limit`, `pageSize`, '],
    [{ timeout: 'x' }, '`timeout` must be a number, at least 0'],
  ])('refuses the options %j by name', async (options, message) => {
    const sent = pdb.count();
    await using client = newClient();
    await expect(client.get('getThing?authz=secret', options as never)).rejects.toThrow(
      `client.get('getThing'): ${message}`,
    );
    if (!('dta' in options) && !('jsno' in options))
      expect(() => client.list('listThings', {}, options as never)).toThrow(
        `client.list('listThings'): ${message}`,
      );
    expect(pdb.count()).toBe(sent);
  });

  it('refuses a call without a command', async () => {
    await using client = newClient();
    const { get, post, list } = client as unknown as Record<string, (url?: unknown) => Promise<unknown>>;
    for (const url of [undefined, null, '']) {
      await expect(get?.call(client, url)).rejects.toThrow('client.get: the command is missing');
      await expect(post?.call(client, url)).rejects.toThrow('client.post: the command is missing');
      expect(() => list?.call(client, url)).toThrow('client.list: the command is missing');
    }
  });

  it('refuses options that are no object', async () => {
    await using client = newClient();
    await expect(client.get('getComponent', null as never)).rejects.toThrow('the options must be an object');
  });

  it('takes no page of HTML for data or for a file', async () => {
    await using world = await withAnswer((_, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>log in</html>'),
    );
    await expect(world.client.get('getComponent', { data: { component: 'x' } })).rejects.toThrow(BadJSON);
    const file = world.client.get('getComponentAttachment', { data: { component: 'x', code: 'y' } });
    await expect(file).rejects.toThrow('a page of HTML came in place of a file');
  });
});

describe('client.post', () => {
  it('sends an object as JSON', async () => {
    await using world = await withAnswer({ done: true });
    expect(await world.client.post('doThing', { a: 1 })).toEqual({ done: true });
    const [request] = world.origin.requests;
    expect(request).toMatchObject({ method: 'POST', body: '{"a":1}' });
    expect(request?.headers['content-type']).toBe('application/json');
  });

  it('gives a page of an unknown command, whose next page is asked for with the same input', async () => {
    await using world = await withAnswer(({ body }, response) => {
      const { pageIndex = 0 } = JSON.parse(body).pageInfo ?? {};
      json(response, { pageItemList: [pageIndex], pageInfo: { pageIndex, pageSize: 1, total: 2 } });
    });
    const page = await world.client.post<Page<number>>('doThing', { colour: 'red' });
    expect(await page.toArray()).toEqual([0, 1]);
    expect(JSON.parse(world.origin.requests[1]?.body ?? '')).toMatchObject({ colour: 'red' });
  });

  it('refuses a body within a body, as other clients have it', async () => {
    await using world = await withAnswer({});
    await expect(world.client.post('doThing', { json: { a: 1 } })).rejects.toThrow('second argument');
    expect(world.origin.requests).toHaveLength(0);
  });
});

describe('a write', () => {
  it('to another server is not called a failure because a page of HTML came back', async () => {
    await using world = await withAnswer({});
    await using storage = await Origin.start((_, response) =>
      response.writeHead(201, { 'Content-Type': 'text/html' }).end('<p>Created</p>'),
    );
    expect(await world.client.put(`${storage.url}file`, Buffer.from('x'))).toBe('<p>Created</p>');
  });

  it('without a body in its answer gives `{}`, also where the answer has no type', async () => {
    await using world = await withAnswer((_, response) => response.writeHead(201).end());
    expect(await world.client.put('eos/file', Buffer.from('x'))).toEqual({});
    expect(await world.client.head('getThing')).toEqual({});
  });
});

describe('warnings of the server', () => {
  const key = 'cern-itkpd-main/getComponent/unsupportedKeys';
  const input = { component: pdb.dataset.components[0]?.serialNumber as string, colour: 'red' };

  it('go to `onWarning` and to the log', async () => {
    const onWarning = vi.fn();
    const warn = vi.fn();
    const logger = { debug() {}, info() {}, warn, error() {} };
    await using client = newClient({ onWarning, logger });
    await client.get('getComponent', { data: input });
    expect(onWarning).toHaveBeenCalledExactlyOnceWith({
      command: 'getComponent',
      key,
      message: expect.stringContaining('unsupported keys'),
      paramMap: { unsupportedKeyList: ['$.colour'] },
    } satisfies Warning);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(key));
  });

  it('stand beside the result with `.withResponse()`', async () => {
    await using client = newClient();
    const { data, response, warnings } = await client.get('getComponent', { data: input }).withResponse();
    expect(data.serialNumber).toBe(input.component);
    expect(response.status).toBe(200);
    expect(warnings).toEqual([expect.objectContaining({ key })]);
  });

  it('go to `onWarning` once for each list, and stand on each page', async () => {
    const onWarning = vi.fn();
    await using client = newClient({ onWarning });
    const list = client.list('listComponents', { filterMap: { colour: 'red' } as object });
    for await (const page of list.pages()) expect(page.warnings).toHaveLength(1);
    expect((await list).hasNextPage()).toBe(true);
    expect(onWarning).toHaveBeenCalledOnce();
  });

  it.each([
    ['a text', 'Trouble', [{ key: 'uuAppErrorMap', message: 'Trouble' }]],
    ['null', null, []],
    ['a list', [1], [{ key: 'uuAppErrorMap', message: '[1]' }]],
    ['an entry that is a text', { 'x/y': 'Trouble' }, [{ key: 'x/y', message: 'Trouble' }]],
  ])('are read where the map is %s', async (_, uuAppErrorMap, expected) => {
    await using world = await withAnswer({ a: 1, uuAppErrorMap });
    const { data, warnings } = await world.client.get('doThing').withResponse();
    expect(data).toEqual({ a: 1 });
    expect(warnings).toEqual(expected.map((warning) => expect.objectContaining(warning)));
  });

  it('show no credentials', async () => {
    const onWarning = vi.fn();
    const paramMap = { accessCode1: 'first-code', value: 'Bearer abcdef0123456789' };
    const uuAppErrorMap = { 'x/y': { type: 'warning', message: 'token zteos64:abcdef', paramMap } };
    await using world = await withAnswer({ a: 1, uuAppErrorMap }, { onWarning });
    const { warnings } = await world.client.get('doThing').withResponse();
    expect(onWarning).toHaveBeenCalledOnce();
    expect(JSON.stringify([warnings, onWarning.mock.calls])).not.toMatch(/first-code|abcdef/);
  });

  it('do not fail the call where `onWarning` throws', async () => {
    const onWarning = (): never => {
      throw new Error('mine');
    };
    await using client = newClient({ onWarning });
    await expect(client.get('getComponent', { data: input })).resolves.toBeTruthy();
  });

  it('tell of a search that is known to repeat and to leave out components', async () => {
    const onWarning = vi.fn();
    await using client = newClient({ onWarning });
    await client.list('listComponents', { filterMap: {}, useOrInLocationSearch: true });
    expect(onWarning).toHaveBeenCalledWith(expect.objectContaining({ key: 'unreliableList' }));
  });
});
