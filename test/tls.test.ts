import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TlsOrigin } from './helpers/tls-origin.js';

const run = promisify(execFile);
/** How many requests got through to a server whose certificate nobody vouches for. */
let received = 0;
let origin: TlsOrigin;
let url: string;

beforeAll(async () => {
  origin = await TlsOrigin.start((_, response) => {
    received += 1;
    response.setHeader('Content-Type', 'application/json').end('{"answered":true}');
  });
  url = origin.url;
});

afterAll(() => origin[Symbol.asyncDispose]());

beforeEach(() => {
  received = 0;
});

/** Runs a script where the environment says that no certificate is to be checked; gives what it prints. */
async function runUnverified(script: string): Promise<string> {
  const preamble = `import { Agent } from 'node:https'; import { Session, User, UserBearer } from 'itkdb';
    const url = ${JSON.stringify(url)};
    const outcome = (promise) => promise.then(({ data }) => JSON.stringify(data), ({ code }) => code);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', preamble + script], {
    env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  });
  return stdout.trim();
}

describe('NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
  it('turns off the verification of a plain request of node:https', async () => {
    const script = `import { get } from 'node:https';
      get(url, (answer) => { console.log(answer.statusCode); answer.resume(); });`;
    expect(await runUnverified(script)).toBe('200');
  });

  it('does not turn off verification for the API', async () => {
    const script = `const session = new Session({ user: new UserBearer({ bearer: 'a-bearer' }), prefixUrl: url, retry: false });
      console.log(await outcome(session.get('x')));`;
    expect(await runUnverified(script)).toBe('ERR_TLS');
    expect(received).toBe(0);
  });

  it('does not turn it off for an agent of the caller without `rejectUnauthorized`', async () => {
    const script = `const httpsAgent = new Agent({ keepAlive: true });
      const session = new Session({ user: new UserBearer({ bearer: 'a-bearer' }), prefixUrl: url, retry: false, httpsAgent });
      console.log(await outcome(session.get('x')));`;
    expect(await runUnverified(script)).toBe('ERR_TLS');
    expect(received).toBe(0);
  });

  it('does not turn it off for the identity service', async () => {
    const script = `const user = new User({ accessCode1: 'first', accessCode2: 'second', prefixUrl: url, retry: false });
      console.log(await outcome(user.authenticate()));`;
    expect(await runUnverified(script)).toBe('ERR_TLS');
    expect(received).toBe(0);
  });
});

it('an agent with `rejectUnauthorized: false` does not verify certificates', async () => {
  const script = `const httpsAgent = new Agent({ rejectUnauthorized: false });
    const session = new Session({ user: new UserBearer({ bearer: 'a-bearer' }), prefixUrl: url, retry: false, httpsAgent });
    console.log(await outcome(session.get('x')));`;
  expect(await runUnverified(script)).toBe('{"answered":true}');
  expect(received).toBe(1);
});
