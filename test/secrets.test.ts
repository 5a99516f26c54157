import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  PreparedRequest,
  Session,
  type SessionOptions,
  type SessionResponse,
  User,
  UserBearer,
} from '../src/index.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { keepLogs } from './helpers/logs.js';
import { Origin, type SeenRequest } from './helpers/origin.js';
import { textsOf } from './helpers/walk.js';

const run = promisify(execFile);

/** What must not be seen. The tokens are added when they have been granted. */
const marks: Record<string, string> = {
  accessCode1: 'marked-access-code-one',
  accessCode2: 'marked-access-code-two',
  cookie: 'marked-cookie-of-the-server',
  key: 'marked-key-of-a-service',
  password: 'marked-password-of-the-caller',
  urlPassword: 'marked-password-in-a-url',
  apiKey: 'marked-api-key-in-a-header',
  eosToken: 'zteos64:marked-eos',
};
const basic = (password: string): string => Buffer.from(`somebody:${password}`).toString('base64');

/** The members that are documented to give a credential, or the answer as it came. */
const DOCUMENTED: readonly (readonly [abstract new (...args: never[]) => object, readonly string[]])[] = [
  [User, ['bearer', 'accessCode1', 'accessCode2', 'accessToken']],
  [UserBearer, ['bearer']],
  [PreparedRequest, ['headers', 'url', 'body']],
];
const isDocumented = (holder: object, key: PropertyKey): boolean =>
  DOCUMENTED.some(([type, keys]) => holder instanceof type && keys.includes(String(key)));

let pdb: EmbeddedPdb;
let own: Origin;
let foreign: Origin;
let folder: string;
const shown: Record<string, unknown> = {};
const logger = keepLogs();
const printed: string[] = [];
const onWarning = (warning: Error): void => void printed.push(String(warning.stack));

/** A server that repeats all that it is told, in every place that there is. */
function echo(request: SeenRequest, response: ServerResponse): void {
  const { headers, body, url } = request;
  const [, kind = '', argument = ''] = new URL(url, 'http://localhost').pathname.split('/');
  const told = JSON.stringify({ headers, body, url, eos: marks['eosToken'] });
  response.setHeader('Set-Cookie', `session=${marks['cookie']}; Path=/`);
  if (kind === 'ok') return void response.setHeader('Content-Type', 'application/json').end('{"ok":true}');
  if (kind === 'eos') return void response.setHeader('Content-Type', 'application/json').end(told);
  if (kind === 'drop') return void response.destroy();
  if (kind === 'redirect')
    return void response
      .writeHead(302, { Location: argument === 'away' ? `${foreign.url}ok` : argument })
      .end();
  if (kind === 'bad-json')
    return void response.setHeader('Content-Type', 'application/json').end(marks['eosToken']);
  if (kind === 'short')
    return void response.writeHead(200, { 'Content-Length': 1000 }).write(told, () => response.destroy());
  response.setHeader('X-Echo', JSON.stringify(headers));
  response.writeHead(Number(argument), `No ${headers.authorization}`, {
    'Content-Type': kind === 'text' ? 'text/html' : 'application/json',
  });
  response.end(kind === 'text' ? `<pre>${told}</pre>` : told);
}

/** Does something, and keeps what comes of it. */
async function keep(name: string, promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.catch((error: unknown) => error);
  shown[name] = outcome;
  return outcome;
}

