import { viewInstitution } from '../data/views.js';
import type { Command } from './command.js';
import { page } from './input.js';

/** Lists the institutions. */
export const listInstitutions: Command = {
  keys: ['pageInfo'],
  run: (input, { dataset }) => page('pageItemList', dataset.institutions, input, viewInstitution),
};

/** Lists the projects. */
export const listProjects: Command = {
  keys: ['pageInfo'],
  run: (input, { dataset }) => page('itemList', dataset.projects, input, (project) => ({ ...project })),
};
