import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE, startCli } from '../helpers/cli.js';
import { Origin } from '../helpers/origin.js';
import { itOnTerminal, runInTerminal, TerminalRun } from '../helpers/terminal.js';

const cli = await startCli();
const { accessCode1, accessCode2 } = cli.pdb.user;
const input = `${accessCode1}\n${accessCode2}\n`;
const anonymous = true;
const signInFile = (): string => join(cli.config, 'sign-in.json');
const stored = async (): Promise<Record<string, unknown>> => JSON.parse(await readFile(signInFile(), 'utf8'));
const SECRETS = /first-code-of-alex|second-code-of-alex|eyJ[\w-]{20}/;

describe('itkdb login', () => {
  itOnTerminal('asks for the access codes without showing them, and stores only a token', async () => {
    const { code, screen, raw } = await runInTerminal(cli, ['login'], {
      anonymous,
      answers: [
        [/Access code 1: /, `${accessCode1}\r`],
        [/Access code 2: /, `${accessCode2}\r`],
        [/Keep the access codes on this computer too\? \[y\/N\] /, '\r'],
      ],
    });
    expect(code).toBe(0);
    expect(raw).not.toMatch(SECRETS);
    expect(screen).toContain('Signed in as Alex Example (1234-567-1) until ');
    expect(Object.keys(await stored())).not.toContain('accessCode1');
    expect((await stat(signInFile())).mode & 0o777).toBe(0o600);
  });

  itOnTerminal(
    'takes both access codes if they are pasted at once, and corrections with backspace',
    async () => {
      const pasted = `\x1b[200~${accessCode1}\n${accessCode2}xy\x1b[201~\x7f\x7f\r`;
      const { code, raw } = await runInTerminal(cli, ['login'], {
        anonymous,
        answers: [
          [/Access code 1: /, pasted],
          [/Keep the access codes .*\[y\/N\] /, 'y\r'],
        ],
      });
      expect(code).toBe(0);
      expect(raw).not.toMatch(SECRETS);
      expect(await stored()).toMatchObject({ accessCode1, accessCode2 });
    },
  );

  itOnTerminal('ends with 130 after Ctrl-C, and stores nothing', async () => {
    for (const when of [/Access code 1: /, /Access code 2: /, /\[y\/N\]/]) {
      const run = new TerminalRun(cli, ['login'], { anonymous });
      for (const [question, typed] of [
        [/Access code 1: /, `${accessCode1}\r`],
        [/Access code 2: /, `${accessCode2}\r`],
        [/\[y\/N\]/, '\r'],
      ] as const) {
        await run.shows(question);
        run.type(question.source === when.source ? '\x03' : typed);
        if (question.source === when.source) break;
      }
      expect((await run.ended).code).toBe(130);
      expect(await readdir(cli.home)).toEqual([]);
      await expect(stat(signInFile())).rejects.toThrow('ENOENT');
    }
  });

  itOnTerminal('ends with 2 after Ctrl-D or an empty access code, and sends nothing', async () => {
    for (const typed of ['\x04', '\r\r']) {
      const { code, screen } = await runInTerminal(cli, ['login'], {
        anonymous,
        answers: [[/Access code 1: /, typed]],
      });
      expect([code, screen]).toEqual([2, expect.stringContaining('two access codes are needed')]);
    }
    expect(cli.pdb.count()).toBe(0);
  });

  it.each([
    ['--with-codes', []],
    ['--with-codes --keep-codes', ['accessCode1', 'accessCode2']],
  ])('with %s reads the access codes from standard input', async (words, kept) => {
    const ran = await cli.run(['login', ...words.split(' ')], { anonymous, input });
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    expect(ran.stderr).toMatch(/^The identity service is http.* \(ITKDB_AUTH_URL in the environment\)\./);
    expect(ran.stderr).toContain(
      `Stored in ${signInFile()}${kept.length > 0 ? ', with the access codes' : ''}.`,
    );
    expect(ran.stderr).not.toMatch(SECRETS);
    expect(Object.keys(await stored()).filter((name) => name.startsWith('accessCode'))).toEqual(kept);
  });

  it.each(['', `${accessCode1}\n`, `${input}third\n`])(
    'refuses %j on standard input with 2',
    async (wrong) => {
      const ran = await cli.run(['login', '--with-codes'], { anonymous, input: wrong });
      expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('two access codes are needed')]);
      expect(cli.pdb.count()).toBe(0);
    },
  );

  it('without a terminal asks nothing, and ends with 2', async () => {
    const ran = await cli.run(['login'], { anonymous });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/^itkdb: there is no terminal .*\n.*itkdb login --with-codes < FILE\n$/m);
  });

  it('with wrong access codes ends with 3, and keeps the sign-in before', async () => {
    await cli.run(['login', '--with-codes'], { anonymous, input });
    const before = await readFile(signInFile(), 'utf8');
    const ran = await cli.run(['login', '--with-codes'], { anonymous, input: 'wrong-one\nwrong-two\n' });
    expect(ran.code).toBe(3);
    expect(ran.stderr).not.toMatch(/wrong-one|wrong-two/);
    expect(await readFile(signInFile(), 'utf8')).toBe(before);
    expect(await readdir(cli.config)).toEqual(['sign-in.json']);
  });

  it('says that access codes of the environment come first', async () => {
    const ran = await cli.run(['login', '--with-codes'], { input });
    expect(ran.stderr).toContain(
      'Note: here, the access codes of ITKDB_ACCESS_CODE1 in the environment are used',
    );
  });

  it('needs a folder that it can write to', async () => {
    await writeFile(join(cli.folder, 'file'), '');
    const env = { ITKDB_CONFIG_DIR: join(cli.folder, 'file') };
    const ran = await cli.run(['login', '--with-codes'], { anonymous, input, env });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^itkdb: the sign-in could not be stored /m);
  });
});

