import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SettingsReader } from '../src/config/settings.js';
import { InvalidInvocation, Session, User, UserBearer } from '../src/index.js';

const before = process.cwd();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'itkdb-dotenv-'));
  process.chdir(folder);
});

afterEach(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true, force: true });
});

const code = (): string => new SettingsReader().get('ITKDB_ACCESS_CODE1');

describe('a value in .env, read as python-dotenv reads it', () => {
  it.each<[string, string]>([
    ['ab#cd', 'ab#cd'],
    ['#abc', '#abc'],
    ['ab #cd', 'ab'],
    ['ab\t# cd', 'ab'],
    [' # to be filled in', ''],
    ['a b', 'a b'],
    ['"a # b" # c', 'a # b'],
    ["'a#b'#c", 'a#b'],
    ['"a\\tb\\"c\\\\n"', 'a\tb"c\\n'],
    ["'a\\n\\'b\\\\'", "a\\n'b\\"],
    ['"first\nsecond"', 'first\nsecond'],
    ['a"b\'c`d', 'a"b\'c`d'],
    ['`ab`', '`ab`'],
    ['"not closed', '"not closed'],
    ["it's", "it's"],
    ['\'"`#', '\'"`#'],
    ['C:\\new\\', 'C:\\new\\'],
    ['a=b', 'a=b'],
    ['a$b${', 'a$b${'],
    ['zwölf#€😀', 'zwölf#€😀'],
  ])('ITKDB_ACCESS_CODE1=%s has the value %j', async (text, value) => {
    await writeFile('.env', `# c\nexport OTHER='x'\nITKDB_ACCESS_CODE1=${text}\nITKDB_ACCESS_CODE2=next\n`);
    expect(code()).toBe(value);
    expect(new SettingsReader().get('ITKDB_ACCESS_CODE2')).toBe('next');
  });

  it('does not include the line ends of Windows', async () => {
    await writeFile('.env', 'ITKDB_ACCESS_CODE1=a#b\r\nITKDB_ACCESS_CODE2="c#d"\r\n');
    expect([code(), new SettingsReader().get('ITKDB_ACCESS_CODE2')]).toEqual(['a#b', 'c#d']);
  });
});

describe('a reference to a variable in .env', () => {
  const to = (name: string): string => `\${${name}}`;

  it.each<[string, string]>([
    [`A=1\nITKDB_ACCESS_CODE1=x${to('A')}y`, 'x1y'],
    [`A=1\nITKDB_ACCESS_CODE1='x${to('A')}'`, 'x1'],
    [`ITKDB_ACCESS_CODE1=${to('MISSING:-b')}`, 'b'],
    [`ITKDB_ACCESS_CODE1=x${to('MISSING:-')}`, 'x'],
    [`A=\nITKDB_ACCESS_CODE1=x${to('A')}`, 'x'],
    [`FROM_OUTSIDE=file\nITKDB_ACCESS_CODE1=${to('FROM_OUTSIDE')}`, 'environment'],
  ])('is replaced by the value of the variable: %j has the value %s', async (text, value) => {
    vi.stubEnv('FROM_OUTSIDE', 'environment');
    await writeFile('.env', text);
    expect(code()).toBe(value);
  });

  it('to a variable that is not set is an InvalidInvocation for this setting only', async () => {
    await writeFile(
      '.env',
      `A=${to('constructor')}\nITKDB_ACCESS_CODE1=x${to('A')}\nITKDB_ACCESS_CODE2=fine\n`,
    );
    expect(code).toThrow(InvalidInvocation);
    expect(code).toThrow(
      `${join(process.cwd(), '.env')}: \`ITKDB_ACCESS_CODE1\` refers to ${to('constructor')}`,
    );
    expect(new SettingsReader().get('ITKDB_ACCESS_CODE2')).toBe('fine');
  });
});

