import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { formatSize, formatTime, formatValue } from '../../src/cli/output/format.js';
import { html, trusted } from '../../src/cli/output/html.js';
import { link } from '../../src/cli/report/parts.js';
import { startCli } from '../helpers/cli.js';
import {
  assembledModule,
  clientOf,
  makeHostile,
  makeTestRunsHostile,
  PNG,
} from '../helpers/hostile-component.js';

const cli = await startCli();
const { pdb } = cli;
const { serialNumber, id } = assembledModule(pdb);

describe('html', () => {
  it('escapes what is put into it, and joins lists', () => {
    const item = html`<li title="${'"\'`&'}">${'<b>'}</li>`;
    expect(String(html`<ul>${[item, undefined, null, 3]}</ul>`)).toBe(
      '<ul><li title="&quot;&#39;&#96;&amp;">&lt;b&gt;</li>3</ul>',
    );
    expect(String(html`${trusted('<br>')}`)).toBe('<br>');
  });

  it('shows control characters and what changes the direction of text', () => {
    expect(String(html`${'a\u202eb\u0000c\nd'}`)).toBe('a\\u202eb\\u0000c\nd');
  });

  it('takes an object in place of a text for a text', () => {
    expect(String(html`${{ toString: '<b>' } as never}`)).toBe(
      '{&quot;toString&quot;:&quot;&lt;b&gt;&quot;}',
    );
  });
});

describe('a link of a report', () => {
  it('leads only to addresses of the web', () => {
    expect(String(link('https://example.org/?a=1&b="', 'x'))).toBe(
      '<a href="https://example.org/?a=1&amp;b=%22" rel="noreferrer">x</a>',
    );
    for (const url of [
      'javascript:alert(1)',
      ' javascript:alert(1)',
      'data:text/html,x',
      'file:///etc',
      'x',
      null,
    ])
      expect(String(link(url, 'x'))).toBe('x');
  });
});

describe('a value of a report', () => {
  it('is short', () => {
    expect(formatValue([0, -10.5, null, 3, 4, 5, 6, 7, 8])).toBe('9 values, from -10.5 to 8');
    expect(formatValue([1, 2])).toBe('1, 2');
    expect(formatValue({ voltage: [1, 2], note: 'x' })).toBe('voltage: 1, 2; note: x');
    expect(formatValue({ a: 1 })).toBe('{"a":1}');
    expect(formatValue('x'.repeat(1000))).toHaveLength(501);
    expect([null, true, '', [], 0].map(formatValue)).toEqual(['–', 'yes', '–', 'an empty list', '0']);
  });

  it('is a time in UTC, or the text of a person', () => {
    expect(formatTime('2026-03-02T09:30:00.000+02:00')).toBe('2026-03-02 07:30');
    expect([formatTime('last week'), formatTime(null)]).toEqual(['last week', '']);
  });

  it('is a size', () => {
    expect([12, 22_093, 3_400_000, undefined].map(formatSize)).toEqual(['12 bytes', '22 kB', '3.4 MB', '']);
  });
});

