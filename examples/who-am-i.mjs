// Prints your name in the production database, and your institutions.
//
//   node who-am-i.mjs
import { Client } from 'itkdb';

const client = new Client(); // access codes from the environment or from .env
const { identity, name } = await client.whoAmI();
const { institutions } = await client.get('getUser', { data: { userIdentity: identity } });
console.log(`${name} (${identity}):`, institutions.map(({ code }) => code).join(', '));
await client.close();
