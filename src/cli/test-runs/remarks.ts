import type { Client } from '../../client/client.js';
import { isDuplicate } from '../../client/duplicates.js';
import { isPlainObject } from '../../util/guards.js';
import type { TestRunFile } from './read-run.js';
import type { UploadSettings } from './upload.js';

/** Returns sentences on what is unusual in a test run that has no problems. */
export async function remarksOn(
  client: Client,
  { run }: TestRunFile,
  settings: UploadSettings,
): Promise<string[]> {
  return [...remarksOnLists(run), ...(await remarksOnNumber(client, run, settings))];
}

/** Lists of one measurement have the same length. */
function remarksOnLists({ results }: TestRunFile['run']): string[] {
  const lists = Object.entries(isPlainObject(results) ? results : {}).flatMap(([code, value]) =>
    Array.isArray(value) && value.some((one) => typeof one === 'number') ? { code, size: value.length } : [],
  );
  if (new Set(lists.map(({ size }) => size)).size < 2) return [];
  const sizes = lists.map(({ code, size }) => `${code} has ${size}`);
  return [`the lists have different numbers of values: ${sizes.join(', ')}`];
}

async function remarksOnNumber(
  client: Client,
  run: TestRunFile['run'],
  { runNumber: choice, signal }: UploadSettings,
): Promise<string[]> {
  const { component, testType, runNumber } = run;
  if (choice === 'next') return [];
  const call = { signal, cache: 'reload' as const };
  const listed = client.testRuns.list(String(component), { ...call, testType: String(testType) });
  const ids: string[] = [];
  for await (const one of listed) if (one.runNumber === runNumber) ids.push(one.id);
  const [id] = ids;
  if (id === undefined) return [];
  const stored = await client.testRuns.get(id, call);
  return [
    isDuplicate(stored, run)
      ? `the database has this test run already: ${id}`
      : `there is a run ${runNumber} with other values: ${id}; --run-number next chooses another number`,
  ];
}
