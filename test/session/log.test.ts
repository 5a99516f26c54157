import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/config/logger.js';
import { InvalidInvocation } from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import { keepLogs } from '../helpers/logs.js';
import { json, type Respond } from '../helpers/origin.js';
import { withOrigin } from '../helpers/with-origin.js';

const { pdb, newSession } = await startDatabase({ components: 10 });

describe('the log', () => {
  it('has a line for each request and each response, without credentials', async () => {
    const logger = keepLogs();
    await using session = newSession({ logger });
    await session.get('listProjects?token=in-the-url');
    await session.get('nothing').catch(() => {});
    expect(logger.at('debug')).toEqual([
      expect.stringMatching(
        /^debug: Request #\d+: GET http:\/\/127\.0\.0\.1:\d+\/listProjects\?token=<TOKEN>$/,
      ),
      expect.stringMatching(
        /^debug: Response #\d+: 200 \(\d+ bytes, \d+ ms\) GET http:\/\/127\.0\.0\.1:\d+\/listProjects\?token=<TOKEN>$/,
      ),
      expect.stringMatching(/^debug: Request #\d+: GET/),
      expect.stringMatching(
        /^debug: Response #\d+: 404 \(\d+ bytes, \d+ ms\) GET http:\/\/127\.0\.0\.1:\d+\/nothing$/,
      ),
    ]);
  });

  it('gives a request and its response the same number, and each request its own', async () => {
    const logger = keepLogs();
    await using one = newSession({ logger });
    await using other = newSession({ logger });
    await Promise.all([one.get('listProjects'), one.get('listInstitutions'), other.get('listProjects')]);
    const numberedUrls = (kind: string) =>
      logger
        .at('debug')
        .filter((line) => line.startsWith(`debug: ${kind} `))
        .map((line) => [Number(/#(\d+):/.exec(line)?.[1]), line.slice(line.indexOf('GET'))] as const)
        .sort(([a], [b]) => a - b);
    expect(numberedUrls('Response')).toEqual(numberedUrls('Request'));
    const [first = 0, second, third] = numberedUrls('Request').map(([number]) => number);
    expect([second, third]).toEqual([first + 1, first + 2]);
  });

  it('says how long a response took', async () => {
    const logger = keepLogs();
    vi.useFakeTimers({ toFake: ['performance'] });
    const respond: Respond = (_, response) => {
      vi.advanceTimersByTime(1234);
      response.end();
    };
    await using world = await withOrigin(respond, { logger });
    await world.session.get('x').finally(() => vi.useRealTimers());
    expect(logger.at('debug')[1]).toContain(': 200 (0 bytes, 1234 ms) GET ');
  });

  it('has the input of a command, at most 200 characters of it and without credentials', async () => {
    const logger = keepLogs();
    await using world = await withOrigin(undefined, { logger });
    const inputs = async (data: unknown): Promise<string[]> => {
      logger.lines.length = 0;
      await world.session.post('x', data);
      return logger.at('debug').map((line) => line.replace(/^.*\/x ?/, ''));
    };
    const both = (line: unknown) => [line, line];
    expect(await inputs({ component: '20USBML1234567' })).toEqual(both('{"component":"20USBML1234567"}'));
    expect(await inputs({ accessCode1: 'code-of-mine', a: 1 })).toEqual(
      both('{"accessCode1":"<ACCESS_CODE>","a":1}'),
    );
    expect(await inputs({ a: 'x'.repeat(300) })).toEqual(both(`{"a":"${'x'.repeat(194)}…`));
    // Cut after the credentials were replaced: half a token would not be known as one.
    const [line] = await inputs({ a: 'x'.repeat(170), b: 'Bearer opaque-bearer-of-mine-that-is-long' });
    expect(line).toBe(`{"a":"${'x'.repeat(170)}","b":"Bearer <TOKEN>"}`);
    expect(await inputs('a\nb')).toEqual(both('a b'));
    expect(await inputs(Buffer.from([0xff, 0xfe]))).toEqual(both(expect.stringMatching(/^<.+>$/)));
    expect(await inputs(undefined)).toEqual(both(''));
    for (const name of ['passphrase', 'private_key', 'pwd'])
      expect(await inputs({ [name]: 'of-mine' })).toEqual(both(`{"${name}":"<TOKEN>"}`));
    expect(await inputs('x'.repeat(100_000))).toEqual(both('<100000 bytes>'));
  });

  it.each([
    ['text', (text: string) => text],
    ['bytes', (text: string) => Buffer.from(text)],
  ])('has the length of a form that the caller wrote as %s', async (_, bodyOf) => {
    const logger = keepLogs();
    await using world = await withOrigin(undefined, { logger });
    const text = '--b\r\nContent-Disposition: form-data; name="accessCode1"\r\n\r\ncode-of-mine\r\n--b--\r\n';
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
    await world.session.post('x', bodyOf(text), { headers });
    expect(logger.at('debug').map((line) => line.replace(/^.*\/x /, ''))).toEqual(
      Array(2).fill(`multipart/form-data: <${text.length} bytes>`),
    );
  });

  it('has a line for a response from the cache, with the input', async () => {
    const logger = keepLogs();
    const respond: Respond = (_, response) => response.setHeader('Cache-Control', 'max-age=60').end();
    await using world = await withOrigin(respond, { logger, cache: new Map() as never });
    const { session, origin } = world;
    await session.get('x', { data: { a: 1 } });
    await session.get('x', { data: { a: 1 } });
    expect(logger.at('debug')).toHaveLength(3);
    expect(logger.at('debug')[2]).toBe(`debug: Response: 200 (from the cache) GET ${origin.url}x {"a":1}`);
  });

  it('goes to stderr where NODE_DEBUG names itkdb', async () => {
    const script =
      "import { Session } from 'itkdb'; const s = new Session(); await s.get('listProjects?token=in-the-url'); await s.close();";
    const env = { ...process.env, ...pdb.env, NODE_DEBUG: 'itkdb' };
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script],
      { env },
    );
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^ITKDB \d+: Asking .* for a token\nITKDB \d+: Signed in as Alex Example for \d+ s\nITKDB \d+: Request #1: GET .*\nITKDB \d+: Response #1: 200 \(\d+ bytes, \d+ ms\) GET http:.*\/listProjects\?token=<TOKEN>\n$/,
    );
  });

  it('at every level has no credentials', () => {
    const target = keepLogs();
    const logger = createLogger(target);
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]('Bearer opaque-bearer');
    expect(target.lines).toEqual(
      ['debug', 'info', 'warn', 'error'].map((level) => `${level}: Bearer <TOKEN>`),
    );
  });

  it('is silent unless NODE_DEBUG or a logger asks for it', async () => {
    const writes = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
    await using session = newSession();
    await session.get('listProjects');
    for (const write of writes) expect(write).not.toHaveBeenCalled();
  });
});

