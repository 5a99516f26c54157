import type { Command } from 'commander';
import { action } from '../action.js';

/** `itkdb authenticate` */
export function define(command: Command): void {
  command.action(
    action(async (cli) => {
      const { user, session } = await cli.client();
      await user.authenticate({ signal: cli.signal, apiUrl: session.prefixUrl });
      const { escapeControls } = await import('../../util/control-characters.js');
      const name = escapeControls(user.name ?? '');
      await cli.output.write(
        `You have signed in as ${name}. Your token expires in ${user.expiresIn ?? 0} s.\n`,
      );
    }),
  );
}