/** Everything that can go right and wrong between a session and a server. */
async function scenario(name: string, session: Session): Promise<void> {
  const key = marks['apiKey'] as string;
  const withKey = { headers: { 'X-Api-Key': key }, params: { token: [key], 'api_key[]': key } };
  const does = (what: string, promise: Promise<unknown>) => keep(`${name}: ${what}`, promise);
  await does('read', session.get('ok', withKey));
  await does('bad JSON', session.get('bad-json'));
  for (const status of [400, 401, 403, 404, 409, 413, 415, 418, 451, 500, 503]) {
    await does(
      `JSON ${status}`,
      session.post(`json/${status}`, { accessCode1: marks['accessCode1'] }, withKey),
    );
    shown[`${name}: last response ${status}`] = session.lastResponse;
    await does(
      `text ${status}`,
      session.get(`text/${status}`, { ...withKey, retry: { tries: 2, baseDelay: 1 } }),
    );
  }
  await does('drop', session.get('drop', { ...withKey, retry: { tries: 2, baseDelay: 1 } }));
  await does('cut off', session.get('short'));
  await does('too large', session.get('ok', { maxContentLength: 3 }));
  await does('another origin', session.get('redirect/away', withKey));
  await does('redirect not followed', session.get('redirect/away', { maxRedirects: 0 }));
  await does('redirect of a write', session.put('redirect/away', { a: 1 }));
  await does('too many redirects', session.get('redirect/away', { maxRedirects: 0, validateStatus: null }));
  await does('abort', session.get('ok', { signal: AbortSignal.abort() }));
  await does(
    'own credentials',
    session.get('json/400', { auth: { username: 'somebody', password: marks['password'] as string } }),
  );
  await does(
    'refused',
    session.get('http://127.0.0.1:1/', {
      auth: { username: 'somebody', password: marks['password'] as string },
    }),
  );
  const withPassword = session.prefixUrl.replace('//', `//somebody:${marks['urlPassword']}@`);
  await does('credentials in a URL', session.get(`${withPassword}json/400`));
  await does('a wrong URL with credentials', session.get(`ftp://somebody:${marks['urlPassword']}@host/`));
  const stream = (await does('stream', session.get('eos', { responseType: 'stream' }))) as SessionResponse;
  await text(stream.data as never).catch(() => {});
  await does('failed stream', session.get('json/500', { responseType: 'stream', retry: false }));
  const cut = (await does('cut stream', session.get('short', { responseType: 'stream' }))) as SessionResponse;
  await does('end of the cut stream', text(cut.data as never));
  const prepared = await session.prepareRequest({
    method: 'POST',
    url: 'json/400',
    data: { token: marks['apiKey'] },
  });
  shown[`${name}: prepared`] = prepared;
  await does('sent', session.send(prepared));
  shown[`${name}: session`] = session;
  shown[`${name}: user`] = session.user;
}

beforeAll(async () => {
  process.on('warning', onWarning);
  const { accessCode1 = '', accessCode2 = '' } = marks;
  pdb = await startPdb({
    components: 1,
    users: [{ accessCode1, accessCode2, name: 'Alex', identity: '1-1-1', institution: 'CERN' }],
  });
  own = await Origin.start(echo);
  foreign = await Origin.start(echo);
  folder = await mkdtemp(join(tmpdir(), 'itkdb-secrets-'));
  const events: unknown[] = [];
  const options: SessionOptions = {
    prefixUrl: own.url,
    logger,
    onRetry: (event) => events.push(event),
    timeout: 5000,
    retry: { baseDelay: 1 },
  };
  const user = new User({ ...pdb.userOptions, saveAuth: join(folder, 'auth.json'), logger });
  const session = new Session({ ...options, user });
  await user.authenticate();
  Object.assign(marks, { idToken: user.bearer, accessToken: user.accessToken });
  await scenario('user', session);
  markTokens(user);
  const keyed = new Session({ ...options, user: new UserBearer({ bearer: marks['key'] }) });
  await scenario('key', keyed);
  await keep(
    'refused codes',
    new User({ ...pdb.userOptions, accessCode2: `${accessCode2}!`, retry: false, logger }).authenticate(),
  );
  pdb.fault({ on: 'grantToken', status: 500, body: { echo: [accessCode1, accessCode2] } });
  await keep(
    'identity service in trouble',
    new User({ ...pdb.userOptions, retry: false, logger }).authenticate(),
  );
  pdb.fault({ on: 'grantToken', drop: 'before-headers' });
  await keep('identity service away', new User({ ...pdb.userOptions, retry: false, logger }).authenticate());
  const both = [session.get('json/400'), session.get('drop', { retry: false })].map((promise) =>
    promise.catch((error: unknown) => error),
  );
  shown['aggregate'] = new AggregateError(await Promise.all(both), 'several', { cause: await both[0] });
  shown['retries'] = events;
  shown['pdb'] = pdb.toString();
  await Promise.all([session.close(), keyed.close()]);
  shown['after close'] = await session.get('ok').catch((error: unknown) => error);
}, 60_000);

afterAll(async () => {
  process.off('warning', onWarning);
  await Promise.all([pdb.close(), own[Symbol.asyncDispose](), foreign[Symbol.asyncDispose]()]);
  await rm(folder, { recursive: true });
});

