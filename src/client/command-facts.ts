/** What a client needs to know of a command. */
export interface CommandFacts {
  /** Whether it is answered with pages; undefined where it is not answered with a list. */
  readonly isPaged: boolean | undefined;
  /** Whether it is answered with a file. */
  readonly isFile: boolean;
  /** The names of the keys of its input. */
  readonly inputKeys: readonly string[];
}

/** What is read of the catalogue. */
interface Description {
  readonly paged?: boolean;
  readonly result: string;
  readonly input: Keys;
  readonly flatInput?: Keys;
}

interface Keys {
  readonly required: object;
  readonly optional: object;
}

/** Returns the name of the command that a URL leads to, if it leads to one: the last part of its path. */
export function commandOf(url: string): string {
  return url.split(/[?#]/, 1)[0]?.split('/').at(-1) ?? '';
}

/** Returns what is known of the command of a URL; undefined where it is not a command of the catalogue. */
export async function factsOf(url: string): Promise<CommandFacts | undefined> {
  // Loaded with the first request: a program that uses only a Session does without.
  const { COMMANDS } = await import('../commands/catalogue.js');
  // A few names have a slash in them.
  const path = url.split(/[?#]/, 1)[0] ?? '';
  const name = (Object.hasOwn(COMMANDS, path) ? path : commandOf(url)) as keyof typeof COMMANDS;
  if (!Object.hasOwn(COMMANDS, name)) return undefined;
  const { paged, result, input, flatInput }: Description = COMMANDS[name];
  const keysOf = (keys?: Keys): string[] => Object.keys({ ...keys?.required, ...keys?.optional });
  return { isPaged: paged, isFile: result === 'file', inputKeys: [...keysOf(input), ...keysOf(flatInput)] };
}
