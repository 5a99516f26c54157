import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { BadRequest, NotFound, type RequestConfig, ServerError, type SessionResponse } from '../src/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const { pdb, newSession } = await startDatabase({ components: 40 });
const session = newSession();

beforeEach(() => pdb.restore());
afterAll(() => session.close());

// biome-ignore lint/suspicious/noExplicitAny: the results of many commands
type Result = any;

const read = async (command: string, data: object): Promise<Result> =>
  (await session.get<Result>(command, { data })).data;
const write = async (command: string, data: object): Promise<Result> =>
  (await session.post<Result>(command, data)).data;

const component = pdb.dataset.components.find(
  ({ parent, testRuns }) => parent === undefined && testRuns.length > 0,
);
const { id = '', serialNumber = '', testRuns = [] } = component ?? {};
const bytes = Buffer.from([0, 255, 13, 10, 1, 2, 3]);
const upload = { type: 'component', id, title: 'Scan', description: 'X-ray', filesize: bytes.length };

const onEos = (
  method: string,
  url: string,
  token?: string,
  config: RequestConfig = {},
): Promise<SessionResponse<Result>> =>
  session.request<Result>({
    ...{ method, url, validateStatus: null, cache: false, ...config },
    headers: { ...config.headers, ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
  });
const put = (url: string, token: string, config?: RequestConfig): Promise<SessionResponse<Result>> =>
  onEos('PUT', url, token, { data: bytes, ...config });
const get = (url: string, headers = {}): Promise<SessionResponse<Buffer>> =>
  onEos('GET', url, undefined, { responseType: 'arraybuffer', headers });

/** Returns the only attachment of the component, its URL with a token. */
const attachment = async (): Promise<Result> =>
  (await read('getComponent', { component: id, noEosToken: false })).attachments[0];
const uploaded = async (): Promise<Result> => {
  const file = await write('requestUploadEosFile', upload);
  expect((await put(file.url, file.token)).status).toBe(201);
  return file;
};

describe('requestUploadEosFile', () => {
  it('returns a URL and a token, and the attachment is listed before the file is sent', async () => {
    const before = await read('getComponent', { component: id });
    const result = await write('requestUploadEosFile', upload);
    expect(result).toMatchObject({
      code: expect.stringMatching(/^[0-9a-f]{32}$/),
      type: 'eos',
      title: 'Scan',
      description: 'X-ray',
      filesize: 7,
      token: expect.stringMatching(/^zteos64:/),
      url: expect.stringMatching(`^${pdb.eosUrl}eos/atlas/test/itkpd/`),
      userIdentity: pdb.user.identity,
    });
    const after = await read('getComponent', { component: id });
    expect(after.sys.rev).toBe(before.sys.rev + 1);
    const { code, url } = result;
    expect(after.attachments).toMatchObject([{ code, url, type: 'eos', filesize: 7, title: 'Scan' }]);
    expect((await get((await attachment()).url)).status).toBe(404);
  });

  it.each(['testRun', 'shipment'])('attaches a file to a %s', async (type) => {
    const site = component?.currentLocation.code;
    const shipment = { sender: site, recipient: 'KEK', type: 'continental', shipmentItems: [serialNumber] };
    const target = type === 'testRun' ? testRuns[0]?.id : (await write('createShipment', shipment)).id;
    const file = await write('requestUploadEosFile', { ...upload, type, id: target });
    await put(file.url, file.token);
    const command = type === 'testRun' ? 'getTestRun' : 'getShipment';
    const { attachments } = await read(command, { [type]: target, noEosToken: false });
    expect((await get(attachments[0].url)).data).toEqual(bytes);
    const plain = await read(command, { [type]: target });
    expect(plain.attachments[0].url).toBe(file.url);
  });

  it('is refused for a component that does not exist, and with a missing or a wrong key', async () => {
    const refused = async (input: object): Promise<BadRequest> =>
      failure(write('requestUploadEosFile', input), BadRequest);
    expect((await refused({ ...upload, id: 'none' })).hasAppError('componentDoesNotExist')).toBe(true);
    expect((await refused({ ...upload, type: 'batch' })).hasAppError('invalidDtoIn')).toBe(true);
    const { filesize, ...without } = upload;
    expect((await refused(without)).message).toContain('$.filesize');
  });
});

describe('a PUT to EOS', () => {
  it('is redirected once, and then answered 201', async () => {
    const { url, token } = await write('requestUploadEosFile', upload);
    pdb.reset();
    expect((await put(url, token)).status).toBe(201);
    expect(pdb.requests).toMatchObject([
      { server: 'eos', method: 'PUT', command: 'eosPut', url: new URL(url).pathname },
      { server: 'eos', method: 'PUT', command: 'eosPut', rawBody: bytes },
    ]);
    // The body is sent twice. Only the one that is stored is kept.
    expect(pdb.requests[0]?.rawBody).toHaveLength(0);
    expect((await get((await attachment()).url)).data).toEqual(bytes);
  });

  it('is redirected with the status 307, to a URL that needs no further token', async () => {
    const { url, token } = await write('requestUploadEosFile', upload);
    const { status, headers } = await put(url, token, { maxRedirects: 0 });
    expect(status).toBe(307);
    const location = new URL(String(headers['location']), url).href;
    expect((await onEos('PUT', location, undefined, { data: bytes })).status).toBe(201);
  });

  it('replaces a file that was sent before', async () => {
    const { url, token } = await uploaded();
    await put(url, token, { data: Buffer.from('new') });
    expect(String((await get((await attachment()).url)).data)).toBe('new');
  });

  it.each([
    ['without a token', 401, () => undefined],
    ['with a token that EOS did not issue', 403, () => 'zteos64:AAAA'],
    ['with a token that is no token', 403, () => 'x'],
    ['with the token of the API', 403, () => session.user.bearer],
    [
      'with a changed token',
      403,
      (token: string) => `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
    ],
    [
      'with a token with other contents',
      403,
      (token: string) => token.replace(/:.*\./, ':WzEsMiw5OTk5OTk5OTk5OV0.'),
    ],
  ])('%s is refused with the status %d', async (_, status, tokenOf) => {
    const { url, token } = await write('requestUploadEosFile', upload);
    expect((await onEos('PUT', url, tokenOf(token), { data: bytes })).status).toBe(status);
    expect((await get((await attachment()).url)).status).toBe(404);
  });

  it('with the token of another file, or one for reading or deleting, is refused with the status 403', async () => {
    const { url, code } = await uploaded();
    const other = await write('requestUploadEosFile', upload);
    const readToken = new URL((await attachment()).url).searchParams.get('authz') ?? '';
    const { token: deleteToken } = await write('deleteComponentAttachment', { component: id, code });
    for (const token of [other.token, readToken, deleteToken])
      expect((await put(url, token)).status).toBe(403);
  });

  it('with a token that is older than ten minutes is refused with the status 403', async () => {
    const { url, token } = await write('requestUploadEosFile', upload);
    pdb.identity.clockOffset = 599;
    expect((await put(url, token)).status).toBe(201);
    const { url: signed } = await attachment();
    pdb.identity.clockOffset = 601;
    expect((await put(url, token)).status).toBe(403);
    expect((await get(signed)).status).toBe(200);
    pdb.identity.clockOffset = 599 + 601;
    expect((await get(signed)).status).toBe(403);
  });
});

describe('a GET from EOS', () => {
  it('needs the token that getComponent adds to the URL only with noEosToken: false', async () => {
    const { url } = await uploaded();
    for (const input of [{}, { noEosToken: true }]) {
      const { attachments } = await read('getComponent', { component: id, ...input });
      expect(attachments[0].url).toBe(url);
    }
    expect((await get(url)).status).toBe(401);
    const { url: signed } = await attachment();
    expect(signed).toMatch(/\?authz=zteos64:/);
    const { status, data, headers } = await get(signed);
    expect([status, data]).toEqual([200, bytes]);
    expect(headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': '7' });
    expect(headers).not.toHaveProperty('content-disposition');
  });

  it('may ask for a part, as long as the file is the same', async () => {
    const { url, token } = await uploaded();
    const { url: signed } = await attachment();
    const { headers } = await get(signed);
    const rest = { Range: 'bytes=3-', 'If-Range': String(headers['etag']) };
    const part = await get(signed, rest);
    expect([part.status, part.data]).toEqual([206, bytes.subarray(3)]);
    expect(part.headers['content-range']).toBe('bytes 3-6/7');
    await put(url, token, { data: Buffer.from('changed') });
    expect((await get(signed, rest)).status).toBe(200);
  });

  it('by HEAD returns the size', async () => {
    await uploaded();
    const { status, headers } = await onEos('HEAD', (await attachment()).url);
    expect([status, headers['content-length']]).toEqual([200, '7']);
  });
});

describe('a DELETE on EOS', () => {
  it('needs the token that deleteComponentAttachment returns', async () => {
    const { url, code } = await uploaded();
    const { url: signed } = await attachment();
    const { attachment: removed, token } = await write('deleteComponentAttachment', { component: id, code });
    expect(removed).toMatchObject({ code, url, type: 'eos', filesize: 7 });
    expect((await read('getComponent', { component: id })).attachments).toBeNull();
    expect((await get(signed)).status).toBe(200);
    expect((await onEos('DELETE', signed)).status).toBe(403);
    expect((await onEos('DELETE', url, token)).status).toBe(204);
    expect((await get(signed)).status).toBe(404);
    expect((await onEos('DELETE', url, token)).status).toBe(404);
  });

  it('has no token for an attachment that is not on EOS', async () => {
    const form = new FormData();
    const fields = { component: id, title: 't', description: '', type: 'file' };
    for (const [key, value] of Object.entries(fields)) form.set(key, value);
    form.set('data', new Blob([bytes]), 'a.png');
    const { code } = await write('createComponentAttachment', form);
    expect(await write('deleteComponentAttachment', { component: id, code })).not.toHaveProperty('token');
  });
});

describe('EOS', () => {
  it('refuses another method, and a file that is not there', async () => {
    const { url, token } = await write('requestUploadEosFile', upload);
    expect((await onEos('POST', url, token, { data: bytes })).status).toBe(405);
    expect((await onEos('GET', `${pdb.eosUrl}eos/none`)).status).toBe(401);
  });

  it('has the files that getComponentAttachment refuses', async () => {
    const { code } = await uploaded();
    const error = await failure(
      session.get('getComponentAttachment', { data: { component: id, code } }),
      BadRequest,
    );
    expect(error.hasAppError('attachmentIsOnEos')).toBe(true);
  });

  it('fails as a fault says, and other servers do not', async () => {
    const { url, token } = await write('requestUploadEosFile', upload);
    const fault = pdb.fault({ on: 'eosPut', status: 500, after: 1 });
    await failure(put(url, token, { validateStatus: undefined }), ServerError);
    expect(fault.hits).toBe(1);
    pdb.fault({ on: ({ server }) => server === 'eos', status: 404 });
    await read('getComponent', { component: id });
    await failure(put(url, token, { validateStatus: undefined }), NotFound);
    expect((await put(url, token)).status).toBe(201);
  });

  it.each([301, 302, 308])('can be made to redirect a PUT with the status %d', async (status) => {
    const { url, token } = await write('requestUploadEosFile', upload);
    pdb.fault({
      on: 'eosPut',
      respond: (request, response) =>
        response.writeHead(status, { location: `/storage${request.url}` }).end(),
    });
    expect((await put(url, token)).status).toBe(201);
    expect((await get((await attachment()).url)).data).toEqual(bytes);
  });

  it('can be made to redirect a PUT with the status 303, and then stores nothing', async () => {
    const { url, token } = await write('requestUploadEosFile', upload);
    pdb.fault({ on: 'eosPut', redirect: '/', status: 303 });
    pdb.fault({ on: 'eosGet', status: 201 });
    expect((await put(url, token)).status).toBe(201);
    expect((await get((await attachment()).url)).status).toBe(404);
  });

  it('has the files of a snapshot again after restore', async () => {
    const { url, token, code } = await uploaded();
    const { url: signed } = await attachment();
    const snapshot = pdb.snapshot();
    await put(url, token, { data: Buffer.from('changed') });
    const { token: deleteToken } = await write('deleteComponentAttachment', { component: id, code });
    await onEos('DELETE', url, deleteToken);
    pdb.restore(snapshot);
    expect((await get(signed)).data).toEqual(bytes);
    expect((await attachment()).code).toBe(code);
    pdb.restore();
    expect((await get(signed)).status).toBe(404);
  });
});
