import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, expect } from 'vitest';
import { BROWSER, itInBrowser } from '../helpers/browser.js';
import { startCli } from '../helpers/cli.js';
import { assembledModule, HOSTILE, makeHostile, makeTestRunsHostile } from '../helpers/hostile-component.js';

const cli = await startCli();
const { serialNumber, id } = assembledModule(cli.pdb);

const browser: Browser | undefined =
  BROWSER === undefined
    ? undefined
    : // Containers have no sandbox of their own, and root may not use it.
      await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox', '--disable-gpu'] });
afterAll(() => browser?.close());

/** A page, and what happened in it. */
interface Opened {
  readonly page: Page;
  /** The URLs that the browser requested, without `data:`. */
  readonly requests: readonly string[];
  /** Errors, warnings and dialogs. */
  readonly complaints: readonly string[];
}

async function open(
  file: string,
  { width = 1200, colorScheme = 'light' }: { width?: number; colorScheme?: 'light' | 'dark' } = {},
): Promise<Opened> {
  const page = await (browser as Browser).newPage({ viewport: { width, height: 800 }, colorScheme });
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) requests.push(request.url());
  });
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  return { page, requests, complaints };
}

/** Evaluates an expression in a page. */
const evaluate = <T>(page: Page, expression: string): Promise<T> => page.evaluate<T>(expression);

async function writeReport(): Promise<string> {
  const { code, stderr } = await cli.run(['report', serialNumber]);
  expect(code, stderr).toBe(0);
  return join(cli.folder, `${serialNumber}.html`);
}

itInBrowser(
  'a report of a component with hostile texts and files runs nothing and requests nothing',
  async () => {
    await makeHostile(cli.pdb, id);
    await makeTestRunsHostile(cli.pdb, id);
    const file = await writeReport();
    const before = cli.pdb.requests.length;
    const { page, requests, complaints } = await open(file);
    // Nothing waits for the mouse either.
    const moves =
      "for (const one of document.all) one.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }))";
    await evaluate(page, moves);
    expect(requests).toEqual([pathToFileURL(file).href]);
    expect(complaints).toEqual([]);
    expect(cli.pdb.requests.length).toBe(before);
    expect(await evaluate(page, 'window.hacked ?? null')).toBeNull();
    expect(await page.locator('script, iframe, object, embed, form, base, [onload], [onerror]').count()).toBe(
      0,
    );
    expect(await page.locator('a[href^="javascript:" i]').count()).toBe(0);
    // The text of a comment is shown as it is, but for what is not visible.
    const shown = HOSTILE.replace('\u202e', '\\u202e').replace('\u0007', '\\u0007');
    expect(await page.locator('#comments p').first().textContent()).toBe(shown);
    await page.close();
  },
);

itInBrowser('a report shows images and plots, in its own style', async () => {
  await makeHostile(cli.pdb, id);
  const { page, complaints } = await open(await writeReport());
  const widths = await evaluate<number[]>(page, '[...document.images].map((image) => image.naturalWidth)');
  expect(widths).toEqual([32, 32, 32]);
  const plots = page.locator('svg.plot');
  expect(await plots.count()).toBeGreaterThan(0);
  for (const plot of await plots.all()) {
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    expect(box?.width).toBeGreaterThan(300);
    expect(box?.height).toBeGreaterThan(150);
    const curve = await plot.locator('.curve path').boundingBox();
    expect(curve?.width).toBeGreaterThan(250);
  }
  expect(await evaluate(page, "getComputedStyle(document.querySelector('header')).borderRadius")).toBe(
    '10px',
  );
  expect(await evaluate(page, "getComputedStyle(document.querySelector('svg.plot text')).fill")).toBe(
    await evaluate(page, 'getComputedStyle(document.body).color'),
  );
  expect(complaints).toEqual([]);
  await page.close();
});

itInBrowser('a report does not allow a script, even if there were one', async () => {
  const { page } = await open(await writeReport());
  await evaluate(
    page,
    `document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.hacked = 9' }))`,
  );
  expect(await evaluate(page, 'window.hacked ?? null')).toBeNull();
  await page.close();
});

itInBrowser('a report fits a narrow screen', async () => {
  await makeHostile(cli.pdb, id);
  await makeTestRunsHostile(cli.pdb, id);
  const { page } = await open(await writeReport(), { width: 400 });
  expect(await evaluate(page, 'document.documentElement.scrollWidth')).toBe(400);
  expect(await evaluate(page, 'document.body.scrollWidth')).toBeLessThanOrEqual(400);
  await page.close();
});

itInBrowser('a report is dark where the user wants that, and light on paper', async () => {
  const { page } = await open(await writeReport(), { colorScheme: 'dark' });
  const background = (): Promise<string> => evaluate(page, 'getComputedStyle(document.body).backgroundColor');
  expect(await background()).toBe('rgb(18, 22, 28)');
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  expect(await background()).toBe('rgb(255, 255, 255)');
  await page.close();
});

itInBrowser('an SVG file of a plot can be opened alone', async () => {
  const run = cli.pdb.dataset.components
    .find((component) => component.id === id)
    ?.testRuns.find(({ testType }) => testType.code === 'MODULE_IV_PS_V1');
  const { code } = await cli.run(['plot', run?.id ?? '', '--svg', 'iv.svg', '--log-y']);
  expect(code).toBe(0);
  const { page, complaints } = await open(join(cli.folder, 'iv.svg'));
  expect(await evaluate(page, 'document.documentElement.localName')).toBe('svg');
  expect(await page.locator('text').first().textContent()).toContain(serialNumber);
  expect(complaints).toEqual([]);
  await page.close();
});
