/**
 * What an import costs, each in a fresh process.
 *
 *   node bench/start-up.mjs
 *
 * The times hold the start of Node itself, which is measured too and taken off before the ratio is formed.
 */

import { execFileSync } from 'node:child_process';
import { formatSpread, interleave, printTable, spread } from './harness.mjs';

const IMPORTS = 10;
const SCRIPTS = {
  nothing: '',
  axios: "import 'axios'",
  itkdb: "import 'itkdb'",
  'itkdb/testing': "import 'itkdb/testing'",
};

const contenders = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, source]) => [name, () => start(source)]),
);
const samples = await interleave(contenders, { rounds: 9 });
const net = (name) => samples[name].map(({ wall }, round) => (wall - samples.nothing[round].wall) / IMPORTS);
const rows = Object.keys(SCRIPTS).map((name) => [
  name,
  formatSpread(spread(samples[name].map(({ wall }) => wall / IMPORTS))),
  name === 'nothing'
    ? ''
    : formatSpread(spread(net(name).map((value, round) => value / net('axios')[round]))),
  formatSpread(spread(samples[name].map(({ wall }, round) => wall / samples.axios[round].wall))),
]);
printTable(
  `Start-up: ${IMPORTS} processes a round`,
  ['import', 'ms a process', 'times axios, without Node', 'times axios, with Node'],
  rows,
);

/** @param {string} source */
function start(source) {
  for (let index = 0; index < IMPORTS; index += 1)
    execFileSync(process.execPath, ['--input-type=module', '--eval', source]);
}
