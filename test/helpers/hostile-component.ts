import { crc32, deflateSync } from 'node:zlib';
import { Client, User } from '../../src/index.js';
import type { EmbeddedPdb } from '../../src/testing/index.js';

/** Runs a script wherever a text is taken for markup: as an element, in an attribute, and as the text of a title or style. */
export const HOSTILE =
  '</title></style></svg>"\'><script>window.hacked=1</script><img src=x onerror="window.hacked=2" \u202eltr\u0007';

/** A small image. */
export const PNG: Buffer = png(32, 24);

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=3"><script>window.hacked=4</script></svg>';
const PAGE = '<!DOCTYPE html><script>window.hacked=5</script>';

/** A client of an embedded database. Close it at the end. */
export function clientOf(pdb: EmbeddedPdb): Client {
  return new Client({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache: false });
}

/** A strip module that is in a stave and has children and an IV curve. */
export function assembledModule(pdb: EmbeddedPdb): { serialNumber: string; id: string } {
  const found = pdb.dataset.components.find(
    ({ componentType, parent, state, testRuns }) =>
      componentType.code === 'MODULE' &&
      parent !== undefined &&
      state === 'ready' &&
      testRuns.some(({ testType }) => testType.code === 'MODULE_IV_PS_V1'),
  );
  if (found === undefined) throw new Error('no such module');
  return found;
}

/** Gives a component hostile texts, links and files, among files that are good: all that users can write. */
export async function makeHostile(pdb: EmbeddedPdb, component: string): Promise<void> {
  await using client = clientOf(pdb);
  await client.components.comment(component, [HOSTILE, 'A scratch.\nOn the edge.']);
  await client.components.setProperty(component, 'LOCALNAME', HOSTILE);
  const { tests } = await client.components.get(component);
  const [runId = ''] = (tests ?? []).flatMap(({ testRuns }) => testRuns).map(({ id }) => id);
  await client.testRuns.comment(runId, HOSTILE);
  await client.attachments.add({ component }, PNG, { title: 'On EOS', filename: 'eos.png' });
  await client.attachments.add({ testRun: runId }, PNG, { title: HOSTILE, filename: 'run.png' });
  await client.attachments.add({ component }, Buffer.from(SVG), { title: 'SVG on EOS', filename: 'a.svg' });
  for (const [title, body, type] of [
    ['In the database', PNG, 'image/png'],
    ['SVG', SVG, 'image/svg+xml'],
    ['SVG as PNG', SVG, 'image/png'],
    ['HTML as PNG', PAGE, 'image/png"onload="window.hacked=6'],
    [HOSTILE, PAGE, 'text/html'],
  ] as const)
    await attach(client, component, { title, type: 'file' }, new File([body], 'x.png', { type }));
  for (const url of [
    'javascript:window.hacked=7',
    'https://example.org/?a="><script>window.hacked=8</script>',
  ])
    await attach(client, component, { title: `Link ${HOSTILE}`, type: 'link', url });
}

/** Attaches what the methods of the client would refuse. */
async function attach(
  client: Client,
  component: string,
  fields: Readonly<Record<string, string>>,
  file?: File,
): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ component, description: '', ...fields }))
    form.set(name, value);
  if (file !== undefined) form.set('data', file);
  await client.post('createComponentAttachment' as string, form);
}

/** Lets the next reading of the test runs of a component have hostile names, codes and values. */
export async function makeTestRunsHostile(pdb: EmbeddedPdb, component: string): Promise<void> {
  await using client = clientOf(pdb);
  const { tests } = await client.components.get(component);
  const ids = (tests ?? []).flatMap(({ testRuns }) => testRuns).map(({ id }) => id);
  const { items } = await client.testRuns.getMany(ids);
  const itemList = items.map((run) => ({
    ...run,
    ...{ runNumber: HOSTILE, date: HOSTILE, testType: { ...run.testType, name: HOSTILE } },
    defects: [{ name: HOSTILE, description: HOSTILE, properties: {} }],
    results: (run.results ?? [])
      .map((result) => ({ ...result, name: HOSTILE }))
      .concat([
        {
          code: HOSTILE,
          name: HOSTILE,
          dataType: 'object',
          valueType: 'single',
          required: false,
          value: { [HOSTILE]: HOSTILE },
        },
      ]),
  }));
  pdb.answer('getTestRunBulk', { itemList });
}

/** Makes an image of a gradient. */
function png(width: number, height: number): Buffer {
  const row = (y: number): Buffer =>
    Buffer.from([0, ...Array.from({ length: width }, (_, x) => [x & 255, y & 255, 120]).flat()]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits for each of red, green and blue.
  header.set([8, 2], 8);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, (_, y) => row(y))));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
