import type { Command } from './command.js';
import { CommandError, NAMESPACE } from './command-error.js';
import { requireText } from './input.js';

/** Returns a user by identity. */
export const getUser: Command = {
  keys: ['userIdentity'],
  run(input, { command, users, dataset }) {
    const userIdentity = requireText(input, 'userIdentity', command);
    const user = users.find(({ identity }) => identity === userIdentity);
    if (user === undefined) {
      const key = `${NAMESPACE}/${command}/userDoesNotExist`;
      throw new CommandError(400, key, 'User does not exist.', { userIdentity });
    }
    const [firstName = '', ...rest] = user.name.split(' ');
    const institution = dataset.institutions.find(({ code }) => code === user.institution);
    return {
      userIdentity,
      firstName,
      lastName: rest.join(' '),
      email: `${firstName.toLowerCase()}@${user.institution.toLowerCase()}.example`,
      state: 'active',
      preferences: null,
      institutions: institution && [
        {
          id: institution.id,
          code: institution.code,
          name: institution.name,
          default: true,
          executive: false,
        },
      ],
    };
  },
};
