import type { Command } from 'commander';
import { action } from '../action.js';
import { addProject, addRecordOptions, type ProjectOption } from '../options.js';

/** `itkdb summary` */
export function define(command: Command): void {
  addProject(addRecordOptions(command)).action(
    action<ProjectOption>(async (cli, { project }) => {
      const client = await cli.client();
      const { signal, output } = cli;
      const [institutions, types] = await Promise.all([
        client.list('listInstitutions', {}, { signal }).toArray(),
        client.list('listComponentTypes', { project }, { signal }).toArray(),
      ]);
      const componentTypes = await Promise.all(
        types.map(async (type) => {
          const input = { project, componentType: type.code };
          return { ...type, testTypes: await client.list('listTestTypes', input, { signal }).toArray() };
        }),
      );
      const { cellOf, formatTable } = await import('../output/table.js');
      const { formatCount } = await import('../output/style.js');
      await output.show({ institutions, componentTypes }, ({ bold }) => {
        const section = (title: string, items: readonly object[], columns: readonly string[]): string => {
          const head = bold(`${cellOf(title)} (${formatCount(items.length)})`);
          return `${head}\n${items.length === 0 ? '' : formatTable(items as Record<string, unknown>[], columns, output.width)}`;
        };
        return [
          section('Institutions', institutions, ['code', 'name']),
          section(`Component types of the project ${project}`, componentTypes, ['code', 'name', 'state']),
          ...componentTypes
            .filter(({ testTypes }) => testTypes.length > 0)
            .map(({ code, testTypes }) =>
              section(`Test types of ${code}`, testTypes, ['code', 'name', 'state']),
            ),
        ].join('\n');
      });
    }),
  );
}
