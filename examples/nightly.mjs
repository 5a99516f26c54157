// A nightly job: keeps a file with every component at an institution, with its tests, one line of JSON for each.
// It reads only what changed since the last night. If it is interrupted, start it again: nothing is read twice.
//
//   node nightly.mjs CERN components.ndjson
import { Client } from 'itkdb';

const [, , site = 'CERN', file = 'components.ndjson'] = process.argv;
const client = new Client({
  saveAuth: '.auth',
  retry: { tries: 8, within: 15 * 60_000, maxDelay: 60_000 },
  onRetry: ({ url, reason, delay }) =>
    console.error(`${url}: ${reason}; retry in ${Math.ceil(delay / 1000)} s`),
});
const counts = { added: 0, changed: 0, gone: 0 };
try {
  for await (const batch of client.sync({ project: ['S', 'P'], currentLocation: site }, file))
    for (const name of Object.keys(counts)) counts[name] += batch[name].length;
} catch (error) {
  for (const { id, error: reason } of error.failed ?? []) console.error(`${id}: ${reason.summary}`);
  console.error(error.summary ?? error);
  process.exitCode = 1;
}
console.error(`${site}:`, counts);
await client.close();
