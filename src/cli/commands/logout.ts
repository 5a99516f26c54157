import type { Command } from 'commander';
import { action } from '../action.js';
import { CliError, EXIT } from '../errors.js';

/** `itkdb logout` */
export function define(command: Command): void {
  command.action(
    action(async (cli, options) => {
      const { readSignIn, removeSignIn, signInPath } = await import('../../auth/stored-sign-in.js');
      // A damaged file is removed too.
      const signIn = await readSignIn().catch(() => undefined);
      const isRemoved = await removeSignIn().catch((error: Error) => {
        throw new CliError(`the sign-in could not be removed: ${error.message}`, { exitCode: EXIT.failed });
      });
      const name = signIn === undefined ? '' : ` of ${signIn.name}`;
      const codes = signIn?.codes() === undefined ? '' : ' and the access codes';
      if (isRemoved) cli.say(`Removed the sign-in${name}${codes}: ${signInPath()}`);
      else cli.say('There was no stored sign-in.');
      const { SignInPlace } = await import('../sign-in.js');
      const { originOfCodes } = new SignInPlace(options);
      if (originOfCodes !== undefined) cli.say(`Note: there are still access codes in ${originOfCodes}.`);
    }),
  );
}
