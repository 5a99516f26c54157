import { InvalidInvocation } from '../exceptions/base.js';
import { isObject, isPlainObject } from '../util/guards.js';
import type { CommandFacts } from './command-facts.js';
import type { ListOnly } from './options.js';

/** Returns what starts the messages about a call. A query may hold a token. */
export function subjectOf(method: string, url: string | URL | null | undefined): string {
  const [path] = String(url ?? '').split('?', 1);
  if (path !== '') return `client.${method}('${path}')`;
  throw new InvalidInvocation(
    `client.${method}: the command is missing: name it first, such as client.get('getComponent', { data: { component } })`,
  );
}

/** Refuses what is not the input of a list, and an input among the options. */
export function checkListInput(subject: string, input: unknown, options: unknown): void {
  if (!isPlainObject(input))
    throw new InvalidInvocation(`${subject}: the input must be an object such as { filterMap: {} }`);
  if (isWrapped(input) || (isObject(options) && ('data' in options || 'json' in options)))
    throw new InvalidInvocation(`${subject}: the input is the second argument, the options are the third`);
}

/** Whether the input of a list stands in an object of options, as that of `get` does. */
function isWrapped(input: object): boolean {
  const [name, ...others] = Object.keys(input);
  return (name === 'data' || name === 'json') && others.length === 0;
}

/** Refuses an input in place of options: `client.get('getComponent', { component })`. */
export function refuseInput(
  subject: string,
  command: string,
  options: object,
  { inputKeys }: CommandFacts,
): void {
  const keys = Object.keys(options).filter((key) => inputKeys.includes(key));
  if (keys.length === 0) return;
  throw new InvalidInvocation(
    `${subject}: the input of a command goes into \`data\`: client.get('${command}', { data: { ${keys.join(', ')} } })`,
  );
}

/** Refuses options of a list for a command that has no pages. */
export function refuseListOptions(subject: string, list: ListOnly): void {
  const names = Object.keys(list);
  if (names.length === 0) return;
  throw new InvalidInvocation(
    `${subject}: \`${names.join('`, `')}\` is for lists, and this command has no pages`,
  );
}
