import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE, startCli } from '../helpers/cli.js';
import { itOnTerminal, TerminalRun } from '../helpers/terminal.js';

const cli = await startCli({ components: 1 });
const CODES = ['ITKDB_ACCESS_CODE1', 'ITKDB_ACCESS_CODE2'];
const { accessCode1, accessCode2 } = cli.pdb.user;
const NAMES = ['ITKDB_AUTH_URL', 'ITKDB_API_URL', 'ITKDB_CONFIG_DIR', 'XDG_CACHE_HOME'];

describe('serve', () => {
  it('prints lines with which other commands use its database, until Ctrl-C ends it with exit code 0', async () => {
    const { stdout, stderr } = await cli.shell(`
      itkdb serve --components 20 --seed 7 --latency 1 > env.sh &
      until grep -q API_URL env.sh; do sleep 0.05; done
      . ./env.sh
      itkdb list-projects --ndjson --columns code
      kill -INT $!
      wait $!
      echo "exit code $?"
      itkdb list-projects > /dev/null
      echo "then $?"`);
    expect(stdout).toMatch(/\{"code":"S"\}\n\{"code":"P"\}\n[\s\S]*\nexit code 0\nthen 5\n$/);
    expect(stderr).toContain('Copy the lines into a second terminal, and try there: itkdb list-components');
    expect(stderr).toContain('Ctrl-C ends it.');
  });

  it.each([
    [['--shell', 'sh'], /^export (\w+)='[^'\n]+'$/],
    [['--shell', 'fish'], /^set -gx (\w+) '[^'\n]+'$/],
    [['--shell', 'powershell'], /^\$env:(\w+) = '[^'\n]+'$/],
    [['--shell', 'cmd'], /^set "(\w+)=[^"\n]+"$/],
    [['--json'], /^ {2}"(\w+)": "[^"\n]+",?$/],
  ])('%s prints the environment for that', async (options, line) => {
    const served = cli.spawn(['serve', '--components', '1', ...options], { anonymous: true });
    await served.prints(/Ctrl-C ends it/);
    served.process.kill('SIGINT');
    const { code, stdout } = await served.ended;
    const lines = stdout.split('\n').filter((one) => !/^[{}]?$/.test(one));
    expect({ code, names: lines.map((one) => line.exec(one)?.[1]) }).toEqual({ code: 0, names: NAMES });
  });

  it('prints lines that a shell reads where the folder for temporary files has quotes in its name', async () => {
    const TMPDIR = join(cli.temporary, `it's "here"`);
    await mkdir(TMPDIR);
    const served = cli.spawn(['serve', '--components', '1', '--shell', 'sh'], { env: { TMPDIR } });
    await served.prints(/Ctrl-C ends it/);
    served.process.kill('SIGINT');
    const { stdout } = await served.ended;
    const read = await cli.shell(`${stdout}printf %s "$ITKDB_CONFIG_DIR"`);
    expect(read.stdout.startsWith(join(TMPDIR, 'itkdb-serve-'))).toBe(true);
    expect(await readdir(TMPDIR)).toEqual([]);
  });

  it('-- COMMAND has a sign-in of its own for login, logout and scripts, and leaves that of the user as it is', async () => {
    const input = `${accessCode1}\n${accessCode2}\n`;
    await cli.run(['login', '--with-codes', '--keep-codes'], { anonymous: true, input });
    const before = await readFile(join(cli.config, 'sign-in.json'), 'utf8');
    cli.pdb.reset();
    await writeFile(
      join(cli.folder, 'script.mjs'),
      `import { Client } from '${PACKAGE}/dist/index.js';
       const client = new Client();
       console.log((await client.whoAmI()).name);
       await client.close();`,
    );
    const inside = [
      'itkdb whoami --json=credentials',
      'node script.mjs',
      'itkdb logout',
      'itkdb list-projects',
      'echo "not signed in: $?"',
      `printf '${accessCode1}\\n${accessCode2}\\n' | itkdb login --with-codes`,
      'itkdb list-projects --ndjson --columns code',
      'echo "signed in: $?"',
    ];
    const words = ['serve', '--components', '1', '--', 'sh', '-c', inside.join('\n')];
    const { code, stdout, stderr } = await cli.run(words, { anonymous: true });
    expect(stdout).toMatch(
      /"itkdb login, with the access codes: .*itkdb-serve-\w+\/config\/sign-in\.json"[\s\S]*\nAlex Example\nnot signed in: 3\n[\s\S]*\nsigned in: 0\n$/,
    );
    expect(stderr).toMatch(
      /^Removed the sign-in of Alex Example [\s\S]*\nRun: itkdb login\n[\s\S]*Signed in as Alex Example /,
    );
    expect(code).toBe(0);
    expect(await readFile(join(cli.config, 'sign-in.json'), 'utf8')).toBe(before);
    expect([await readdir(cli.config), await readdir(cli.home)]).toEqual([['sign-in.json'], []]);
    await expect(readdir(cli.cache)).rejects.toThrow('ENOENT');
    expect(await readdir(cli.temporary)).toEqual([]);
    expect(cli.pdb.requests).toEqual([]);
  });

  it('-- COMMAND has the made-up access codes in the environment where others would be used, such as those of .env', async () => {
    const env = `ITKDB_ACCESS_CODE1=mine\nITKDB_ACCESS_CODE2=mine-too\nITKDB_API_URL=https://other.example/\n`;
    await writeFile(join(cli.folder, '.env'), env);
    const script = `console.log(${JSON.stringify(CODES)}.map((name) => process.env[name]).join())`;
    const inside = `node -e '${script}'; itkdb whoami --json=name,credentials`;
    const words = ['serve', '--components', '1', '--', 'sh', '-c', inside];
    const { code, stdout } = await cli.run(words, { anonymous: true });
    const [codes, ...rest] = stdout.split('\n');
    expect([code, codes]).toEqual([0, `${accessCode1},${accessCode2}`]);
    expect(JSON.parse(rest.join('\n'))).toEqual({
      name: 'Alex Example',
      credentials: 'ITKDB_ACCESS_CODE1 in the environment',
    });
  });

  it('-- COMMAND runs a command with its database, and ends with the exit code of that', async () => {
    const script = 'console.log(process.env.ITKDB_API_URL, ...process.argv.slice(1)); process.exitCode = 7';
    const words = ['serve', '--components', '1', '--', 'node', '-e', script, '--', '--json', 'a b'];
    const { code, stdout, stderr } = await cli.run(words);
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' });
    const [url, ...rest] = stdout.trim().split(' ');
    expect(rest).toEqual(['--json', 'a', 'b']);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(url).not.toBe(cli.pdb.apiUrl);
    const killed = await cli.run(['serve', '--components', '1', '--', 'sh', '-c', 'kill -TERM $$']);
    expect(killed.code).toBe(128 + 15);
  });

  it('says that a port is in use, that there is no such program, or that a number is none', async () => {
    await using server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as AddressInfo).port);
    const inUse = await cli.run(['serve', '--components', '1', '--port', port]);
    expect(inUse).toMatchObject({ code: 1, stdout: '' });
    expect(inUse.stderr).toMatch(/^itkdb: one of the ports \d+ to \d+ is in use\n.*--port.*\n$/);
    const missing = await cli.run(['serve', '--components', '1', '--', 'no-such-program']);
    expect(missing).toMatchObject({ code: 2, stderr: 'itkdb: there is no program no-such-program\n' });
    const wrong = await cli.run(['serve', '--port', 'x']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('Give a whole number') });
  });
});

