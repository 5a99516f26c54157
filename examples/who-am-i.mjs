// Prints your name in the production database, and your institutions.
//
//   node who-am-i.mjs
import { Session } from 'itkdb';

const session = new Session(); // access codes from the environment or from .env
const { user } = session;
await user.authenticate();
console.log(`${user.name} (${user.identity}), signed in for ${Math.round(user.expiresIn / 60)} minutes`);

const { data } = await session.get('getUser', { data: { userIdentity: user.identity } });
for (const institution of data.institutions) {
  const { code, name } = institution;
  const roles = ['default', 'executive', 'authority', 'componentManager'].filter((role) => institution[role]);
  console.log(`${code}  ${name}  ${roles.length > 0 ? `(${roles.join(', ')})` : ''}`.trimEnd());
}
await session.close();
