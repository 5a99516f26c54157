import type { Institution, Person } from '../data/records.js';
import { listOrNull, viewNamed } from '../data/views.js';
import type { Command, PdbUser } from './command.js';
import { refusal } from './command-error.js';

/** Returns a user by identity. */
export const getUser: Command = ({ userIdentity }, { command, users, store, quirks }) => {
  const user = users.find(({ identity }) => identity === userIdentity);
  if (user === undefined)
    throw refusal(command, 'userDoesNotExist', 'User does not exist.', { userIdentity });
  const { firstName, lastName } = personOf(user);
  const institution = store.findInstitution(user.institution);
  return {
    userIdentity,
    firstName,
    lastName,
    email: `${firstName.toLowerCase()}@${user.institution.toLowerCase()}.example`,
    state: 'active',
    preferences: null,
    institutions: listOrNull(institution === undefined ? [] : [viewUserInstitution(institution)], quirks),
  };
};

function viewUserInstitution(institution: Institution): Record<string, unknown> {
  return {
    ...viewNamed(institution),
    default: true,
    executive: false,
    authority: false,
    componentManager: false,
    clusterManager: false,
    notification: null,
  };
}

/** Returns the first and the last name of a user. */
export function personOf({ name, identity }: PdbUser): Person {
  const [firstName = '', ...rest] = name.split(' ');
  return { userIdentity: identity, firstName, lastName: rest.join(' ') };
}
