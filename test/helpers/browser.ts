import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { it } from 'vitest';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The path of a browser that playwright can drive: `ITKDB_TEST_BROWSER`, or one of the usual names; undefined where there is none. */
export const BROWSER: string | undefined = await findBrowser();

/** A test that needs a browser. It is skipped where there is none. */
export function itInBrowser(title: string, test: () => Promise<void>): void {
  it(title, (context) =>
    BROWSER === undefined
      ? context.skip('no chromium was found: install it, or set ITKDB_TEST_BROWSER')
      : test(),
  );
}

async function findBrowser(): Promise<string | undefined> {
  const { ITKDB_TEST_BROWSER, PATH = '' } = process.env;
  const paths = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const path of [...(ITKDB_TEST_BROWSER ? [ITKDB_TEST_BROWSER] : []), ...paths]) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
