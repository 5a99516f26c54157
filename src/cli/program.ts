import { Command, Help, Option } from 'commander';
import { VERSION } from '../util/version.js';
import { COMMANDS } from './commands.js';
import { OUTPUT_GROUP } from './options.js';

/** The options that every command has. */
export interface GlobalOptions {
  readonly accessCode1?: string;
  readonly accessCode2?: string;
  readonly authUrl?: string;
  readonly siteUrl?: string;
  readonly saveAuth?: string;
  /** `false` for `--no-cache`. */
  readonly cache: boolean;
  readonly debug?: boolean;
}

const WIDTH = 80;

/** Creates the program, with the names of its commands. The arguments and options of a command are added when it is called. */
export function createProgram(): Command {
  const program = new Command('itkdb')
    .description('Works with the ATLAS ITk Production Database.')
    .usage('[options] <command> [arguments]')
    .version(`itkdb, version ${VERSION}`, '--version', 'shows the version')
    .helpOption('-h, --help', 'shows this help')
    .addHelpCommand(
      new Command('help')
        .argument('[command]')
        .description('shows the help of a command')
        .helpGroup('Other:'),
    )
    .exitOverride()
    .configureOutput({ outputError: () => {}, getOutHelpWidth: helpWidth, getErrHelpWidth: helpWidth })
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 20,
      // The options of this command alone come first.
      groupItems(all, visible, getGroup) {
        const groups = new Help().groupItems(all, visible, getGroup);
        const output = groups.get(OUTPUT_GROUP);
        groups.delete(OUTPUT_GROUP);
        return output === undefined ? groups : new Map([...groups, [OUTPUT_GROUP, output]]);
      },
      // A value after a space would be taken for the first argument of the command.
      optionTerm: ({ flags }) => flags.replace(' [fields]', '[=fields]'),
    })
    .option('--access-code1 <code>', 'first access code; better: itkdb login')
    .option('--access-code2 <code>', 'second access code')
    .option('--auth-url <url>', 'address of the identity service')
    .option('--site-url <url>', 'address of the database')
    .option('--save-auth <path>', 'file that keeps the token for the next command')
    .addOption(new Option('--no-cache', 'does not use the cache'))
    .option('--debug', 'shows the requests, and the details of an error')
    .addHelpText('after', `\nThe help of one command: itkdb tree --help`);
  for (const [group, entries] of Object.entries(COMMANDS)) {
    program.commandsGroup(group);
    // A line that starts with white space is not wrapped.
    for (const { name, summary, example } of entries)
      program
        .command(name)
        .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
        .summary(`${summary}\n  ${example}`);
  }
  return program;
}

function helpWidth(): number {
  return Math.min(WIDTH, process.stdout.columns || WIDTH);
}
