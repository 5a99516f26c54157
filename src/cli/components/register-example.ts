import { toCsv } from '../../client/models/csv.js';
import type { PropertyDefinition } from '../../commands/shapes.js';
import { asList, codesOf } from '../../util/lists.js';
import type { Cli } from '../cli.js';

/** Values that are right for a data type. */
const VALUES: Readonly<Record<string, string>> = {
  integer: '1',
  float: '1.5',
  boolean: 'true',
  date: '2026-01-31',
  object: '{}',
};

/** Writes a file for `itkdb register`: the columns that a component type has, and a line with values that stand for others. */
export async function writeExample(cli: Cli, project: string, code: string): Promise<void> {
  const client = await cli.client();
  const { signal } = cli;
  const type = await client.get('getComponentTypeByCode', { signal, data: { project, code } });
  const [variant] = asList(type.types);
  const [institution] = codesOf((await client.users.me({ signal })).institutions);
  const [subproject] = codesOf(variant?.subprojects?.length ? variant.subprojects : type.subprojects);
  const needsNumber = type.snRequired && !type.snAutomatically;
  const row: Record<string, string> = {
    ...{ project, subproject: subproject ?? '', institution: institution ?? '', componentType: code },
    ...(variant !== undefined && { type: variant.code }),
    ...(!type.snAutomatically && { serialNumber: needsNumber ? '20UXXYY1234567' : '' }),
  };
  const properties = asList(type.properties);
  for (const property of properties) row[property.code] = exampleOf(property);
  await cli.output.write(toCsv([row]));
  const optional = properties.filter(({ required }) => !required);
  cli.say('The second line is an example: replace it by a line for each component.');
  if (optional.length > 0) cli.say(`These may be empty or left out: ${codesOf(optional).join(', ')}`);
}

function exampleOf({ dataType, codeTable }: PropertyDefinition): string {
  return codeTable?.[0]?.code ?? VALUES[dataType] ?? 'text';
}