describe('.env', () => {
  const text = 'ITKDB_ACCESS_CODE1=zwölf#€\nITKDB_LEEWAY=9\n';
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');
  const utf32 = Buffer.from(
    [...`\ufeff${text}`].flatMap((c) => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8, 0, 0]),
  );

  it.each<[string, Buffer]>([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE with a byte order mark', utf16],
    ['UTF-16BE with a byte order mark', Buffer.from(utf16).swap16()],
  ])('is read in %s', async (_, bytes) => {
    await writeFile('.env', bytes);
    expect(code()).toBe('zwölf#€');
  });

  it.each<[string, Buffer]>([
    ['Latin-1', Buffer.from(text, 'latin1')],
    ['UTF-16 without a byte order mark', utf16.subarray(2)],
    ['UTF-16 with half a character', utf16.subarray(0, -1)],
    ['UTF-16 with half a surrogate pair', Buffer.from('\ufeffA=\ud83d', 'utf16le')],
    ['UTF-32', utf32],
  ])('in %s is an InvalidInvocation when a setting is read from it', async (_, bytes) => {
    await writeFile('.env', bytes);
    expect(code).toThrow(InvalidInvocation);
    expect(code).toThrow(`${join(process.cwd(), '.env')}: must be text in UTF-8, or in UTF-16`);
    vi.stubEnv('ITKDB_ACCESS_CODE1', 'from environment');
    expect(code()).toBe('from environment');
  });
});

describe('white space and quotes around a setting', () => {
  it.each(['x\n', 'x\r\n', ' x ', '\tx', '\ufeffx'])('white space is removed: %j', (value) => {
    vi.stubEnv('ITKDB_ACCESS_CODE1', value);
    expect(code()).toBe('x');
    expect(new User().accessCode1).toBe('x');
    expect(new User({ accessCode1: value, accessCode2: value })).toMatchObject({
      accessCode1: 'x',
      accessCode2: 'x',
    });
  });

  it('a variable that has only white space counts as not set', () => {
    vi.stubEnv('ITKDB_LEEWAY', ' \n');
    expect(new SettingsReader().get('ITKDB_LEEWAY')).toBe(2);
  });

  it('an InvalidInvocation says that the quotes around a setting must be removed', () => {
    vi.stubEnv('ITKDB_API_URL', '"https://itkpd.unicornuniversity.net/"');
    expect(() => new Session()).toThrow(
      /environment: `ITKDB_API_URL` must be .*; remove the quotes around it/,
    );
    vi.stubEnv('ITKDB_API_URL', 'nowhere');
    expect(() => new Session()).not.toThrow(/quotes/);
  });

  it('quotes around ITKDB_AUDREYTWO_API_KEY are an InvalidInvocation', async () => {
    vi.stubEnv('ITKDB_AUDREYTWO_API_KEY', "'key'");
    await expect(new UserBearer().token()).rejects.toThrow(
      'remove the quotes around ITKDB_AUDREYTWO_API_KEY: no token',
    );
  });
});

it('the InvalidInvocation for a wrong setting in .env names the path of the file', async () => {
  await writeFile('.env', 'ITKDB_LEEWAY=soon\n');
  expect(() => new SettingsReader().get('ITKDB_LEEWAY')).toThrow(
    `${join(process.cwd(), '.env')}: \`ITKDB_LEEWAY\` must be a whole number`,
  );
});

describe.skipIf(process.platform === 'win32')('in a working directory that was removed', () => {
  beforeEach(() => rm(folder, { recursive: true }));

  it('settings have the values of the environment or the defaults', () => {
    expect(new SettingsReader().get('ITKDB_LEEWAY')).toBe(2);
  });

  it('missing access codes or a missing token are an InvalidInvocation', async () => {
    await expect(new User({ accessCode1: 'x' }).authenticate()).rejects.toThrow(InvalidInvocation);
    await expect(new UserBearer().authenticate()).rejects.toThrow(InvalidInvocation);
  });

  it('a relative `saveAuth` is an InvalidInvocation, an absolute one is accepted', () => {
    expect(() => new User({ saveAuth: '.auth' })).toThrow(InvalidInvocation);
    expect(() => new User({ saveAuth: '.auth' })).toThrow('`saveAuth` must be an absolute path');
    expect(() => new Session({ saveAuth: '.auth' })).toThrow(InvalidInvocation);
    expect(new User({ saveAuth: join(folder, '.auth') }).isAuthenticated()).toBe(false);
  });
});