describe('each answer of a server', () => {
  it('is a line of the log, that of a redirect and of a refused token too', async () => {
    const logger = keepLogs();
    const answers = [401, 302, 200];
    const respond: Respond = (_, response) =>
      response.writeHead(answers.shift() ?? 500, { location: '/y' }).end();
    await using world = await withOrigin(respond, { logger });
    await world.session.get('x');
    const lines = logger.at('debug').filter((line) => line.includes('Response'));
    const url = world.origin.url;
    expect(lines.map((line) => line.replace(/#\d+|\d+ ms/g, '…'))).toEqual([
      `debug: Response …: 401 (0 bytes, …) GET ${url}x`,
      `debug: Response …: 302 (0 bytes, …) GET ${url}x`,
      `debug: Response …: 200 (0 bytes, …) GET ${url}y`,
    ]);
  });

  it('is the last response, even where what follows fails', async () => {
    const respond: Respond = (_, response) => json(response, { bearer: 'mock-bearer-of-a-test', a: 1 }, 401);
    await using world = await withOrigin(respond);
    const { user } = world;
    vi.spyOn(user, 'authenticate').mockImplementation(() => {
      if (world.origin.requests.length > 0) throw new InvalidInvocation('no more tokens');
      return true;
    });
    await failure(world.session.get('x'), InvalidInvocation);
    expect(world.session.lastResponse).toMatchObject({ status: 401, data: { bearer: '<TOKEN>', a: 1 } });
  });
});