describe('after itkdb login', () => {
  it('every command uses the sign-in, and so does a script', async () => {
    await cli.run(['login', '--with-codes'], { anonymous, input });
    cli.pdb.reset();
    const listed = await cli.run(['list-projects'], { anonymous });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    const script = `import { Client } from '${PACKAGE}/dist/index.js';
      const client = new Client({ cache: false });
      console.log(await client.whoAmI());
      await client.close();`;
    await writeFile(join(cli.folder, 'script.mjs'), script);
    const ran = await cli.shell('node script.mjs', { anonymous });
    expect(ran).toMatchObject({
      code: 0,
      stdout: "{ identity: '1234-567-1', name: 'Alex Example' }\n",
      stderr: '',
    });
    expect(cli.pdb.count('grantToken')).toBe(0);
  });

  it('a .env of another database is refused with 3, and that database is sent nothing', async () => {
    await cli.run(['login', '--with-codes', '--keep-codes'], { anonymous, input });
    await using foreign = await Origin.start();
    await writeFile(join(cli.folder, '.env'), `ITKDB_API_URL=${foreign.url}\n`);
    const ran = await cli.run(['list-projects'], { anonymous, env: { ITKDB_API_URL: undefined } });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(`is for the database ${cli.pdb.apiUrl}, but ${foreign.url} is in use`);
    expect(ran.stderr).toContain(
      `That comes from ITKDB_API_URL in ${join(cli.folder, '.env')}. If it is right, run itkdb login`,
    );
    expect(foreign.requests).toEqual([]);
  });

  it('an expired token without access codes is 3, and names the way out', async () => {
    cli.pdb.identity.tokenLifetime = 10;
    await cli.run(['login', '--with-codes'], { anonymous, input });
    const ran = await cli.run(['list-projects', '--json'], { anonymous });
    expect(ran.code).toBe(3);
    expect(JSON.parse(ran.stderr).error).toMatchObject({
      code: 'ERR_NOT_SIGNED_IN',
      message: expect.stringMatching(/^the sign-in of Alex Example expires at /),
      advice: 'Run: itkdb login',
      exitCode: 3,
    });
  });
});

