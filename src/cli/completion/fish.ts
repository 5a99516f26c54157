import type { CommandWords, KnownWords, OptionWords, Value } from './known-words.js';

/** Writes the script for fish. */
export function toScript(words: KnownWords): string {
  const names = words.commands.map(({ name }) => name).join(' ');
  const start = `not __fish_seen_subcommand_from ${names}`;
  return [
    'complete -c itkdb -f',
    ...words.options.map((option) => optionLine(option, '')),
    ...words.commands.map(({ name, summary }) => line(start, `-a ${name} -d ${quote(summary)}`)),
    ...words.commands.flatMap(commandLines),
    '',
  ].join('\n');
}

function commandLines({ name, options, value, keys }: CommandWords): string[] {
  const condition = `__fish_seen_subcommand_from ${name}`;
  const lines = options.map((option) => optionLine(option, condition));
  if (value.kind === 'file') lines.push(line(condition, '-F'));
  if (value.kind === 'choice') {
    const choices = value.choices.join(' ');
    lines.push(line(`${condition}; and not __fish_seen_subcommand_from ${choices}`, `-a ${quote(choices)}`));
  }
  for (const [command, all] of Object.entries(keys))
    lines.push(
      line(`${condition}; and __fish_seen_subcommand_from ${command}`, `-a ${quote(all.join(' '))}`),
    );
  return lines;
}

function optionLine({ names, description, value }: OptionWords, condition: string): string {
  const forms = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return line(condition, [...forms, `-d ${quote(description)}`, ...valueWords(value)].join(' '));
}

function valueWords(value: Value | undefined): string[] {
  if (value === undefined) return [];
  if (value.kind === 'file') return ['-r -F'];
  return value.kind === 'choice' ? [`-x -a ${quote(value.choices.join(' '))}`] : ['-x'];
}

function line(condition: string, rest: string): string {
  return `complete -c itkdb ${condition === '' ? '' : `-n ${quote(condition)} `}${rest}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
