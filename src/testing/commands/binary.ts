import { valuesOf, viewWholeTestRun } from '../data/test-run-view.js';
import type { FilePart } from '../multipart.js';
import { type Command, FileResult } from './command.js';
import { CommandError, invalidKeys } from './command-error.js';
import { page, testRunOf } from './input.js';

/** Stores a file as a result of a test run. The value of the result is the code of the file. */
export const createBinaryTestRunParameter: Command = (input, context) => {
  const { command, store } = context;
  const run = testRunOf(input['testRun'], context);
  const { testType } = run;
  const parameter = testType.parameters.find(({ code }) => code === input['parameter']);
  if (parameter?.dataType !== 'image') {
    const reason = `The test type ${testType.code} has no parameter of this code that takes a file.`;
    throw invalidKeys(command, 'invalidValueKeyMap', { '$.parameter': reason });
  }
  const code = store.newId(32);
  store.setBinary(code, input['data'] as FilePart);
  store.update(run, { results: { ...valuesOf(run, 'results'), [parameter.code]: code } });
  return { testRun: viewWholeTestRun(run, context) };
};

/** Returns a file by its code: that of an attachment, or of a result of a test run. */
export const getBinaryData: Command = (input, { store }) => {
  const { code } = input;
  const file = store.binary(String(code));
  if (file !== undefined) return new FileResult(file.bytes, file.contentType, file.filename);
  const key = 'uu-app-binarystore/getBinaryData/binaryDoesNotExist';
  throw new CommandError(400, key, 'Binary does not exist.', { code });
};

/** Lists the files by their codes. What the real database returns is not known. */
export const listBinaries: Command = (input, { store }) => {
  // Files on EOS have a path in place of a code.
  const files = [...store.binaries].filter(([key]) => /^[0-9a-f]{32}$/.test(key));
  return page('itemList', files, input, ([code, { filename, contentType }]) => ({
    code,
    filename,
    contentType,
  }));
};
