// Writes the components at an institution as CSV. Without an argument it is your own institution.
//
//   node components-to-csv.mjs [institution] > components.csv
import { Session } from 'itkdb';

const COLUMNS = {
  'serial number': ({ serialNumber }) => serialNumber,
  type: ({ componentType, type }) => `${componentType?.code}/${type?.code}`,
  stage: ({ currentStage }) => currentStage?.code,
  'owned by': ({ institution }) => institution?.code,
  'last change': ({ sys }) => sys?.mts,
};
const quote = (value) => `"${String(value ?? '').replaceAll('"', '""')}"`;

const session = new Session();
const currentLocation = process.argv[2] ?? (await myInstitution());
console.log(Object.keys(COLUMNS).map(quote).join(','));
for await (const component of list('listComponents', { project: ['S', 'P'], currentLocation }))
  console.log(
    Object.values(COLUMNS)
      .map((read) => quote(read(component)))
      .join(','),
  );
await session.close();

async function myInstitution() {
  await session.user.authenticate();
  const { data } = await session.get('getUser', { data: { userIdentity: session.user.identity } });
  return (data.institutions.find((institution) => institution.default) ?? data.institutions[0]).code;
}

async function* list(command, filterMap) {
  for (let pageIndex = 0, pages = 1; pageIndex < pages; pageIndex++) {
    const pageInfo = { pageIndex, pageSize: 500 };
    const { data } = await session.get(command, { data: { filterMap, pageInfo } });
    yield* data.itemList;
    pages = Math.ceil(data.pageInfo.total / pageInfo.pageSize);
  }
}
