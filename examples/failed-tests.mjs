// Lists the modules at an institution whose last run of a test failed, with the measured values.
//
//   node failed-tests.mjs CERN
import { Client } from 'itkdb';

const client = new Client();
const filter = { project: ['S', 'P'], componentType: 'MODULE', currentLocation: process.argv[2] ?? 'CERN' };
const modules = await client.components.list(filter).toArray();
const failed = [];
for await (const { tests } of client.components.getMany(modules.map(({ id }) => id))) {
  for (const { testRuns } of tests ?? []) {
    // A test that was repeated with success has not failed.
    const runs = testRuns.filter(({ state }) => state === 'ready').sort((a, b) => a.cts.localeCompare(b.cts));
    if (runs.at(-1)?.passed === false) failed.push(runs.at(-1).id);
  }
}
for await (const { components, date, testType, runNumber, results } of client.testRuns.getMany(failed)) {
  console.log(`${components[0].serialNumber}  ${date.slice(0, 10)}  ${testType.code}, run ${runNumber}`);
  const measured = (results ?? []).filter(({ valueType }) => valueType === 'single');
  console.log(`    ${measured.map(({ code, value }) => `${code} ${value}`).join(', ')}`);
}
console.log(`${failed.length} failed tests on ${modules.length} modules`);
await client.close();
