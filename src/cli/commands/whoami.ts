import type { Command } from 'commander';
import { action } from '../action.js';
import { addRecordOptions } from '../options.js';
import type { GlobalOptions } from '../program.js';

/** `itkdb whoami` */
export function define(command: Command): void {
  addRecordOptions(command).action(
    action(async (cli, options) => {
      const client = await cli.client();
      const { identity, name } = await client.whoAmI();
      const institutions = await client.institutions.mine({ signal: cli.signal });
      const credentials = await describeCredentials(options);
      const { localTime } = await import('../../util/local-time.js');
      const expiresIn = client.user.expiresIn ?? 0;
      const expiry = new Date(Date.now() + expiresIn * 1000);
      const facts = {
        ...{ name, identity },
        institutions: institutions.map(({ code, name }) => ({ code, name })),
        ...{ apiUrl: client.session.prefixUrl, credentials },
        ...{ expiresAt: expiry.toISOString(), expiresIn },
      };
      const lines = [
        ['Name', name],
        ['Identity', identity],
        ['Institutions', institutions.map(({ name }) => name).join(', ') || 'none'],
        ['Database', facts.apiUrl],
        ['Signed in by', credentials],
        ['Token until', `${localTime(expiry)}, ${Math.floor(expiresIn / 60)} minutes from now`],
      ];
      await cli.output.show(facts, ({ bold }) =>
        lines.map(([label = '', value]) => `${bold(label.padEnd(14))}${value}`).join('\n'),
      );
    }),
  );
}

/** Says where the token or the access codes come from. */
async function describeCredentials(options: GlobalOptions): Promise<string> {
  const { SignInPlace } = await import('../sign-in.js');
  const { originOfCodes } = new SignInPlace(options);
  if (originOfCodes !== undefined) return originOfCodes;
  const { readSignIn } = await import('../../auth/stored-sign-in.js');
  const signIn = await readSignIn();
  const isKept = signIn?.codes() !== undefined;
  return `itkdb login, ${isKept ? 'with' : 'without'} the access codes: ${signIn?.path}`;
}
