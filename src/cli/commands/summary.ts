import type { Command } from 'commander';
import { action } from '../action.js';
import { addProject, addRecordOptions, type ProjectOption } from '../options.js';

/** `itkdb summary` */
export function define(command: Command): void {
  addProject(addRecordOptions(command)).action(
    action<ProjectOption>(async (cli, { project }) => {
      const client = await cli.client();
      const { signal, output } = cli;
      const { readTestTypes } = await import('../test-types.js');
      const { formatSummary } = await import('../output/summary-text.js');
      const [institutions, types] = await Promise.all([
        client.list('listInstitutions', {}, { signal }).toArray(),
        client.list('listComponentTypes', { project }, { signal }).toArray(),
      ]);
      const lists = await readTestTypes(
        client,
        project,
        types.map(({ code }) => code),
        { signal },
      );
      const componentTypes = types.map((type, index) => ({ ...type, testTypes: lists[index] ?? [] }));
      const summary = { institutions, componentTypes };
      await output.show(summary, (style) => formatSummary(summary, { project, style, width: output.width }));
    }),
  );
}