/** Each 401 has led to a new token. */
function markTokens({ accessToken = '' }: User): void {
  const sent = own.requests.map(({ headers }) => headers.authorization?.match(/^Bearer (.*)$/)?.[1] ?? '');
  const granted = new Set(sent.filter((token) => token !== ''));
  for (const token of granted) marks[`idToken${Object.keys(marks).length}`] = token;
  marks['lastAccessToken'] = accessToken;
}

/** Which marks a text holds, in any spelling. */
function marksIn(where: string): string[] {
  return Object.entries(marks)
    .filter(([, mark]) =>
      [mark, encodeURIComponent(mark), basic(mark)].some((spelling) => where.includes(spelling)),
    )
    .map(([name]) => name);
}

describe('credentials', () => {
  it('are in no object, error or event, however one looks at it', () => {
    const leaks = Object.entries(shown).flatMap(([name, value]) =>
      [...textsOf(value, isDocumented)].flatMap(([path, found]) =>
        marksIn(found).map((mark) => `${mark} in ${name}${path}`),
      ),
    );
    expect(Object.keys(shown).length).toBeGreaterThan(90);
    expect(leaks).toEqual([]);
  });

  it('are in no log line and no warning', () => {
    expect(logger.lines.length).toBeGreaterThan(100);
    expect([...logger.lines, ...printed].flatMap(marksIn)).toEqual([]);
  });

  it('are not printed by a script with NODE_DEBUG=itkdb that prints all it has', async () => {
    const script = `import { Session } from 'itkdb';
      const session = new Session({ retry: { tries: 2, baseDelay: 1 }, headers: { 'X-Api-Key': process.env.KEY } });
      const answers = [];
      for (const url of ['ok', 'json/400', 'text/500', 'drop', 'bad-json', 'redirect/away', 'json/503'])
        answers.push(await session.get(url, { data: { token: process.env.KEY }, params: { token: [process.env.KEY] } }).catch((error) => error));
      console.dir({ answers, session, user: session.user, last: session.lastResponse }, { depth: null, showHidden: true });
      await session.close();
      throw answers[1];`;
    const env = {
      ...process.env,
      ...pdb.env,
      ITKDB_API_URL: own.url,
      KEY: marks['apiKey'],
      NODE_DEBUG: 'itkdb',
    };
    const { stdout, stderr } = (await run(process.execPath, ['--input-type=module', '-e', script], {
      env,
    }).catch((failed) => failed)) as { stdout: string; stderr: string };
    expect(stderr).toMatch(/ITKDB \d+: Response #\d+: 400/);
    expect(stderr).toContain(`: GET ${own.url}ok?token=<TOKEN>`);
    expect(stdout).toContain('BadRequest');
    const granted = own.requests.at(-1)?.headers.authorization?.replace('Bearer ', '') ?? '';
    expect(granted.length).toBeGreaterThan(100);
    expect(stdout + stderr).not.toContain(granted);
    expect(marksIn(stdout + stderr)).toEqual([]);
  });

  it('are in no file, but for the tokens in one that only its owner can read', async () => {
    expect(await readdir(folder)).toEqual(['auth.json']);
    const path = join(folder, 'auth.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(marksIn(await readFile(path, 'utf8'))).toEqual([
      expect.stringMatching(/^idToken/),
      'lastAccessToken',
    ]);
  });

  it('are sent to their own server only', () => {
    const told = (requests: readonly { url: string; headers: object; body: string }[]): string[] => {
      const texts = requests.map(({ url, headers, body }) =>
        JSON.stringify([url, headers instanceof Headers ? [...headers] : headers, body]),
      );
      return [...new Set(texts.flatMap(marksIn))].sort();
    };
    const bySelf = ['accessCode1', 'apiKey'];
    expect(told(pdb.requests.filter(({ server }) => server === 'identity'))).toEqual([
      'accessCode1',
      'accessCode2',
    ]);
    expect(told(pdb.requests.filter(({ server }) => server === 'api'))).toEqual([]);
    expect(told(own.requests).filter((mark) => !mark.startsWith('idToken'))).toEqual(
      [...bySelf, 'cookie', 'key', 'password', 'urlPassword'].sort(),
    );
    expect(foreign.requests.length).toBeGreaterThan(1);
    expect(told(foreign.requests).filter((mark) => mark !== 'cookie')).toEqual([]);
  });
});