describe('itkdb without a sign-in', () => {
  it('ends with 3 and says how to sign in', async () => {
    const ran = await cli.run(['list-projects'], { anonymous });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/^itkdb: you are not signed in: .*\nRun: itkdb login\n$/);
    expect(ran.stdout).toBe('');
  });
});

describe('itkdb logout', () => {
  it('removes the sign-in, and says so', async () => {
    await cli.run(['login', '--with-codes', '--keep-codes'], { anonymous, input });
    const ran = await cli.run(['logout'], { anonymous });
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    expect(ran.stderr).toBe(`Removed the sign-in of Alex Example and the access codes: ${signInFile()}\n`);
    expect(await readdir(cli.config)).toEqual([]);
    expect((await cli.run(['logout'], { anonymous })).stderr).toBe('There was no stored sign-in.\n');
    expect((await cli.run(['whoami'], { anonymous })).code).toBe(3);
  });

  it('removes a damaged file, and says that there are other access codes', async () => {
    await mkdir(cli.config);
    await writeFile(signInFile(), '{');
    const ran = await cli.run(['logout']);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toBe(
      `Removed the sign-in: ${signInFile()}\nNote: there are still access codes in ITKDB_ACCESS_CODE1 in the environment.\n`,
    );
  });
});

describe('itkdb whoami', () => {
  it('shows who, where, by what and until when as JSON', async () => {
    await cli.run(['login', '--with-codes'], { anonymous, input });
    const { code, stdout, stderr } = await cli.run(['whoami'], { anonymous });
    expect([code, stderr]).toEqual([0, '']);
    const facts = JSON.parse(stdout);
    expect(facts).toEqual({
      name: 'Alex Example',
      identity: '1234-567-1',
      institutions: expect.arrayContaining([{ code: 'CERN', name: expect.any(String) }]),
      apiUrl: cli.pdb.apiUrl,
      credentials: `itkdb login, without the access codes: ${signInFile()}`,
      expiresAt: expect.any(String),
      expiresIn: expect.any(Number),
    });
    expect(Math.abs(Date.parse(facts.expiresAt) - Date.now() - facts.expiresIn * 1000)).toBeLessThan(60_000);
    expect(stdout).not.toMatch(SECRETS);
  });

  it('shows a text with --table, and names access codes of the environment', async () => {
    const { stdout } = await cli.run(['whoami', '--table']);
    expect(stdout).toMatch(
      /^Name {10}Alex Example\nIdentity {6}1234-567-1\nInstitutions {2}CERN.*\nDatabase {6}http.*\nSigned in by {2}ITKDB_ACCESS_CODE1 in the environment\nToken until {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, 1\d\d minutes from now\n$/,
    );
  });

  it('says that the access codes are stored, and shows single fields', async () => {
    await cli.run(['login', '--with-codes', '--keep-codes'], { anonymous, input });
    const { stdout } = await cli.run(['whoami', '--json=name,credentials'], { anonymous });
    expect(JSON.parse(stdout)).toEqual({
      name: 'Alex Example',
      credentials: `itkdb login, with the access codes: ${signInFile()}`,
    });
  });

  it('makes a file private that other people could read', async () => {
    await cli.run(['login', '--with-codes'], { anonymous, input });
    await chmod(signInFile(), 0o666);
    await cli.run(['whoami'], { anonymous });
    expect((await stat(signInFile())).mode & 0o777).toBe(0o600);
  });
});

describe('itkdb authenticate', () => {
  it('prints one line, as the Python package does', async () => {
    expect(await cli.run(['authenticate'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^You have signed in as Alex Example\. Your token expires in 7\d\d\d s\.\n$/,
      ),
      stderr: '',
    });
  });

  it('with wrong access codes ends with 3', async () => {
    const ran = await cli.run(['authenticate', '--access-code1', 'wrong-one'], {});
    expect(ran).toMatchObject({ code: 3, stdout: '' });
    expect(ran.stderr).not.toContain('wrong-one');
  });
});
