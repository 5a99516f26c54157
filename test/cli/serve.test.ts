import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startCli } from '../helpers/cli.js';
import { itOnTerminal, TerminalRun } from '../helpers/terminal.js';

const cli = await startCli({ components: 1 });
const NAMES = ['ITKDB_ACCESS_CODE1', 'ITKDB_ACCESS_CODE2', 'ITKDB_AUTH_URL', 'ITKDB_API_URL'];

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
    [['--shell', 'sh'], /^export (ITKDB_\w+)='[^'\n]+'$/],
    [['--shell', 'fish'], /^set -gx (ITKDB_\w+) '[^'\n]+'$/],
    [['--shell', 'powershell'], /^\$env:(ITKDB_\w+) = '[^'\n]+'$/],
    [['--shell', 'cmd'], /^set "(ITKDB_\w+)=[^"\n]+"$/],
    [['--json'], /^ {2}"(ITKDB_\w+)": "[^"\n]+",?$/],
  ])('%s prints the environment for that', async (options, line) => {
    const served = cli.spawn(['serve', '--components', '1', ...options]);
    await served.prints(/Ctrl-C ends it/);
    served.process.kill('SIGINT');
    const { code, stdout } = await served.ended;
    const lines = stdout.split('\n').filter((one) => one.includes('ITKDB'));
    expect({ code, names: lines.map((one) => line.exec(one)?.[1]) }).toEqual({ code: 0, names: NAMES });
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

  itOnTerminal('leaves Ctrl-C to the command that it runs', async () => {
    const script =
      "process.on('SIGINT', () => process.exit(3)); setInterval(() => {}, 1e6); console.log('READY')";
    const run = new TerminalRun(cli, ['serve', '--components', '1', '--', 'node', '-e', script]);
    await run.shows(/READY/);
    run.type('\x03');
    expect((await run.ended).code).toBe(3);
  });
});
