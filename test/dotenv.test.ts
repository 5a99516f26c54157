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

describe('a value in .env is read as python-dotenv reads it', () => {
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
  ])('%j is %j', async (text, value) => {
    await writeFile('.env', `# c\nexport OTHER='x'\nITKDB_ACCESS_CODE1=${text}\nITKDB_ACCESS_CODE2=next\n`);
    expect(code()).toBe(value);
    expect(new SettingsReader().get('ITKDB_ACCESS_CODE2')).toBe('next');
  });

  it('with line ends of Windows', async () => {
    await writeFile('.env', 'ITKDB_ACCESS_CODE1=a#b\r\nITKDB_ACCESS_CODE2="c#d"\r\n');
    expect([code(), new SettingsReader().get('ITKDB_ACCESS_CODE2')]).toEqual(['a#b', 'c#d']);
  });
});

describe('a reference in .env', () => {
  const to = (name: string): string => `\${${name}}`;

  it.each<[string, string]>([
    [`A=1\nITKDB_ACCESS_CODE1=x${to('A')}y`, 'x1y'],
    [`A=1\nITKDB_ACCESS_CODE1='x${to('A')}'`, 'x1'],
    [`ITKDB_ACCESS_CODE1=${to('MISSING:-b')}`, 'b'],
    [`ITKDB_ACCESS_CODE1=x${to('MISSING:-')}`, 'x'],
    [`A=\nITKDB_ACCESS_CODE1=x${to('A')}`, 'x'],
    [`FROM_OUTSIDE=file\nITKDB_ACCESS_CODE1=${to('FROM_OUTSIDE')}`, 'environment'],
  ])('%j is replaced: %s', async (text, value) => {
    vi.stubEnv('FROM_OUTSIDE', 'environment');
    await writeFile('.env', text);
    expect(code()).toBe(value);
  });

  it('to what is set nowhere is an error of the setting that has it, and of no other', async () => {
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

describe('the encoding of .env', () => {
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
  ])('may be %s', async (_, bytes) => {
    await writeFile('.env', bytes);
    expect(code()).toBe('zwölf#€');
  });

  it.each<[string, Buffer]>([
    ['Latin-1', Buffer.from(text, 'latin1')],
    ['UTF-16 without a byte order mark', utf16.subarray(2)],
    ['UTF-16 with half a character', utf16.subarray(0, -1)],
    ['UTF-16 with half a surrogate pair', Buffer.from('\ufeffA=\ud83d', 'utf16le')],
    ['UTF-32', utf32],
  ])('must not be %s, where a setting is looked up there', async (_, bytes) => {
    await writeFile('.env', bytes);
    expect(code).toThrow(InvalidInvocation);
    expect(code).toThrow(`${join(process.cwd(), '.env')}: must be text in UTF-8, or in UTF-16`);
    vi.stubEnv('ITKDB_ACCESS_CODE1', 'from environment');
    expect(code()).toBe('from environment');
  });
});

describe('white space and quotes around a setting', () => {
  it.each(['x\n', 'x\r\n', ' x ', '\tx', '\ufeffx'])('white space is left out: %j', (value) => {
    vi.stubEnv('ITKDB_ACCESS_CODE1', value);
    expect(code()).toBe('x');
    expect(new User().accessCode1).toBe('x');
    expect(new User({ accessCode1: value, accessCode2: value })).toMatchObject({
      accessCode1: 'x',
      accessCode2: 'x',
    });
  });

  it('a variable of white space counts as not set', () => {
    vi.stubEnv('ITKDB_LEEWAY', ' \n');
    expect(new SettingsReader().get('ITKDB_LEEWAY')).toBe(2);
  });

  it('quotes are named where they make a setting wrong', () => {
    vi.stubEnv('ITKDB_API_URL', '"https://itkpd.unicornuniversity.net/"');
    expect(() => new Session()).toThrow(
      /environment: `ITKDB_API_URL` must be .*; remove the quotes around it/,
    );
    vi.stubEnv('ITKDB_API_URL', 'nowhere');
    expect(() => new Session()).not.toThrow(/quotes/);
  });

  it('quotes around the token of a UserBearer are an error', async () => {
    vi.stubEnv('ITKDB_AUDREYTWO_API_KEY', "'key'");
    await expect(new UserBearer().token()).rejects.toThrow(
      'remove the quotes around ITKDB_AUDREYTWO_API_KEY: no token',
    );
  });
});

it('a setting that is wrong in .env names the path of the file', async () => {
  await writeFile('.env', 'ITKDB_LEEWAY=soon\n');
  expect(() => new SettingsReader().get('ITKDB_LEEWAY')).toThrow(
    `${join(process.cwd(), '.env')}: \`ITKDB_LEEWAY\` must be a whole number`,
  );
});

describe.skipIf(process.platform === 'win32')('a working directory that was removed', () => {
  beforeEach(() => rm(folder, { recursive: true }));

  it('leaves the settings of the environment and the defaults', () => {
    expect(new SettingsReader().get('ITKDB_LEEWAY')).toBe(2);
  });

  it('is an InvalidInvocation where access codes or a token are missing', async () => {
    await expect(new User({ accessCode1: 'x' }).authenticate()).rejects.toThrow(InvalidInvocation);
    await expect(new UserBearer().authenticate()).rejects.toThrow(InvalidInvocation);
  });

  it('is an InvalidInvocation for a relative `saveAuth`, not for an absolute one', () => {
    expect(() => new User({ saveAuth: '.auth' })).toThrow(InvalidInvocation);
    expect(() => new User({ saveAuth: '.auth' })).toThrow('`saveAuth` must be an absolute path');
    expect(() => new Session({ saveAuth: '.auth' })).toThrow(InvalidInvocation);
    expect(new User({ saveAuth: join(folder, '.auth') }).isAuthenticated()).toBe(false);
  });
});
