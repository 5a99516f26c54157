// Lists the modules at an institution whose last run of a test failed, with the measured values.
//
//   node failed-tests.mjs CERN
import { Session } from 'itkdb';

const session = new Session();
const filterMap = {
  project: ['S', 'P'],
  componentType: 'MODULE',
  currentLocation: process.argv[2] ?? 'CERN',
};
const { data: modules } = await session.get('listComponents', {
  data: { filterMap, pageInfo: { pageSize: 10_000 } },
});

// All at once is fine: the session sends no more than 16 requests at a time.
const failed = (await Promise.all(modules.itemList.map(failedRuns))).flat();
for (const { module, run } of failed.sort((a, b) => b.run.date.localeCompare(a.run.date))) {
  const { data } = await session.get('getTestRun', { data: { testRun: run.id } });
  const measured = data.results.filter(({ valueType }) => valueType === 'single');
  console.log(`${module.serialNumber}  ${run.date.slice(0, 10)}  ${run.testType.code}, run ${run.runNumber}`);
  console.log(`    ${measured.map(({ code, value }) => `${code} ${value}`).join(', ')}`);
}
console.log(`${failed.length} failed tests on ${modules.itemList.length} modules`);
await session.close();

/** Only the last run of each test counts: a test that was repeated with success has not failed. */
async function failedRuns(module) {
  const filterMap = { serialNumber: module.serialNumber, state: ['ready'] };
  const { data } = await session.get('listTestRunsByComponent', { data: { filterMap } });
  const last = new Map();
  for (const run of data.itemList.sort((a, b) => a.date.localeCompare(b.date)))
    last.set(run.testType.code, run);
  return [...last.values()].filter(({ passed }) => !passed).map((run) => ({ module, run }));
}
