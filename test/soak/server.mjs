// The embedded database of the soak, in a process of its own so that the client's memory is measured alone.
import { startPdb } from 'itkdb/testing';

/** One request in twenty meets one of these. */
const FAULT_RATE = 0.05;
const FAULTS = [
  { status: 503 },
  { status: 500, body: { uuAppErrorMap: {} } },
  { status: 429, headers: { 'retry-after': '0' } },
  { html: '<h1>Bad Gateway</h1>', status: 502 },
  { drop: 'before-headers' },
  { drop: 'after-headers' },
  { truncate: 10 },
  { delay: 30 },
  { status: 400, body: { uuAppErrorMap: {} } },
  { respond: (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{') },
];

let state = 1;
/** The same sequence in every run (a linear congruential generator). */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

const pdb = await startPdb({ components: 200, tokenLifetime: 2, keptRequests: 1, keepRunning: true });
let drawn;
for (const [index, fault] of FAULTS.entries()) {
  const on = ({ server }) => {
    if (index === 0) drawn = server === 'api' ? random() / FAULT_RATE : 1;
    return Math.floor(drawn * FAULTS.length) === index;
  };
  pdb.fault({ ...fault, on, times: Number.MAX_SAFE_INTEGER });
}

process.on('message', () => {
  process.send({
    grants: pdb.count('grantToken'),
    requests: pdb.count(),
    openConnections: pdb.openConnections,
  });
});
process.once('disconnect', () => process.exit());
process.send({
  apiUrl: pdb.apiUrl,
  userOptions: pdb.userOptions,
  serialNumbers: pdb.dataset.components.map(({ serialNumber }) => serialNumber),
});