describe('itkdb report', () => {
  const report = async (...args: string[]) => {
    const ran = await cli.run(['report', serialNumber, ...args]);
    return { ...ran, page: await readFile(join(cli.folder, `${serialNumber}.html`), 'utf8').catch(() => '') };
  };

  it('writes a page with all that is known of a component, with few requests', async () => {
    await using client = clientOf(pdb);
    const component = await client.components.get(serialNumber);
    const [child] = component.children ?? [];
    pdb.reset();
    const { code, stdout, stderr, page } = await report();
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toBe(`written: ${join(cli.folder, `${serialNumber}.html`)}\n`);
    for (const text of [
      `<h1>${serialNumber}</h1>`,
      ...[component.componentType.name, component.currentStage?.name, component.currentLocation.name],
      ...[component.code, child?.component?.serialNumber, 'Page in the database'],
    ])
      expect(page).toContain(text);
    for (const { name } of component.stages ?? []) expect(page).toContain(`Stage <b><bdi>${name}</bdi></b>`);
    expect(page.match(/<article /g)).toHaveLength(
      (component.tests ?? []).flatMap(({ testRuns }) => testRuns).length,
    );
    expect(page).toContain('Current (nA) against Voltage (V)');
    const commands = pdb.requests.map(({ command }) => command).filter((command) => command !== 'grantToken');
    expect(commands.filter((command) => command === 'getTestRunBulk')).toHaveLength(1);
    expect(commands.length).toBeLessThan(8);
    expect(await readdir(cli.temporary)).toEqual([]);
  });

  it('writes to another file, and to stdout', async () => {
    await mkdir(join(cli.folder, 'pages'));
    const file = await report('-o', 'pages/module.html');
    expect([file.code, file.page]).toEqual([0, '']);
    const { code, stdout, stderr } = await report('-o', '-');
    expect([code, stderr]).toEqual([0, '']);
    const written = await readFile(join(cli.folder, 'pages', 'module.html'), 'utf8');
    const withoutTime = (page: string): string => page.replace(/Written on [-\d: ]+/, '');
    expect(withoutTime(stdout)).toBe(withoutTime(written));
    expect(await readdir(join(cli.folder, 'pages'))).toEqual(['module.html']);
  });

  it('replaces a file, but no link and no folder', async () => {
    await writeFile(join(cli.folder, `${serialNumber}.html`), 'old');
    expect((await report()).page).toMatch(/^<!DOCTYPE html>/);
    await writeFile(join(cli.folder, 'notes.txt'), 'notes');
    await symlink('notes.txt', join(cli.folder, 'link.html'));
    pdb.reset();
    for (const name of ['link.html', '.', 'none/']) expect((await report('-o', name)).code).toBe(2);
    expect(pdb.requests).toHaveLength(0);
    expect(await readFile(join(cli.folder, 'notes.txt'), 'utf8')).toBe('notes');
    expect((await stat(join(cli.folder, 'notes.txt'))).isFile()).toBe(true);
  });

  it('says that there is no such component, and writes nothing', async () => {
    const { code, stderr } = await cli.run(['report', '20USBML9999999']);
    expect(code).toBe(4);
    expect(stderr).toContain('20USBML9999999');
    expect(await readdir(cli.folder)).toEqual([]);
  });

  it('says in the page and on stderr what could not be read', async () => {
    const fault = pdb.fault({ on: 'getTestRunBulk', status: 403, times: Number.POSITIVE_INFINITY });
    const { code, stderr, page } = await report();
    expect(fault.hits).toBeGreaterThan(0);
    expect(code).toBe(1);
    expect(stderr).toMatch(/not in the report: the test runs: .+\n/);
    expect(stderr).toContain('itkdb: not everything could be read\n');
    expect(page).toContain('Not everything could be read');
    expect(page).toContain(`<h1>${serialNumber}</h1>`);
  });

  describe('of a component with hostile texts and files', () => {
    beforeEach(async () => {
      await makeHostile(pdb, id);
      await makeTestRunsHostile(pdb, id);
    });

    it('contains neither the markup of these texts nor a token of EOS', async () => {
      const { code, stderr, page } = await report();
      expect([code, stderr]).toEqual([0, expect.stringMatching(/^written: /)]);
      expect(page).not.toMatch(/<script|<img src=x|href="javascript:|authz=|data:image\/svg/);
      expect(page.match(/<title>/g)?.length).toBe(1 + (page.match(/<svg /g)?.length ?? 0));
      expect(page.match(/<style>/g)).toHaveLength(1);
      expect(page).toContain('&lt;script&gt;window.hacked=1&lt;/script&gt;');
      expect(page).toContain('\\u202eltr\\u0007');
      expect(page).not.toContain('\u202e');
    });

    it('shows images by their contents: in the database, on EOS and of test runs', async () => {
      const { page } = await report();
      const source = `src="data:image/png;base64,${PNG.toString('base64')}"`;
      expect(page.split(source)).toHaveLength(4);
      expect(page.match(/<img /g)).toHaveLength(3);
      expect(page).toContain('Not shown: images of this format are left out.');
    });

    it('does not download images that are larger than allowed', async () => {
      const small = await report('--max-image', '0');
      expect(small.page).not.toContain('<img ');
      expect(small.page).toContain('Not shown: it is larger than 0 bytes.');
      expect(small.code).toBe(0);
      expect(pdb.count('eosGet') + pdb.count('getComponentAttachment')).toBe(0);
    });

    it('says which image could not be read', async () => {
      pdb.fault({ on: 'eosGet', status: 404, times: Number.POSITIVE_INFINITY });
      const { code, stderr, page } = await report();
      expect(code).toBe(1);
      expect(stderr).toContain('not in the report: the attachment On EOS: ');
      expect(page).toContain('Not shown: it could not be read.');
      expect(page.match(/<img /g)).toHaveLength(1);
    });
  });

  it('has results that are images', async () => {
    await using client = clientOf(pdb);
    const run = pdb.dataset.components
      .find((component) => component.id === id)
      ?.testRuns.find(({ testType }) => testType.code === 'VISUAL_INSPECTION');
    const form = new FormData();
    form.set('testRun', run?.id ?? '');
    form.set('parameter', 'IMAGE');
    form.set('data', new File([PNG], 'top.png', { type: 'image/png' }));
    await client.post('createBinaryTestRunParameter' as string, form);
    const { code, page } = await report();
    expect(code).toBe(0);
    expect(page).toContain(PNG.toString('base64'));
    const tooLarge = await report('--max-image', '0');
    expect(tooLarge.page).toContain('Not shown: it is larger than 0 bytes.');
    expect(tooLarge.code).toBe(0);
  });
});
