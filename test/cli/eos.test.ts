import { beforeEach, describe, expect, it } from 'vitest';
import { Client, User } from '../../src/index.js';
import { startCli } from '../helpers/cli.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';
import { freshModule, writeInto, writesOf } from '../helpers/test-run-files.js';

const cli = await startCli({ components: 100 });

/** A file on EOS that is registered and not uploaded yet. */
let url: URL;
let token = '';

beforeEach(async () => {
  await using client = new Client({
    user: new User(cli.pdb.userOptions),
    prefixUrl: cli.pdb.apiUrl,
    cache: false,
  });
  const { id } = await client.get('getComponent', { data: { component: freshModule(cli).serialNumber } });
  const input = { type: 'component', id, title: 'Scan', description: '', filesize: 4 };
  const entry = await client.post<{ url: string; token: string }>('requestUploadEosFile' as string, input);
  url = new URL(entry.url);
  ({ token } = entry);
  await writeInto(cli, 'scan.bin', 'scan');
});

/** The environment of a user of EOS, who need not have access codes. */
const options = () => ({ anonymous: true, env: { ITKDB_EOS_URL: cli.pdb.eosUrl } });
const onEos = async (): Promise<string | undefined> => {
  await using client = new Client({
    user: new User(cli.pdb.userOptions),
    prefixUrl: cli.pdb.apiUrl,
    cache: false,
  });
  const component = freshModule(cli).serialNumber;
  const { attachments } = await client.get('getComponent', { data: { component, noEosToken: false } });
  const response = await fetch(attachments?.[0]?.url ?? '');
  return response.ok ? response.text() : undefined;
};
const upload = () => cli.run(['eos', 'upload', '-t', token, '-p', url.pathname, '-f', 'scan.bin'], options());

describe('itkdb eos upload', () => {
  it('uploads a file without access codes, and prints nothing in a pipe, as the original', async () => {
    expect(await upload()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await onEos()).toBe('scan');
    expect(cli.pdb.count('grantToken')).toBe(2);
  });

  itOnTerminal('takes the address and the token from the command line or the environment', async () => {
    const words = ['eos', 'upload', '--path', url.pathname, '--file', 'scan.bin', '--url', cli.pdb.eosUrl];
    const { code, screen } = await runInTerminal(cli, words, {
      anonymous: true,
      columns: 120,
      env: { ITKDB_EOS_TOKEN: token },
    });
    expect({ code, screen }).toEqual({ code: 0, screen: `${url.pathname} is uploaded\n` });
  });

  it.each([['--debug'], []])('never shows the token where EOS refuses it: %j', async (...more) => {
    token = `${token.slice(0, -8)}tampered`;
    const words = ['eos', 'upload', '-t', token, '-p', url.pathname, '-f', 'scan.bin', ...more];
    const { code, stdout, stderr } = await cli.run(words, options());
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('403');
    expect(stderr).not.toContain(token);
    expect(stderr).not.toContain(token.split(':')[1]?.slice(0, 20));
  });

  it.each([
    [['eos', 'upload', '-t', 'x', '-p', '/eos/a', '-f', 'none'], 'there is no file none'],
    [['eos', 'upload', '-t', 'x', '-p', 'eos/a', '-f', 'scan.bin'], 'the path must start with /'],
    [
      ['eos', 'upload', '-t', 'x', '-p', '/eos/a', '-f', 'scan.bin', '--url', 'eos'],
      'the address of EOS is not a URL',
    ],
    [['eos', 'upload', '-p', '/eos/a', '-f', 'scan.bin'], "'-t, --token <token>'"],
    [['eos'], 'no command was given'],
  ])('refuses %j with exit code 2', async (words, reason) => {
    const { code, stderr } = await cli.run(words, options());
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
    expect(writesOf(cli).filter(({ server }) => server === 'eos')).toEqual([]);
  });
});

describe('itkdb eos delete', () => {
  const words = (): string[] => ['eos', 'delete', '-t', token, '-p', url.pathname];

  beforeEach(async () => {
    await upload();
    await using client = new Client({
      user: new User(cli.pdb.userOptions),
      prefixUrl: cli.pdb.apiUrl,
      cache: false,
    });
    const component = freshModule(cli).serialNumber;
    const { attachments } = await client.get('getComponent', { data: { component } });
    const input = { component, code: attachments?.[0]?.code };
    ({ token } = await client.post<{ token: string }>('deleteComponentAttachment' as string, input));
    cli.pdb.reset();
  });

  it('refuses to delete without --yes where there is no terminal', async () => {
    const { code, stderr } = await cli.run(words(), options());
    expect(code).toBe(2);
    expect(stderr).toContain('add --yes');
    expect(cli.pdb.count('eosDelete')).toBe(0);
  });

  it('deletes the file with --yes', async () => {
    expect(await cli.run([...words(), '--yes'], options())).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(cli.pdb.count('eosDelete')).toBe(1);
    // It is not there any longer.
    expect(await cli.run([...words(), '--yes'], options())).toMatchObject({ code: 4, stdout: '' });
  });

  itOnTerminal('asks on a terminal, and deletes nothing where the answer is no', async () => {
    const terminal = { ...options(), columns: 120 };
    const no = await runInTerminal(cli, words(), { ...terminal, answers: [[/from EOS\?/, 'n\r']] });
    expect(no.code).toBe(1);
    expect(no.screen).toContain('nothing was changed');
    expect(cli.pdb.count('eosDelete')).toBe(0);
    const yes = await runInTerminal(cli, words(), { ...terminal, answers: [[/from EOS\?/, 'y\r']] });
    expect(yes.code).toBe(0);
    expect(yes.screen).toContain(`${url.pathname} is deleted`);
    expect(cli.pdb.count('eosDelete')).toBe(1);
  });
});
