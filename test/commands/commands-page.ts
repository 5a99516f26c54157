import { COMMANDS } from '../../src/commands/catalogue.js';

/** The keys of an input, as the catalogue has them. */
export interface Keys {
  readonly required: Readonly<Record<string, string | Keys>>;
  readonly optional: Readonly<Record<string, string | Keys>>;
}

/** What the catalogue says of a command. */
export interface Description {
  readonly method: 'GET' | 'POST';
  readonly summary: string;
  readonly input: Keys;
  readonly flatInput?: Keys;
  readonly openInput?: true;
  readonly multipart?: true;
  readonly list?: string;
  readonly flatList?: string;
  readonly paged?: boolean;
  readonly result: string;
  readonly outputTypes?: Readonly<Record<string, string>>;
  readonly repeatable: boolean;
  readonly unconfirmed?: true | readonly string[];
  readonly example: Readonly<Record<string, unknown>>;
}

export const DESCRIPTIONS: readonly (readonly [string, Description])[] = Object.entries(COMMANDS);

const HEAD = `# Commands

The commands of the database that this package knows. A command that is not here can be called too: its result is \`unknown\`.

- **Input**: a key with \`?\` is optional. A key with (?) is not confirmed by any public script or page. A command that reads has
  its input in \`data\`: \`client.get(command, { data })\`. A command that writes has it as its second argument:
  \`client.post(command, input)\`. So has a list: \`client.list(command, input)\`.
- **Result**: the type of the response. For a list, it is the type of an item, with the key of the list. A list with pages has
  \`pageInfo\` too. Each JSON response also has \`uuAppErrorMap\`. A \`Client\` turns the response into a
  [result](client.md#what-a-call-returns), such as a page; \`client.session\` returns it whole.
- **Repeat**: whether the same request can be sent again, for instance after a lost response, without a second effect. The
  repeated request may be refused. \`no\` also stands where this is not known.

Which key a list has is recorded for some commands only. Where it matters, read \`itemList\` and \`pageItemList\`.

| Command | Input | Result | Repeat | Example |
|---|---|---|---|---|
`;

/** Returns the text of \`docs/commands.md\`. */
export function commandsPage(): string {
  return `${HEAD}${DESCRIPTIONS.map(toRow).join('\n')}\n`;
}

function toRow([command, description]: readonly [string, Description]): string {
  const { summary, repeatable, unconfirmed } = description;
  const cells = [
    `\`${command}\`${unconfirmed === true ? ' (?)' : ''}<br>${summary}`,
    inputCell(description),
    resultCell(description),
    repeatable ? 'yes' : 'no',
    `\`${example(command, description)}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function inputCell({ input, flatInput, openInput, multipart, unconfirmed }: Description): string {
  const isUnconfirmed = (key: string) => Array.isArray(unconfirmed) && unconfirmed.includes(key);
  const forms = [input, flatInput].flatMap((keys) => (keys ? [keysText(keys, isUnconfirmed)] : []));
  const text = openInput ? `${forms.join()}<br>and any others` : forms.join('<br>or<br>') || 'none';
  return multipart ? `a form:<br>${text}` : text;
}

function keysText({ required, optional }: Keys, isUnconfirmed: (key: string) => boolean): string {
  const all = [
    ...Object.entries(required).map(([key, type]) => [key, key, type] as const),
    ...Object.entries(optional).map(([key, type]) => [key, `${key}?`, type] as const),
  ];
  return all
    .map(([key, name, type]) => {
      const mark = isUnconfirmed(key) ? ' (?)' : '';
      if (typeof type === 'string') return `\`${name}\` ${type.replaceAll(' | ', ' or ')}${mark}`;
      return `\`${name}\` { ${keysText(type, isUnconfirmed).replaceAll('<br>', ', ')} }`;
    })
    .join('<br>');
}

function resultCell({ result, outputTypes, list, flatList, paged }: Description): string {
  const types = [
    `\`${result}\``,
    ...Object.entries(outputTypes ?? {}).map(([output, type]) => `\`${type}\` for \`${output}\``),
  ].join('<br>');
  if (list === undefined) return types;
  const keys = flatList === undefined ? `\`${list}\`` : `\`${list}\` or \`${flatList}\``;
  return `${keys} of<br>${types}<br>${paged ? 'pages' : 'no pages'}`;
}

function example(command: string, { method, multipart, paged, example: input }: Description): string {
  if (multipart) return `client.post('${command}', form)`;
  const text = toSource(input);
  if (method === 'POST') return `client.post('${command}', ${text})`;
  if (paged) return text === '{}' ? `client.list('${command}')` : `client.list('${command}', ${text})`;
  return text === '{}' ? `client.get('${command}')` : `client.get('${command}', { data: ${text} })`;
}

function toSource(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(toSource).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${toSource(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
