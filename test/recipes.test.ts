import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  Client,
  type ClientOptions,
  isITkDBException,
  ServerError,
  User,
  type Warning,
} from '../src/index.js';
import { startDatabase } from './helpers/database.js';
import { ROOT } from './helpers/installed-package.js';

/** The components of the recipes. */
const MODULE = '20USBML1000008';
const OTHER_MODULE = '20USBML1000050';
const MODULE_GLUED = '20USBML1000027';
const POWERBOARD = '20USBP01000161';
const POWERBOARD_ELSEWHERE = '20USBP01000234';
const MODULE_ELSEWHERE = '20USBMS1000158';

const glueWeight = {
  component: MODULE_GLUED,
  ...{ testType: 'GLUE_WEIGHT', institution: 'SIEGEN', runNumber: '7', passed: true, problems: false },
  results: { TEMPERATURE: 21.5, HUMIDITY: 30 },
};
const newModule = {
  ...{ project: 'S', subproject: 'SB', institution: 'CERN' },
  ...{ componentType: 'MODULE', type: 'BARREL_LS_MODULE' },
};

const { pdb } = await startDatabase({ components: 300 });
beforeEach(() => pdb.restore());

const newClient = (options: ClientOptions = {}): Client =>
  new Client({
    ...{ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, retry: false, cache: false },
    ...options,
  });

/** Returns the lines that an exception says, without the request below them. */
async function saidBy(work: () => unknown): Promise<string[]> {
  try {
    await work();
  } catch (error) {
    if (isITkDBException(error)) return (error.message.split('\n\n')[0] ?? '').split('\n');
    throw error;
  }
  return expect.unreachable('there should be an exception');
}

/** Expects that a page of recipes shows the lines. An id is another one each time. */
async function expectShown(page: string, lines: readonly string[]): Promise<void> {
  const withoutIds = (text: string): string => text.replaceAll(/\b[0-9a-f]{24}\b/g, 'ID');
  const text = withoutIds(await readFile(join(ROOT, `docs/recipes/${page}.md`), 'utf8'));
  expect(lines.length).toBeGreaterThan(0);
  expect(text.split('\n')).toEqual(expect.arrayContaining(lines.map(withoutIds)));
}

/** The lines that warnings say, and the function that gets them. */
function warnings(): [string[], (warning: Warning) => void] {
  const lines: string[] = [];
  return [lines, ({ command, message }) => void lines.push(`${command}: ${message}`)];
}

const writes = (): number =>
  pdb.requests.filter(({ method, server }) => method === 'POST' && server === 'api').length;

