/**
 * Shows what the package does, against the embedded database.
 *
 *   npm run demo
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadRequest, Session, User } from 'itkdb';
import { startPdb } from 'itkdb/testing';
import { Terminal } from './terminal.mjs';

// A reader such as `head` may close the output early, which is not an error.
process.stdout.on('error', () => process.exit());
const terminal = new Terminal(process.stdout);

const pdb = await startPdb();
const user = new User(pdb.userOptions);
const retries = [];
const onRetry = (event) => retries.push(event);
const session = new Session({ user, prefixUrl: pdb.apiUrl, retry: { baseDelay: 50 }, onRetry });

try {
  introduce();
  await signIn();
  await listInstitutions();
  const modules = await countModules();
  await showFamily(modules);
  await readAtOnce(modules);
  await showCache(modules);
  await makeMistake();
  conclude();
} finally {
  await session.close();
  await pdb.close();
}

function introduce() {
  const { apiUrl, authUrl, dataset } = pdb;
  terminal.line(terminal.bold('itkdb: the ATLAS ITk Production Database from Node.js'));
  terminal.line('A small database of made-up parts runs inside this process. All that follows is');
  terminal.line('real HTTP to this database. You need no account and no internet.');
  terminal.line();
  terminal.field('database', apiUrl);
  terminal.field('identity', new URL('/', authUrl).href);
  terminal.field(
    'holds',
    `${dataset.components.length} components of ${dataset.institutions.length} institutions`,
  );
}

async function signIn() {
  terminal.step('Sign in with two access codes');
  await user.authenticate();
  terminal.field('signed in', `${terminal.good(user.name)} (${user.identity}), for ${user.expiresIn} s`);
}

async function listInstitutions() {
  terminal.step('List the institutions, ten a page');
  for (let pageIndex = 0, total = 1; pageIndex * 10 < total; pageIndex++) {
    const { data } = await session.get('listInstitutions', {
      data: { pageInfo: { pageIndex, pageSize: 10 } },
    });
    total = data.pageInfo.total;
    const [first, last] = [data.pageItemList[0], data.pageItemList.at(-1)];
    terminal.field(
      `page ${pageIndex + 1}`,
      `${first.code} to ${last.code}: ${data.pageItemList.length} of ${total}`,
    );
  }
}

/** Reads every strip module, counts them by stage, and returns them. Small pages make the progress visible. */
async function countModules() {
  terminal.step('Read every strip module, and count them by stage');
  const filterMap = { project: 'S', componentType: 'MODULE' };
  const modules = [];
  for (let pageIndex = 0, total = 1; modules.length < total; pageIndex++) {
    const input = { filterMap, pageInfo: { pageIndex, pageSize: 50 } };
    const { data } = await session.get('listComponents', { data: input });
    modules.push(...data.itemList);
    total = data.pageInfo.total;
    terminal.progress(modules.length, total);
  }
  const stages = new Map(modules.map(({ currentStage }) => [currentStage.order, currentStage]));
  for (const [, stage] of [...stages].sort(([a], [b]) => a - b)) {
    const count = modules.filter(({ currentStage }) => currentStage.code === stage.code).length;
    const bar = '█'.repeat(Math.ceil((40 * count) / modules.length));
    terminal.line(`   ${stage.name.padEnd(16)} ${String(count).padStart(4)}  ${terminal.dim(bar)}`);
  }
  return modules;
}

async function getComponent(serialNumber) {
  const { data } = await session.get('getComponent', { data: { component: serialNumber } });
  return data;
}

async function showFamily(modules) {
  terminal.step('Look at one of them, its parent and its parts');
  const onStave = modules.find(({ currentStage }) => currentStage.code === 'FINISHED') ?? modules[0];
  const module = await getComponent(onStave.serialNumber);
  const parent = module.parents?.[0] && (await getComponent(module.parents[0].component.serialNumber));
  if (parent) terminal.line(`   ${title(parent)}, at ${parent.currentLocation.code}`);
  terminal.line(
    `   ${parent ? `├─ (${parent.children.length - 1} other modules)\n   └─ ` : ''}${terminal.bold(title(module))}`,
  );
  const indent = parent ? '      ' : '   ';
  for (const [index, { type, componentType, component }] of module.children.entries()) {
    const branch = index === module.children.length - 1 ? '└─' : '├─';
    const part = component?.serialNumber ?? terminal.dim('not there yet   ');
    terminal.line(`${indent}${branch} ${part}  ${componentType.name}, ${type.name}`);
  }
}

function title({ serialNumber, componentType, type, currentStage }) {
  const kind = type.name.toLowerCase().includes(componentType.name.toLowerCase())
    ? type.name
    : componentType.name;
  return `${serialNumber}  ${kind}, ${currentStage.name.toLowerCase()}`;
}

/** Reads all modules at once. One connection is closed on purpose, to show the retry. */
async function readAtOnce(modules) {
  terminal.step(`Read all ${modules.length} with their parts and tests, all at once`);
  pdb.fault({ on: 'getComponent', after: 40, drop: 'before-headers' });
  const start = performance.now();
  let done = 0;
  const read = await Promise.all(
    modules.map(async ({ serialNumber }) => {
      const component = await getComponent(serialNumber);
      terminal.progress(++done, modules.length);
      return component;
    }),
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const runs = read.flatMap(({ tests }) => tests.flatMap(({ testRuns }) => testRuns));
  const failed = runs.filter(({ passed }) => !passed).length;
  terminal.field('read', `${read.length} modules in ${seconds} s; the session sent 16 requests at a time`);
  terminal.field('tests', `${runs.length} runs, of which ${failed} failed`);
  for (const { failedTries, reason } of retries)
    terminal.field('retried', `attempt ${failedTries} of one request failed: ${reason}`);
}

/** Makes the same request twice with a session that caches. Prints nothing where the second response was not cached. */
async function showCache([module]) {
  const folder = await mkdtemp(join(tmpdir(), 'itkdb-demo-'));
  const caching = new Session({ user, prefixUrl: pdb.apiUrl, cache: folder, expiresAfter: { hours: 1 } });
  const read = async () => {
    const start = performance.now();
    const { fromCache } = await caching.get('getComponent', { data: { component: module.serialNumber } });
    return [fromCache, `${(performance.now() - start).toFixed(1)} ms`];
  };
  const [, miss] = await read();
  const [isHit, hit] = await read();
  await caching.close();
  await rm(folder, { recursive: true });
  if (!isHit) return;
  terminal.step('Make the same request twice: the second response comes from the disk');
  terminal.field('database', miss);
  terminal.field('cache', hit);
}

async function makeMistake() {
  terminal.step('Read a component that does not exist: a typed exception');
  try {
    await getComponent('20USBML0000000');
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    terminal.field('class', terminal.bad(error.name));
    terminal.field('code', error.code);
    terminal.field('reason', Object.keys(error.appErrors).join(', '));
    terminal.field(
      'is it that?',
      `error.hasAppError('componentDoesNotExist') is ${error.hasAppError('componentDoesNotExist')}`,
    );
    terminal.line(`   ${terminal.dim('The message. It contains no credentials:')}`);
    const lines = error.message.split(/\r?\n/);
    terminal.quote([...lines.slice(0, 3), '⋮', ...lines.slice(lines.indexOf(''))].join('\n'));
  }
}

function conclude() {
  terminal.line();
  terminal.line(terminal.bold('What to try next'));
  terminal.line('   Write a script of your own. README.md has one of ten lines.');
  terminal.line('   Copy a script from examples/. Read more in docs/.');
  terminal.line('   Test it against this database: import { startPdb } from "itkdb/testing".');
}
