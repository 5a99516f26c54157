import { basename } from 'node:path';
import type { TestRun } from '../../commands/shapes.js';
import { BOOLEAN, both, checkValue, FILLED_STRING, FUNCTION, NO_TILDE } from '../../config/check-options.js';
import { InvalidInvocation, isException } from '../../exceptions/base.js';
import { isFilledString } from '../../util/guards.js';
import { codesOf } from '../../util/lists.js';
import { suggest } from '../../util/similar.js';
import type { DownloadedFile, DownloadOptions } from '../files/download.js';
import { moveFile } from '../files/file.js';
import { makeTargetFolder, unwritable } from '../files/place.js';
import { safeName } from '../files/safe-name.js';
import { idOf } from '../identifiers.js';
import { checkJob, optionsOfJob } from '../options.js';
import type { ResourceContext } from '../resources/resource.js';
import type { TestRunName } from './changes.js';

const SUBJECT = 'client.testRuns.downloadResult';
const OPTIONS = optionsOfJob('{ overwrite: true }', { overwrite: BOOLEAN, onProgress: FUNCTION });
const DIRECTORY = both(FILLED_STRING, NO_TILDE);

/** Downloads a result that is a file. See `TestRuns.downloadResult`. */
export async function downloadResultFile(
  { client }: ResourceContext,
  run: TestRunName | TestRun,
  code: string,
  directory: string,
  options: DownloadOptions,
): Promise<DownloadedFile> {
  const testRun = idOf(SUBJECT, 'test run', run);
  checkValue(SUBJECT, 'code', code, FILLED_STRING);
  checkValue(SUBJECT, 'directory', directory, DIRECTORY);
  const { onProgress, overwrite = false, ...call } = checkJob(SUBJECT, options, OPTIONS);
  const isRead = typeof run === 'object' && 'results' in run && Array.isArray(run.results);
  const { results } = isRead ? run : await client.get('getTestRun', { ...call, data: { testRun } });
  const found = results?.find((one) => one.code === code);
  if (found === undefined)
    throw new InvalidInvocation(`${SUBJECT}: there is no result ${code}${suggest(code, codesOf(results))}`);
  const { value } = found;
  if (!['image', 'file'].includes(found.dataType) || !isFilledString(value))
    throw new InvalidInvocation(`${SUBJECT}: the result ${code} has no file`);
  const folder = await makeTargetFolder(SUBJECT, directory);
  const file = await client.get('uu-app-binarystore/getBinaryData', {
    ...call,
    ...{ directory: folder, data: { code: value } },
    ...(onProgress && {
      onDownloadProgress: ({ loaded, total }: { loaded: number; total?: number | undefined }) =>
        onProgress({ done: loaded, total }),
    }),
  });
  const { contentType, size, extension, suggestedFilename } = file;
  const name = safeName(suggestedFilename || code);
  const full = name.includes('.') || extension === undefined ? name : `${name}.${extension}`;
  try {
    const path = await moveFile(file, { folder, name: full, overwrite });
    return { path, name: basename(path), size, contentType, code: value };
  } catch (error) {
    throw isException(error) ? error : unwritable(SUBJECT, folder, error);
  }
}
