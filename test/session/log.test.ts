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
  it('has a line for each answer, without credentials', async () => {
    const logger = keepLogs();
    await using session = newSession({ logger });
    await session.get('listProjects?token=in-the-url');
    await session.get('nothing').catch(() => {});
    expect(logger.at('debug')).toEqual([
      expect.stringMatching(/^debug: Request: GET http:\/\/127\.0\.0\.1:\d+\/listProjects\?token=<TOKEN>$/),
      expect.stringMatching(
        /^debug: Response: 200 \(\d+ bytes\) GET http:\/\/127\.0\.0\.1:\d+\/listProjects\?token=<TOKEN>$/,
      ),
      expect.stringMatching(/^debug: Request: GET/),
      expect.stringMatching(/^debug: Response: 404 \(\d+ bytes\) GET http:\/\/127\.0\.0\.1:\d+\/nothing$/),
    ]);
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
      /^ITKDB \d+: Asking .* for a token\nITKDB \d+: Signed in as Alex Example for \d+ s\nITKDB \d+: Request: GET .*\nITKDB \d+: Response: 200 \(\d+ bytes\) GET http:.*\/listProjects\?token=<TOKEN>\n$/,
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
    const lines = logger.at('debug').filter((line) => line.includes('Response:'));
    const url = world.origin.url;
    expect(lines).toEqual([
      `debug: Response: 401 (0 bytes) GET ${url}x`,
      `debug: Response: 302 (0 bytes) GET ${url}x`,
      `debug: Response: 200 (0 bytes) GET ${url}y`,
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
