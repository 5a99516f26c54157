import { COMPONENT_TYPES, idOf, SUBPROJECTS } from '../data/catalogue.js';
import { viewInstitution } from '../data/views.js';
import type { Command, CommandContext } from './command.js';
import { refusal } from './command-error.js';
import { componentTypeWithId, institutionOf, page, projectOf } from './input.js';

/** Lists the institutions. */
export const listInstitutions: Command = (input, { store }) =>
  page('pageItemList', store.institutions, input, viewInstitution);

/** Returns an institution by its id. */
export const getInstitution: Command = (input, context) =>
  viewInstitution(institutionWithId(input['id'], context, 'id'));

/** Returns an institution by its code. */
export const getInstitutionByCode: Command = (input, context) =>
  viewInstitution(institutionOf(input['code'], context));

/** Adds a component type to those of an institution. */
export const addInstitutionComponentType: Command = (input, context) => {
  const institution = institutionWithId(input['institution'], context, 'institution');
  const type = componentTypeWithId(input['componentType'], context, 'componentType');
  const componentTypes = [...new Set([...institution.componentTypes, type])];
  context.store.update(institution, { componentTypes });
  return { institution: viewInstitution(institution) };
};

/** Lists the projects. */
export const listProjects: Command = (input, { store }) =>
  page('itemList', store.projects, input, (project) => ({ ...project }));

/** Lists the sub-projects of a project. */
export const listSubprojects: Command = (input, context) => {
  const project = projectOf(input['project'], context);
  const codes = Object.keys(SUBPROJECTS).filter((code) => code.startsWith(project));
  return page('itemList', codes, input, (code) => ({ id: idOf(code), code, name: SUBPROJECTS[code] }));
};

/** Returns the numbers of records. */
export const getItkpdOverallStatistics: Command = (_, { store }) => ({
  statistics: {
    components: store.components.length,
    testRuns: store.components.reduce((sum, { testRuns }) => sum + testRuns.length, 0),
    shipments: store.shipments.length,
    batches: store.batches.length,
    institutions: store.institutions.length,
    componentTypes: COMPONENT_TYPES.length,
  },
});

function institutionWithId(
  id: unknown,
  { command, store }: CommandContext,
  key: 'id' | 'institution',
): CommandContext['store']['institutions'][number] {
  const institution = store.institutions.find((one) => one.id === id);
  if (institution !== undefined) return institution;
  throw refusal(command, 'institutionDoesNotExist', 'Institution does not exist.', { [key]: id });
}
