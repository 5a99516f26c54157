/**
 * Shows what the package does, against the embedded database.
 *
 *   npm run demo
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadRequest, Client, Component, User } from 'itkdb';
import { startPdb } from 'itkdb/testing';
import { Terminal } from './terminal.mjs';

// A reader such as `head` may close the output early, which is not an error.
process.stdout.on('error', () => process.exit());
const terminal = new Terminal(process.stdout);

const pdb = await startPdb();
const user = new User(pdb.userOptions);
const retries = [];
const onRetry = (event) => retries.push(event);
const client = new Client({ user, prefixUrl: pdb.apiUrl, retry: { baseDelay: 50 }, onRetry });

try {
  introduce();
  await signIn();
  await listInstitutions();
  const modules = await countModules();
  await showFamily(modules);
  await readAll(modules);
  await showCache(modules);
  await makeMistake();
  conclude();
} finally {
  await client.close();
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
  for await (const { data, pageIndex, total } of client
    .list('listInstitutions', {}, { pageSize: 10 })
    .pages()) {
    const range = `${data[0].code} to ${data.at(-1).code}`;
    terminal.field(`page ${pageIndex + 1}`, `${range}: ${data.length} of ${total}`);
  }
}

/** Reads every strip module, counts them by stage, and returns them. Small pages make the progress visible. */
async function countModules() {
  terminal.step('List every strip module, and count them by stage');
  const onProgress = ({ done, total }) => terminal.progress(done, total);
  const filter = { project: 'S', componentType: 'MODULE' };
  const modules = await client.components.list(filter, { pageSize: 50, onProgress }).toArray();
  const stages = new Map(modules.map(({ currentStage }) => [currentStage.order, currentStage]));
  for (const [, stage] of [...stages].sort(([a], [b]) => a - b)) {
    const count = modules.filter(({ currentStage }) => currentStage.code === stage.code).length;
    const bar = '█'.repeat(Math.ceil((40 * count) / modules.length));
    terminal.line(`   ${stage.name.padEnd(16)} ${String(count).padStart(4)}  ${terminal.dim(bar)}`);
  }
  return modules;
}

async function showFamily(modules) {
  terminal.step('Walk through the parts of one of them');
  const finished = modules.find(({ currentStage }) => currentStage.code === 'FINISHED');
  const module = new Component(client, finished ?? modules[0]);
  terminal.line(`   ${terminal.bold(title(module.data))}`);
  for await (const part of module.walk()) {
    const indent = part.parent === module ? '' : '   ';
    terminal.line(`   ${indent}└─ ${title(part.data)}`);
  }
}

function title({ serialNumber, componentType, type, currentStage }) {
  const kind = type.name.toLowerCase().includes(componentType.name.toLowerCase())
    ? type.name
    : componentType.name;
  return `${serialNumber}  ${kind}, ${currentStage.name.toLowerCase()}`;
}

/** Reads all modules. One connection is closed on purpose, to show the retry. */
async function readAll(modules) {
  terminal.step(`Read all ${modules.length} with their parts and tests`);
  pdb.fault({ on: 'getComponentBulk', drop: 'before-headers' });
  const start = performance.now();
  const before = pdb.count('getComponentBulk');
  const { items } = await client.components.getMany(
    modules.map(({ id }) => id),
    { onProgress: ({ done, total }) => terminal.progress(done, total) },
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const requests = pdb.count('getComponentBulk') - before;
  const runs = items.flatMap(({ tests }) => tests.flatMap(({ testRuns }) => testRuns));
  const failed = runs.filter(({ passed }) => !passed).length;
  terminal.field('read', `${items.length} modules in ${seconds} s, with ${requests} requests`);
  terminal.field('tests', `${runs.length} runs, of which ${failed} failed`);
  for (const { failedTries, reason } of retries)
    terminal.field('retried', `attempt ${failedTries} of one request failed: ${reason}`);
}

/** Makes the same request twice with a session that caches. Prints nothing where the second response was not cached. */
async function showCache([module]) {
  const folder = await mkdtemp(join(tmpdir(), 'itkdb-demo-'));
  const caching = new Client({ user, prefixUrl: pdb.apiUrl, cache: folder, expiresAfter: { hours: 1 } });
  const read = async () => {
    const start = performance.now();
    const { response } = await caching.get('getComponent', { data: { component: module.id } }).withResponse();
    return [response.fromCache, `${(performance.now() - start).toFixed(1)} ms`];
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
    await client.get('getComponent', { data: { component: '20USBML0000000' } });
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
    terminal.quote(error.message.split(/\r?\n/).slice(0, 13).join('\n'));
  }
}

function conclude() {
  terminal.line();
  terminal.line(terminal.bold('What to try next'));
  terminal.line('   Write a script of your own. README.md has some of ten lines.');
  terminal.line('   Copy a script from examples/. Read more in docs/.');
  terminal.line('   Test it against this database: import { startPdb } from "itkdb/testing".');
}
