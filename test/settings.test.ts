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

describe('the value of a setting', () => {
  it.each(Object.entries(DEFAULT_SETTINGS))('%s is %j by default', (name, value) => {
    expect(read(name as keyof Settings)).toBe(value);
  });

  it('in .env in the working directory overrides the default', async () => {
    await writeFile('.env', 'ITKDB_API_URL="https://from.file/" # a comment\nITKDB_LEEWAY=7\n');
    expect(read('ITKDB_API_URL')).toBe('https://from.file/');
    expect(read('ITKDB_LEEWAY')).toBe(7);
  });

  it('in the environment overrides .env', async () => {
    await writeFile('.env', 'ITKDB_API_URL=https://from.file/\n');
    vi.stubEnv('ITKDB_API_URL', 'https://from.environment/');
    expect(read('ITKDB_API_URL')).toBe('https://from.environment/');
  });

  it('as an option overrides the environment', () => {
    vi.stubEnv('ITKDB_API_URL', 'https://from.environment/');
    vi.stubEnv('ITKDB_ACCESS_CODE1', 'from environment');
    expect(new Session({ prefixUrl: 'https://from.argument/' }).prefixUrl).toBe('https://from.argument/');
    expect(new User({ accessCode1: 'from argument' }).accessCode1).toBe('from argument');
  });

  it('is read from .env in UTF-16, as PowerShell writes it', async () => {
    await writeFile('.env', Buffer.from('\ufeffITKDB_LEEWAY=9\r\nITKDB_ACCESS_CODE1="a#b"\r\n', 'utf16le'));
    expect([read('ITKDB_LEEWAY'), read('ITKDB_ACCESS_CODE1')]).toEqual([9, 'a#b']);
  });

  it('that is empty counts as not set', async () => {
    await writeFile('.env', 'ITKDB_LEEWAY=5\nITKDB_ACCESS_SCOPE=\n');
    vi.stubEnv('ITKDB_LEEWAY', '');
    expect(read('ITKDB_LEEWAY')).toBe(5);
    expect(read('ITKDB_ACCESS_SCOPE')).toBe(DEFAULT_SETTINGS.ITKDB_ACCESS_SCOPE);
  });

  it('is read when it is first needed, not when the user is created', () => {
    const user = new User();
    vi.stubEnv('ITKDB_ACCESS_CODE1', 'set later');
    expect(user.accessCode1).toBe('set later');
    vi.stubEnv('ITKDB_ACCESS_CODE1', 'changed afterwards');
    expect(user.accessCode1).toBe('set later');
  });

  it('in .env is not copied to process.env, and nothing is printed', async () => {
    const stdout = vi.spyOn(process.stdout, 'write');
    const stderr = vi.spyOn(process.stderr, 'write');
    await writeFile('.env', 'ITKDB_ACCESS_SCOPE=only-in-the-file\n');
    const environment = { ...process.env };
    expect(read('ITKDB_ACCESS_SCOPE')).toBe('only-in-the-file');
    expect(process.env).toEqual(environment);
    expect(stdout).not.toHaveBeenCalled();
    expect(stderr).not.toHaveBeenCalled();
  });

  it('is not read from a folder named .env', async () => {
    await mkdir('.env');
    expect(read('ITKDB_LEEWAY')).toBe(2);
  });
});

describe("the user's settings file, config.env", () => {
  const writeUserFile = (text: string): Promise<void> => {
    vi.stubEnv('ITKDB_CONFIG_DIR', folder);
    return writeFile('config.env', text);
  };

  it('is read for settings that are neither in the environment nor in .env', async () => {
    await writeUserFile(
      'ITKDB_API_URL=https://of.user/ # mine\nITKDB_AUTH_URL=https://of.user/oidc/\nITKDB_LEEWAY=9',
    );
    await writeFile('.env', 'ITKDB_AUTH_URL=https://of.folder/oidc/\nITKDB_LEEWAY=7\n');
    vi.stubEnv('ITKDB_LEEWAY', '5');
    expect([read('ITKDB_API_URL'), read('ITKDB_AUTH_URL'), read('ITKDB_LEEWAY')]).toEqual([
      'https://of.user/',
      'https://of.folder/oidc/',
      5,
    ]);
    expect(new Session().prefixUrl).toBe('https://of.user/');
  });

  it('is not read for a setting that was found before', async () => {
    await writeUserFile('ITKDB_ACCESS_CODE1=refused-if-read');
    vi.stubEnv('ITKDB_LEEWAY', '5');
    expect(read('ITKDB_LEEWAY')).toBe(5);
  });

  it('with a wrong setting is an InvalidInvocation that names the file', async () => {
    await writeUserFile('ITKDB_API_URL=nowhere\n');
    expect(() => new Session()).toThrow(
      `${join(folder, 'config.env')}: \`ITKDB_API_URL\` must be an http(s) URL`,
    );
  });

  it.each(['ITKDB_ACCESS_CODE1', 'ITKDB_ACCESS_CODE2', 'ITKDB_AUDREYTWO_API_KEY'])(
    'with %s is refused, whatever is read from it, and the message does not show the value',
    async (name) => {
      await writeUserFile(`${name}=hunter2\n`);
      for (const wanted of ['ITKDB_ACCESS_CODE1', 'ITKDB_API_URL'] as const) {
        expect(() => read(wanted)).toThrow(InvalidInvocation);
        expect(() => read(wanted)).toThrow(`${join(folder, 'config.env')}: remove ${name}`);
        expect(() => read(wanted)).toThrow('use `npx itkdb login`');
        expect(() => read(wanted)).not.toThrow('hunter2');
      }
    },
  );

  it('may be a copy of .env.example, in which the credentials are empty', async () => {
    await writeUserFile(
      'ITKDB_ACCESS_CODE1=\nITKDB_ACCESS_CODE2=\nITKDB_AUDREYTWO_API_KEY=\nITKDB_LEEWAY=3\n',
    );
    expect(read('ITKDB_LEEWAY')).toBe(3);
    expect(new User().accessCode1).toBe('');
  });

  it('need not exist, nor a home folder', () => {
    vi.stubEnv('ITKDB_CONFIG_DIR', '');
    vi.stubEnv('XDG_CONFIG_HOME', '');
    vi.stubEnv('HOME', 'relative');
    expect(read('ITKDB_LEEWAY')).toBe(2);
  });

  it('is not looked for in a relative ITKDB_CONFIG_DIR', () => {
    vi.stubEnv('ITKDB_CONFIG_DIR', '.');
    expect(() => read('ITKDB_LEEWAY')).toThrow('`ITKDB_CONFIG_DIR` must be an absolute path');
  });
});

