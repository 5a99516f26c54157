import { viewInstitution } from '../data/views.js';
import type { Command } from './command.js';
import { page } from './input.js';

/** Lists the institutions. */
export const listInstitutions: Command = (input, { store }) =>
  page('pageItemList', store.institutions, input, viewInstitution);

/** Lists the projects. */
export const listProjects: Command = (input, { store }) =>
  page('itemList', store.projects, input, (project) => ({ ...project }));