describe('the common mistake of the recipe', () => {
  it('sign in: no access codes', async () => {
    await using client = new Client({ user: new User({ prefixUrl: pdb.authUrl }), prefixUrl: pdb.apiUrl });
    const lines = await saidBy(() => client.whoAmI());
    await expectShown(
      'reading',
      lines.map((line) => line.replace(/ or in \/.*/, ' or in /home/alex/.env.')),
    );
  });

  it('read a component: the input in place of the options', async () => {
    await using client = newClient();
    const lines = await saidBy(() => client.get('getComponent', { component: MODULE } as never));
    await expectShown('reading', lines);
  });

  it('find out if a component exists: a failure for an answer', async () => {
    await using client = newClient();
    pdb.fault({ on: 'getComponent', status: 503 });
    await expect(client.components.find(MODULE)).rejects.toThrow(ServerError);
    await expect(client.components.find('20USBML0000000')).resolves.toBeUndefined();
  });

  it('read a component by its local name: a command without alternativeIdentifier', async () => {
    await using client = newClient();
    const data = { component: 'UT_ML1000008' };
    await expectShown('reading', await saidBy(() => client.get('getComponent', { data })));
  });

  it('list components: an option of the list in the filter', async () => {
    await using client = newClient();
    const filter = { componentType: 'MODULE', limit: 5 };
    await expectShown('reading', await saidBy(() => client.components.list(filter as never)));
    expect(pdb.requests).toHaveLength(0);
  });

  it('list components: a misspelt code', async () => {
    const [lines, onWarning] = warnings();
    await using client = newClient({ onWarning });
    await client.components.list({ componentType: 'MODUL' }).toArray();
    await expectShown('reading', lines);
  });

  it('count components: the first page for the whole list', async () => {
    await using client = newClient();
    const list = client.components.list({ project: 'S', componentType: 'MODULE' }, { pageSize: 10 });
    const page = await list;
    expect(page.data).toHaveLength(10);
    expect(page.total).toBeGreaterThan(10);
    expect((page as { length?: unknown }).length).toBeUndefined();
    await expect(list.toArray()).resolves.toHaveLength(page.total);
  });

  it('find out what your institution is: the first one, and a misspelt code', async () => {
    await using client = newClient();
    const institutions = ['CERN', 'DESYHH'].map((code) => ({ code, default: code === 'DESYHH' }));
    pdb.answer('getUser', { userIdentity: '1', institutions });
    const [site] = await client.institutions.mine();
    expect(site?.code).toBe('DESYHH');
    await expectShown('reading', await saidBy(() => client.institutions.get('CREN')));
  });

  it('read the latest test run: a deleted one, or the one with the greatest date', async () => {
    await using client = newClient();
    const run = { ...glueWeight, date: '01.01.2099 10:00' };
    const older = await client.testRuns.upload(run);
    const latest = await client.testRuns.upload({ ...run, date: '02.01.2024 10:00' });
    const deleted = await client.testRuns.upload(run);
    await client.testRuns.delete(deleted.id);
    const found = await client.testRuns.latest(MODULE_GLUED, 'GLUE_WEIGHT');
    expect(found?.id).toBe(latest.id);
    expect(found?.id).not.toBe(older.id);
    const misspelt = await saidBy(() => client.testRuns.latest(MODULE, 'GLUE_WEIGT'));
    await expectShown('test-runs', misspelt);
  });

  it('read many test runs: a list in place of its items', async () => {
    await using client = newClient();
    const runs = client.testRuns.list(MODULE);
    await expectShown('test-runs', await saidBy(() => client.testRuns.getMany(runs as never)));
  });

  it('list the test runs of a component: a misspelt code', async () => {
    const [lines, onWarning] = warnings();
    await using client = newClient({ onWarning });
    await client.testRuns.list(MODULE, { testType: 'GLUE_WEIGT' });
    await expectShown('test-runs', lines);
  });

  it('list the test runs of a test type: deleted ones', async () => {
    await using client = newClient();
    const input = { project: 'S', componentType: 'MODULE', testType: 'GLUE_WEIGHT' };
    const [run] = await client.testRuns.list(MODULE, { testType: 'GLUE_WEIGHT' }).toArray();
    await client.post('deleteTestRun', { testRun: run?.id ?? '' });
    const all = await client.list('listTestRunsByTestType', input).toArray();
    expect(all.find(({ id }) => id === run?.id)?.state).toBe('deleted');
  });

  it('upload a test run from a file: values of another type', async () => {
    await using client = newClient();
    const run = { ...glueWeight, runNumber: 7, passed: 'false' } as never;
    await expectShown('test-runs', await saidBy(() => client.testRuns.upload(run)));
    await expect(client.testRuns.check(run)).resolves.toHaveLength(2);
    expect(writes()).toBe(0);
  });

  it('fill in a new test run: a misspelt code, and passed forgotten', async () => {
    await using client = newClient();
    const run = { ...glueWeight, passed: null as never, results: { TEMPERATUR: 21.5, HUMIDITY: 30 } };
    await expectShown('test-runs', (await saidBy(() => client.testRuns.upload(run))).slice(1));
  });

  it('upload a test run at a certain stage: the component is at another one', async () => {
    await using client = newClient();
    const run = { ...glueWeight, component: MODULE, institution: 'UT' };
    const lines = await saidBy(() => client.testRuns.upload(run, { stage: 'GLUED' }));
    await expectShown('test-runs', lines.slice(1));
    expect(writes()).toBe(0);
  });

  it('use the next run number: the number of test runs plus one', async () => {
    await using client = newClient();
    const { id } = await client.testRuns.upload(glueWeight, { runNumber: 'next' });
    await client.testRuns.delete(id);
    const options = { testType: 'GLUE_WEIGHT', state: ['ready', 'deleted'] };
    const runs = await client.testRuns.list(MODULE_GLUED, options).toArray();
    const { runNumber } = await client.testRuns.upload(glueWeight, { runNumber: 'next' });
    expect(runs.map((run) => run.runNumber)).not.toContain(runNumber);
    const ready = runs.filter(({ state }) => state === 'ready');
    expect(runs.map((run) => run.runNumber)).toContain(String(ready.length + 1));
  });

  it('upload results that are files: a path as a text', async () => {
    await using client = newClient();
    const run = await client.testRuns.template(OTHER_MODULE, 'VISUAL_INSPECTION');
    run.passed = true;
    run.results = { TEMPERATURE: 21.5, HUMIDITY: 30, IMAGE: 'module.png' };
    const lines = await saidBy(() => client.testRuns.upload(run, { runNumber: 'next' }));
    await expectShown('test-runs', lines.slice(1));
  });

  it('replace a test run: an upload that fails', async () => {
    await using client = newClient();
    const [old] = await client.testRuns.list(MODULE_GLUED, { testType: 'MODULE_BOW' }).toArray();
    const run = { ...glueWeight, testType: 'MODULE_BOW', results: { HUMIDITY: 'wet' } };
    const replace = async (): Promise<void> => {
      await client.testRuns.upload(run);
      await client.testRuns.delete(old?.id ?? '');
    };
    await expect(replace()).rejects.toThrow('has 2 problems, and was not uploaded');
    await expect(client.testRuns.get(old?.id ?? '')).resolves.toMatchObject({ state: 'ready' });
  });

  it('set the stage: the input in an object, and a misspelt stage', async () => {
    await using client = newClient();
    const input = { data: { component: MODULE, stage: 'BONDED' } } as never;
    const [line = ''] = await saidBy(() => client.post('setComponentStage', input));
    await expectShown('registering', [line]);
    await expectShown('registering', await saidBy(() => client.components.setStage(MODULE, 'BONDET')));
    expect(writes()).toBe(0);
  });

  it('register a component: wrong codes and values', async () => {
    await using client = newClient();
    const input = { ...newModule, type: 'BARREL_XS_MODULE', properties: { ORDER: 'first' } };
    await expectShown('registering', await saidBy(() => client.components.register(input)));
    expect(writes()).toBe(0);
  });

  it('register components from a table: rows that are not recognised again', async () => {
    await using client = newClient();
    await expectShown('registering', await saidBy(() => client.components.registerMany([newModule])));
    const rows = [{ ...newModule, LOCALNAME: 'CERN_LS_101' }];
    await client.components.registerMany(rows, { key: 'LOCALNAME' });
    const before = writes();
    const report = await client.components.registerMany(rows, { key: 'LOCALNAME' });
    expect([report.registered, report.exists]).toEqual([0, 1]);
    expect(writes()).toBe(before);
  });

  it('assemble components: a child that is elsewhere, and one that is trashed', async () => {
    await using client = newClient();
    const lines = await saidBy(() => client.components.assemble(MODULE, POWERBOARD_ELSEWHERE));
    await expectShown('registering', lines);
    await client.components.disassemble(MODULE, POWERBOARD);
    expect(pdb.dataset.find(POWERBOARD)?.trashed).toBe(false);
    await client.components.assemble(MODULE, POWERBOARD);
    await client.post('disassembleComponent', { parent: MODULE, child: POWERBOARD });
    expect(pdb.dataset.find(POWERBOARD)?.trashed).toBe(true);
  });

  it('set a flag: one that does not exist, and the others are lost', async () => {
    await using client = newClient();
    await expectShown('registering', await saidBy(() => client.components.addFlag(MODULE, 'CHROMIK')));
    await client.components.addFlag(MODULE, 'CHROMIC');
    await client.components.addFlag(MODULE, 'WARRANTY_WAFER');
    const { flags } = await client.components.get(MODULE);
    expect(flags?.map(({ code }) => code)).toEqual(['CHROMIC', 'WARRANTY_WAFER']);
  });

  it('list shipments: a misspelt key, and the items in the list', async () => {
    await using client = newClient();
    const filter = { receiver: 'CERN' } as never;
    await expectShown('shipments', await saidBy(() => client.shipments.list(filter)));
    await client.shipments.create([MODULE], { from: 'UT', to: 'CERN', type: 'continental' });
    const [shipment] = await client.shipments.list({ recipient: 'CERN' }).toArray();
    expect(shipment?.shipmentItems).toBeUndefined();
  });

  it('ship components: one that is elsewhere, and one that is in a shipment', async () => {
    await using client = newClient();
    const options = { from: 'UT', to: 'CERN', type: 'continental', send: true } as const;
    await client.shipments.create([MODULE], options);
    const before = writes();
    const items = [OTHER_MODULE, MODULE, MODULE_ELSEWHERE];
    await expectShown('shipments', await saidBy(() => client.shipments.create(items, options)));
    expect(writes()).toBe(before);
  });

  it('add components to a batch: a number in place of a text', async () => {
    await using client = newClient();
    const batch = { project: 'S', batchType: 'MODULE_BATCH', number: 32407 } as never;
    await expectShown('shipments', await saidBy(() => client.batches.find(batch)));
  });

  it('attach a file: a wrong media type, and a path as its name', async () => {
    await using client = newClient();
    const add = (options: object): unknown =>
      client.attachments.add({ component: MODULE }, Buffer.from('x'), { filename: 'x.txt', ...options });
    await expectShown('attachments', await saidBy(() => add({ contentType: 'jpg' })));
    await expectShown('attachments', await saidBy(() => add({ filename: '/home/alex/photo.jpg' })));
    expect(pdb.requests).toHaveLength(0);
  });

  it('list components: a misspelt code', async () => {
    const [lines, onWarning] = warnings();
    await using client = newClient({ onWarning });
    await client.components.list({ componentType: 'MODUL' }).toArray();
    await expectShown('reading', lines);
  });

  it('download attachments: one that does not exist', async () => {
    await using client = newClient();
    const target = { component: MODULE };
    await client.attachments.add(target, Buffer.from('x'), { title: 'Photo', filename: 'x.txt' });
    const lines = await saidBy(() => client.attachments.download(target, 'Foto', 'files'));
    await expectShown('attachments', lines);
  });
});

describe('the recipes', () => {
  const pages = ['attachments', 'reading', 'registering', 'shipments', 'test-runs'];

  it.for(pages)(
    'of %s are scripts that run, each with its common mistake and a row in the list',
    async (page) => {
      const read = (name: string): Promise<string> => readFile(join(ROOT, `docs/recipes/${name}.md`), 'utf8');
      const list = await read('README');
      const [, ...recipes] = (await read(page)).split('\n## ');
      expect(recipes.length).toBeGreaterThan(1);
      for (const recipe of recipes) {
        const [title = ''] = recipe.split('\n', 1);
        expect(recipe.match(/^```ts run$/gm), title).toHaveLength(1);
        expect(recipe.match(/^\*\*Common mistake:\*\* /gm), title).toHaveLength(1);
        const anchor = title
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .replaceAll(' ', '-');
        expect(list).toContain(`](${page}.md#${anchor})`);
      }
    },
  );
});
