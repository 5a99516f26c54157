// Writes the components at an institution as CSV. Without an argument it is your own institution.
//
//   node components-to-csv.mjs [institution] > components.csv
import { Client, toCsv, toRows } from 'itkdb';

const columns = ['serialNumber', 'componentType', 'type', 'currentStage', 'institution', 'sys.mts'];
const client = new Client();
const currentLocation = process.argv[2] ?? (await myInstitution());
const components = await client.components.list({ project: ['S', 'P'], currentLocation }).toArray();
process.stdout.write(toCsv(toRows(components, { columns }), columns));
await client.close();

async function myInstitution() {
  const { identity } = await client.whoAmI();
  const { institutions } = await client.get('getUser', { data: { userIdentity: identity } });
  return (institutions.find((institution) => institution.default) ?? institutions[0]).code;
}
