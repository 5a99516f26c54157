import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_SETTINGS, type Settings, SettingsReader } from '../src/config/settings.js';
import { InvalidInvocation, Session, User, UserBearer } from '../src/index.js';

const before = process.cwd();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'itkdb-settings-'));
  process.chdir(folder);
});

afterEach(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

const read = <Name extends keyof Settings>(name: Name): Settings[Name] => new SettingsReader().get(name);

describe('where a setting comes from', () => {
  it.each(Object.entries(DEFAULT_SETTINGS))('%s is %j where nobody set it', (name, value) => {
    expect(read(name as keyof Settings)).toBe(value);
  });

  it('.env in the working directory goes before the default', async () => {
    await writeFile('.env', 'ITKDB_API_URL="https://from.file/" # a comment\nITKDB_LEEWAY=7\n');
    expect(read('ITKDB_API_URL')).toBe('https://from.file/');
    expect(read('ITKDB_LEEWAY')).toBe(7);
  });

  it('the environment goes before .env', async () => {
    await writeFile('.env', 'ITKDB_API_URL=https://from.file/\n');
    vi.stubEnv('ITKDB_API_URL', 'https://from.environment/');
    expect(read('ITKDB_API_URL')).toBe('https://from.environment/');
  });

  it('an argument goes before the environment', () => {
    vi.stubEnv('ITKDB_API_URL', 'https://from.environment/');
    vi.stubEnv('ITKDB_ACCESS_CODE1', 'from environment');
    expect(new Session({ prefixUrl: 'https://from.argument/' }).prefixUrl).toBe('https://from.argument/');
    expect(new User({ accessCode1: 'from argument' }).accessCode1).toBe('from argument');
  });

  it('.env may be UTF-16, as PowerShell writes it', async () => {
    await writeFile('.env', Buffer.from('\ufeffITKDB_LEEWAY=9\r\nITKDB_ACCESS_CODE1="a#b"\r\n', 'utf16le'));
    expect([read('ITKDB_LEEWAY'), read('ITKDB_ACCESS_CODE1')]).toEqual([9, 'a#b']);
  });

  it('an empty variable counts as not set', async () => {
    await writeFile('.env', 'ITKDB_LEEWAY=5\nITKDB_ACCESS_SCOPE=\n');
    vi.stubEnv('ITKDB_LEEWAY', '');
    expect(read('ITKDB_LEEWAY')).toBe(5);
    expect(read('ITKDB_ACCESS_SCOPE')).toBe(DEFAULT_SETTINGS.ITKDB_ACCESS_SCOPE);
  });

  it('a setting is read when it is first needed, not when the user is made', () => {
    const user = new User();
    vi.stubEnv('ITKDB_ACCESS_CODE1', 'set later');
    expect(user.accessCode1).toBe('set later');
    vi.stubEnv('ITKDB_ACCESS_CODE1', 'changed afterwards');
    expect(user.accessCode1).toBe('set later');
  });

  it('.env never reaches process.env, nor does reading it print anything', async () => {
    const stdout = vi.spyOn(process.stdout, 'write');
    const stderr = vi.spyOn(process.stderr, 'write');
    await writeFile('.env', 'ITKDB_ACCESS_SCOPE=only-in-the-file\n');
    const environment = { ...process.env };
    expect(read('ITKDB_ACCESS_SCOPE')).toBe('only-in-the-file');
    expect(process.env).toEqual(environment);
    expect(stdout).not.toHaveBeenCalled();
    expect(stderr).not.toHaveBeenCalled();
  });

  it('a folder called .env is not the file', async () => {
    await mkdir('.env');
    expect(read('ITKDB_LEEWAY')).toBe(2);
  });
});

describe('a setting that is wrong', () => {
  it.each([
    ['ITKDB_LEEWAY', 'abc', 'a whole number of seconds, such as 2'],
    ['ITKDB_LEEWAY', '1.5', 'a whole number of seconds'],
    ['ITKDB_LEEWAY', '-1', 'a whole number of seconds'],
    ['ITKDB_API_URL', 'itkpd.unicornuniversity.net', 'an http(s) URL'],
    ['ITKDB_API_URL', 'ftp://h/', 'an http(s) URL'],
    ['ITKDB_API_URL', 'https://user:hunter2@h/', 'an http(s) URL without credentials'],
    ['ITKDB_AUTH_URL', 'nowhere', 'an http(s) URL'],
  ] as const)('%s=%s is refused by name', (name, value, expectation) => {
    vi.stubEnv(name, value);
    expect(() => read(name)).toThrow(InvalidInvocation);
    expect(() => read(name)).toThrow(`environment: \`${name}\` must be ${expectation}`);
    expect(() => read(name)).not.toThrow('hunter2');
  });

  it('the message says that it stands in .env', async () => {
    await writeFile('.env', 'ITKDB_API_URL=nowhere\n');
    expect(() => new Session()).toThrow('.env: `ITKDB_API_URL` must be an http(s) URL');
  });
});

describe('ITKDB_SITE_URL, the name of ITKDB_API_URL before 0.6.0', () => {
  it('counts where ITKDB_API_URL is not set, and only there', async () => {
    await writeFile('.env', 'ITKDB_SITE_URL=https://former.example/\n');
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(read('ITKDB_API_URL')).toBe('https://former.example/');
    vi.stubEnv('ITKDB_API_URL', 'https://present.example/');
    expect(read('ITKDB_API_URL')).toBe('https://present.example/');
  });

  it('is warned of once a process', async () => {
    vi.resetModules();
    const { Session } = await import('../src/index.js');
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    vi.stubEnv('ITKDB_SITE_URL', 'https://former.example/');
    for (let i = 0; i < 3; i++) expect(new Session().prefixUrl).toBe('https://former.example/');
    expect(warned).toHaveBeenCalledExactlyOnceWith(
      'ITKDB_SITE_URL is the former name of ITKDB_API_URL; please rename it.',
      'DeprecationWarning',
      'ITKDB_SITE_URL',
    );
  });

  it('is named in the error where it is wrong', () => {
    vi.stubEnv('ITKDB_SITE_URL', 'nowhere');
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(() => new Session()).toThrow('environment: `ITKDB_SITE_URL` must be an http(s) URL');
  });
});

describe('a URL without TLS', () => {
  it.each(['http://pdb.example:8080/', 'http://127.0.0.1.example/', 'http://[::2]/', 'http://10.0.0.1/'])(
    'is warned of once a process: %s',
    async (url) => {
      vi.resetModules();
      const { Session, User } = await import('../src/index.js');
      const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const user = { authenticate: () => true, bearer: 'x' };
      vi.stubEnv('ITKDB_API_URL', url);
      for (let i = 0; i < 3; i++) new Session({ user });
      const credentials = { accessCode1: 'first-code', accessCode2: 'second-code' };
      await new User({
        ...credentials,
        prefixUrl: url,
        httpClient: { request: async () => ({ status: 500, data: '' }) },
      })
        .authenticate()
        .catch(() => {});
      const { origin, host } = new URL(url);
      expect(warned).toHaveBeenCalledExactlyOnceWith(
        `${origin} is not https: everybody on the way to it can read your credentials.`,
        'SecurityWarning',
        `ITKDB_CLEAR_TEXT ${host}`,
      );
    },
  );

  it.each([
    'http://localhost:1/',
    'http://127.0.0.1/',
    'http://127.3.4.5:80/',
    'http://[::1]:1/',
    'https://pdb.example/',
  ])('is not warned of on this computer, nor one with TLS: %s', (prefixUrl) => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    new Session({ prefixUrl, user: { authenticate: () => true, bearer: 'x' } });
    expect(warned).not.toHaveBeenCalled();
  });
});

describe('UserBearer', () => {
  it('takes its bearer from ITKDB_AUDREYTWO_API_KEY', async () => {
    vi.stubEnv('ITKDB_AUDREYTWO_API_KEY', 'key-from-environment');
    const user = new UserBearer();
    expect(user.bearer).toBe('key-from-environment');
    await expect(user.authenticate()).resolves.toBe(true);
  });
});
