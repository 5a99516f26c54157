import type { Command } from 'commander';
import type { AccessCodes, NewSignIn } from '../../auth/stored-sign-in.js';
import { action } from '../action.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT } from '../errors.js';
import type { GlobalOptions } from '../program.js';

interface LoginOptions extends GlobalOptions {
  readonly withCodes?: boolean;
  readonly keepCodes?: boolean;
}

/** `itkdb login` */
export function define(command: Command): void {
  command
    .option('--with-codes', 'reads the two access codes from standard input, one in each line')
    .option('--keep-codes', 'stores the access codes too, so that you stay signed in')
    .addHelpText(
      'after',
      `
Asks for your two access codes, which are not shown. Then all commands and your
own scripts use this sign-in. A token is valid for about 2 hours. Only if you
want it, your access codes are stored too.`,
    )
    .action(action(login));
}

async function login(cli: Cli, options: LoginOptions): Promise<void> {
  const { SignInPlace } = await import('../sign-in.js');
  const place = new SignInPlace(options);
  for (const line of place.unusual) cli.say(line);
  const codes = await readCodes(cli, options);
  const { createUser } = await import('../client.js');
  const { saveAuth: _, ...others } = options;
  const user = createUser({ ...others, ...codes }, cli);
  // Nothing is stored before the identity service has granted a token.
  await user.authenticate({ signal: cli.signal });
  const { name, identity, bearer, accessToken = '', expiresAt } = user;
  const { localTime } = await import('../../util/local-time.js');
  cli.say(`Signed in as ${name} (${identity}) until ${localTime(new Date(expiresAt * 1000))}.`);
  const keepsCodes = await asksToKeep(cli, options);
  const path = await store({
    ...place.addresses,
    tokens: { idToken: bearer, accessToken },
    codes: keepsCodes ? codes : undefined,
  });
  cli.say(`Stored in ${path}${keepsCodes ? ', with the access codes' : ''}. Only you can read it.`);
  const { accessCode1: _1, accessCode2: _2, ...settings } = others;
  const { originOfCodes } = new SignInPlace(settings);
  if (originOfCodes !== undefined)
    cli.say(`Note: here, the access codes of ${originOfCodes} are used, and not this sign-in.`);
}

/** The access codes: from the options, from standard input, or from a person. */
async function readCodes(cli: Cli, options: LoginOptions): Promise<AccessCodes> {
  const { accessCode1, accessCode2, withCodes } = options;
  if (accessCode1 && accessCode2) return { accessCode1: accessCode1.trim(), accessCode2: accessCode2.trim() };
  if (!process.stdin.isTTY && withCodes) return toCodes(await readLines());
  if (!cli.isTerminal)
    throw new CliError('there is no terminal to ask for the access codes', {
      advice: 'Give them on standard input, one in each line: itkdb login --with-codes < FILE',
    });
  const { askHidden } = await import('../prompt.js');
  return toCodes(await askHidden(['Access code 1: ', 'Access code 2: '], cli));
}

async function readLines(): Promise<string[]> {
  const { readText } = await import('../read-text.js');
  const lines = (await readText('-', '')).split(/\r\n|[\r\n]/).map((line) => line.trim());
  return lines.filter((line) => line !== '');
}

function toCodes(lines: readonly string[]): AccessCodes {
  const [accessCode1, accessCode2, ...others] = lines;
  if (accessCode1 && accessCode2 && others.length === 0) return { accessCode1, accessCode2 };
  throw new CliError('two access codes are needed, and nothing else', {
    advice: 'Nothing was sent or stored. Run the command again.',
  });
}

async function store(signIn: NewSignIn): Promise<string> {
  const { signInPath, storeSignIn } = await import('../../auth/stored-sign-in.js');
  const path = signInPath();
  return storeSignIn(signIn).catch((error: Error) => {
    throw new CliError(`the sign-in could not be stored in ${path}: ${error.message}`, {
      exitCode: EXIT.failed,
    });
  });
}

async function asksToKeep(cli: Cli, { keepCodes, withCodes }: LoginOptions): Promise<boolean> {
  if (keepCodes || withCodes || !cli.isTerminal) return keepCodes ?? false;
  cli.say('If the access codes are stored too, you stay signed in.');
  const { askYesNo } = await import('../prompt.js');
  return askYesNo('Keep the access codes on this computer too?', cli);
}
