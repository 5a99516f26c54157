import { describe, expect, it } from 'vitest';
import { startCli } from '../helpers/cli.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';

const cli = await startCli({ components: 1500 });

describe('ITKDB_PAGER', () => {
  itOnTerminal('is used before PAGER, and shows what is written to stdout', async () => {
    const env = { ITKDB_PAGER: 'tr a-z A-Z', PAGER: 'false' };
    const { code, screen } = await runInTerminal(cli, ['list-projects'], { env });
    expect(code).toBe(0);
    expect(screen).toContain('STRIPS');
  });

  itOnTerminal('that is empty stands for no pager', async () => {
    const env = { ITKDB_PAGER: '', PAGER: 'tr a-z A-Z' };
    const { screen } = await runInTerminal(cli, ['list-projects'], { env });
    expect(screen).toContain('Strips');
  });

  itOnTerminal('may end before all is written: then the command ends too, and stops reading', async () => {
    const args = ['list-components', '--limit', 'all'];
    const { code, screen } = await runInTerminal(cli, args, { env: { ITKDB_PAGER: 'head -2' } });
    expect(screen).toMatch(/^serialNumber .*\n20US\w+ .*\n$/);
    expect(code).toBe(0);
  });

  itOnTerminal('has the screen for itself: what else is said comes after it', async () => {
    const env = { ITKDB_PAGER: 'cat -n; echo the end' };
    const { code, screen } = await runInTerminal(cli, ['list-components'], { env });
    expect(screen).toMatch(/the end\n100 of \S+ components; for all: --limit all\n$/);
    expect(code).toBe(0);
  });

  itOnTerminal('that does not exist is named', async () => {
    const env = { ITKDB_PAGER: 'no-such-pager' };
    const { code, screen } = await runInTerminal(cli, ['list-projects'], { env });
    expect(screen).toContain('itkdb: the pager no-such-pager could not be started\n');
    expect(screen).toContain('ITKDB_PAGER=cat');
    expect(code).toBe(1);
  });

  itOnTerminal('is not used by a command that writes: what is done is seen at once', async () => {
    const name = cli.pdb.dataset.components[0]?.code as string;
    const args = ['add-comment', name, '-m', 'seen'];
    const { code, screen } = await runInTerminal(cli, args, { env: { ITKDB_PAGER: 'tr a-z A-Z' } });
    expect(screen).toContain('the comment is added to');
    expect(code).toBe(0);
  });

  it('is not used in a pipe', async () => {
    const { code, stdout } = await cli.run(['list-projects', '--table'], { env: { ITKDB_PAGER: 'false' } });
    expect(stdout).toContain('Strips');
    expect(code).toBe(0);
  });
});
