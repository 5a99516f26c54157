import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComponentRecord, RecordedRequest } from '../../src/testing/index.js';
import type { Cli } from './cli.js';

/** The start of an image. */
export const JPEG: Buffer = Buffer.from('ffd8ffe000104a46494600010101006000600000', 'hex');

/** Strip modules at their first stage, at which a VISUAL_INSPECTION is done. */
export function freshModules({ pdb }: Cli): ComponentRecord[] {
  return pdb.dataset.components.filter(
    ({ componentType, currentStage, state }) =>
      componentType.project === 'S' &&
      componentType.code === 'MODULE' &&
      currentStage.code === 'HV_TAB_ATTACHED' &&
      state === 'ready',
  );
}

/** The first of them. */
export function freshModule(cli: Cli): ComponentRecord {
  const [module] = freshModules(cli);
  if (module === undefined) throw new Error('no such module');
  return module;
}

/** A test run that can be uploaded. */
export function newRun(cli: Cli, changes: object = {}): object {
  const { serialNumber, currentLocation } = freshModule(cli);
  return {
    component: serialNumber,
    ...{ testType: 'VISUAL_INSPECTION', institution: currentLocation.code, runNumber: '7' },
    ...{ date: '2026-03-02T09:30:00.000Z', passed: false, problems: false },
    properties: { OPERATOR: 'Sam Sample' },
    results: { TEMPERATURE: 21.5, HUMIDITY: 30 },
    ...changes,
  };
}

/** Writes a file into the working directory of the commands. A test run becomes JSON. Returns its path. */
export async function writeInto(cli: Cli, name: string, contents: object | string): Promise<string> {
  const path = join(cli.folder, name);
  const isText = typeof contents === 'string' || contents instanceof Uint8Array;
  await writeFile(path, isText ? contents : JSON.stringify(contents));
  return path;
}

/** The requests that may have written something, to the database and to EOS. */
export function writesOf({ pdb }: Cli): RecordedRequest[] {
  return pdb.requests.filter(
    ({ server, method }) => server !== 'identity' && method !== 'GET' && method !== 'HEAD',
  );
}