describe('originOf()', () => {
  it('says where the value of a setting comes from', async () => {
    vi.stubEnv('ITKDB_CONFIG_DIR', folder);
    await writeFile('config.env', 'ITKDB_AUTH_URL=https://of.user/\n');
    await writeFile('.env', 'ITKDB_SITE_URL=https://of.folder/\n');
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    vi.stubEnv('ITKDB_LEEWAY', '5');
    const settings = new SettingsReader();
    expect(settings.originOf('ITKDB_LEEWAY')).toBe('ITKDB_LEEWAY in the environment');
    expect(settings.originOf('ITKDB_API_URL')).toBe(`ITKDB_SITE_URL in ${join(process.cwd(), '.env')}`);
    expect(settings.originOf('ITKDB_AUTH_URL')).toBe(`ITKDB_AUTH_URL in ${join(folder, 'config.env')}`);
    expect(settings.originOf('ITKDB_ACCESS_SCOPE')).toBe('the default of ITKDB_ACCESS_SCOPE');
  });
});

describe('a wrong setting', () => {
  it.each([
    ['ITKDB_LEEWAY', 'abc', 'a whole number of seconds, such as 2'],
    ['ITKDB_LEEWAY', '1.5', 'a whole number of seconds'],
    ['ITKDB_LEEWAY', '-1', 'a whole number of seconds'],
    ['ITKDB_API_URL', 'itkpd.unicornuniversity.net', 'an http(s) URL'],
    ['ITKDB_API_URL', 'ftp://h/', 'an http(s) URL'],
    ['ITKDB_API_URL', 'https://user:hunter2@h/', 'an http(s) URL without credentials'],
    ['ITKDB_AUTH_URL', 'nowhere', 'an http(s) URL'],
  ] as const)('%s=%s is an InvalidInvocation that names it', (name, value, expectation) => {
    vi.stubEnv(name, value);
    expect(() => read(name)).toThrow(InvalidInvocation);
    expect(() => read(name)).toThrow(`environment: \`${name}\` must be ${expectation}`);
    expect(() => read(name)).not.toThrow('hunter2');
  });

  it('in .env is an InvalidInvocation that names the file', async () => {
    await writeFile('.env', 'ITKDB_API_URL=nowhere\n');
    expect(() => new Session()).toThrow('.env: `ITKDB_API_URL` must be an http(s) URL');
  });
});

describe('ITKDB_SITE_URL, the name of ITKDB_API_URL before 0.6.0', () => {
  it('is used only if ITKDB_API_URL is not set', async () => {
    await writeFile('.env', 'ITKDB_SITE_URL=https://former.example/\n');
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(read('ITKDB_API_URL')).toBe('https://former.example/');
    vi.stubEnv('ITKDB_API_URL', 'https://present.example/');
    expect(read('ITKDB_API_URL')).toBe('https://present.example/');
  });

  it('causes one warning in a process', async () => {
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

  it('is named in the InvalidInvocation if it is wrong', () => {
    vi.stubEnv('ITKDB_SITE_URL', 'nowhere');
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(() => new Session()).toThrow('environment: `ITKDB_SITE_URL` must be an http(s) URL');
  });
});

describe('a URL without TLS', () => {
  it.each(['http://pdb.example:8080/', 'http://127.0.0.1.example/', 'http://[::2]/', 'http://10.0.0.1/'])(
    'causes one warning in a process: %s',
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
  ])('causes no warning on this computer, nor does a URL with TLS: %s', (prefixUrl) => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    new Session({ prefixUrl, user: { authenticate: () => true, bearer: 'x' } });
    expect(warned).not.toHaveBeenCalled();
  });
});

describe('UserBearer', () => {
  it('uses ITKDB_AUDREYTWO_API_KEY by default', async () => {
    vi.stubEnv('ITKDB_AUDREYTWO_API_KEY', 'key-from-environment');
    const user = new UserBearer();
    expect(user.bearer).toBe('key-from-environment');
    await expect(user.authenticate()).resolves.toBe(true);
  });
});