describe('serve on a terminal', () => {
  itOnTerminal('ends with Ctrl-C, with exit code 0', async () => {
    // A pager would hide the lines, and keep the terminal.
    const run = new TerminalRun(cli, ['serve', '--components', '1'], {
      columns: 200,
      env: { PAGER: 'cat -' },
    });
    await run.shows(/Ctrl-C ends it/);
    run.type('\x03');
    const { code, screen } = await run.ended;
    expect(code).toBe(0);
    expect(screen).toContain("export ITKDB_API_URL='http://127.0.0.1:");
  });

  itOnTerminal('says which database it is, the access codes for login, and how it ends', async () => {
    const run = new TerminalRun(cli, ['serve', '--components', '1', '--', 'sh', '-c', 'echo HERE'], {
      columns: 120,
    });
    const { code, screen } = await run.ended;
    expect(code).toBe(0);
    expect(screen.trimEnd()).toMatch(
      /^A database of made-up parts runs at http:\/\/127\.0\.0\.1:\d+\/\. Your own sign-in is not touched\.\nTo practise itkdb login, use the codes first-code-of-alex and second-code-of-alex\nIt ends with sh\. To leave a shell, type: exit\nHERE\nThe database of made-up parts has ended\.$/,
    );
  });

  itOnTerminal('leaves Ctrl-C to the command that it runs', async () => {
    const script =
      "process.on('SIGINT', () => process.exit(3)); setInterval(() => {}, 1e6); console.log('READY')";
    const run = new TerminalRun(cli, ['serve', '--components', '1', '--', 'node', '-e', script]);
    await run.shows(/READY/);
    run.type('\x03');
    expect((await run.ended).code).toBe(3);
  });
});
