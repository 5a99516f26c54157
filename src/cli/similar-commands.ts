import { similarNames } from '../util/similar.js';
import { COMMANDS } from './commands.js';

/** What people type who do not know the name of a command. */
const OTHER_WORDS: readonly (readonly [words: string, command: string])[] = [
  ['info show component get-component', 'get-component-info'],
  ['find search modules sensors hybrids components list ls', 'list-components'],
  ['attach attachment photo picture image', 'add-attachment'],
  ['attachments files photos', 'download'],
  ['curve draw graph iv', 'plot'],
  ['children parts', 'tree'],
  ['stages move set-stage', 'stage'],
  ['new create add', 'register'],
  ['sites institutions', 'list-institutes'],
  ['auth signin sign-in', 'login'],
  ['signout sign-out', 'logout'],
];

/** Returns the commands that a word which is no command may be meant for. */
export function similarCommands(word: string): string[] {
  const typed = word.toLowerCase();
  const known = OTHER_WORDS.filter(([words]) => words.split(' ').includes(typed));
  if (known.length > 0) return known.map(([, command]) => command);
  const names = Object.values(COMMANDS)
    .flat()
    .map(({ name }) => name);
  return similarNames(typed, names);
}
