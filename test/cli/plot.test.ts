import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { arraysOf, defaultAxes } from '../../src/cli/plot/arrays.js';
import { type Picture, pictureOf, pointsOf } from '../../src/cli/plot/picture.js';
import { createScale, toDrawable } from '../../src/cli/plot/scale.js';
import { toSvg } from '../../src/cli/plot/svg.js';
import { toTerminal } from '../../src/cli/plot/terminal.js';
import type { TestRun } from '../../src/index.js';
import { startCli } from '../helpers/cli.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';

const cli = await startCli();

/** A test run with results by their codes. */
function runOf(results: Readonly<Record<string, unknown>>, more: object = {}): TestRun {
  return {
    ...{ id: '65a0c1d2e3f4051627384961', runNumber: '1', date: '2026-03-02T09:30:00.000Z', passed: true },
    testType: { id: '1', code: 'MODULE_IV_PS_V1', name: 'Module IV' },
    stage: { code: 'BONDED', name: 'Bonded', order: 4, initial: false, final: false },
    components: [{ id: '2', code: '3', serialNumber: '20USBML1234567' }],
    results: Object.entries(results).map(([code, value]) => ({
      ...{ code, name: NAMES[code] ?? code, value },
      ...{ dataType: Array.isArray(value) ? 'float' : 'object', valueType: 'array', required: true },
    })),
    ...more,
  } as unknown as TestRun;
}

const NAMES: Readonly<Record<string, string>> = { VOLTAGE: 'Voltage (V)', CURRENT: 'Current (nA)' };
const VOLTAGES = Array.from({ length: 15 }, (_, index) => -50 * index);
const CURRENTS = VOLTAGES.map((voltage) => -3.5 - Math.sqrt(-voltage) * (voltage < -600 ? 80 : 2));
const IV = { VOLTAGE: VOLTAGES, CURRENT: CURRENTS };

/** The codes that are drawn without a choice of the user: x, then y. */
function chosen(results: Readonly<Record<string, unknown>>): (string | undefined)[] {
  const axes = defaultAxes(arraysOf(runOf(results)));
  return [axes?.x?.code, ...(axes?.y ?? []).map(({ code }) => code)];
}

describe('what is drawn of a test run', () => {
  it('is the current against the voltage', () => {
    expect(chosen({ TEMPERATURE: [20, 21], CURRENT: [1, 2], VOLTAGE: [3, 4] })).toEqual([
      'VOLTAGE',
      'CURRENT',
    ]);
    expect(chosen({ IV_VOLTAGE: [1], CV_VOLTAGE: [2], IV_CURRENT: [3] })).toEqual([
      'IV_VOLTAGE',
      'IV_CURRENT',
    ]);
    expect(chosen({ SHUNT_VOLTAGE: [1], VOLTAGE: [2], CAPACITANCE: [3] })).toEqual([
      'VOLTAGE',
      'CAPACITANCE',
    ]);
  });

  it('is the current against the voltage of an object with lists', () => {
    const array = { time: [1, 2], voltage: [0, -10], current: [0.1, 0.2], 'sigma current': [0, 0] };
    expect(chosen({ IV_ARRAY: array })).toEqual(['IV_ARRAY.voltage', 'IV_ARRAY.current']);
  });

  it('is the second list against the first one of the same length', () => {
    expect(chosen({ A: [1], B: [1, 2], NAMES: ['a', 'b'], C: [3, 4] })).toEqual(['B', 'C']);
  });

  it('is one list against its index if there is no second one', () => {
    expect(chosen({ A: [1, 2], B: 7 })).toEqual([undefined, 'A']);
    expect(pictureOf([runOf({ A: [5, 6] })])).toMatchObject({
      xLabel: 'Index',
      curves: [{ x: [0, 1], y: [5, 6] }],
    });
  });

  it('is what the user asks for, by codes or the second part of a code', () => {
    const run = runOf({ ...IV, IV_ARRAY: { time: [1, 2], temperature: [20, 21] } });
    expect(pictureOf([run], { x: 'iv_array.time', y: ['temperature'] })).toMatchObject({
      ...{ xLabel: 'time', yLabel: 'temperature' },
      curves: [{ x: [1, 2], y: [20, 21] }],
    });
    expect(pictureOf([run], { x: 'index', y: ['CURRENT'] }).curves[0]?.x.slice(0, 3)).toEqual([0, 1, 2]);
    // Without x, it is a list of the same length.
    expect(pictureOf([run], { y: ['temperature'] }).xLabel).toBe('time');
    expect(pictureOf([run], { y: ['VOLTAGE'] }).xLabel).toBe('Current (nA)');
    expect(pictureOf([run], { x: 'time' }).yLabel).toBe('temperature');
  });

  it('has a legend with what tells the test runs apart, and a title with the rest', () => {
    const { title, curves } = pictureOf([
      runOf(IV),
      runOf(IV, { runNumber: '2', date: '2026-04-01T08:00:00Z' }),
    ]);
    expect(title).toBe('20USBML1234567 · MODULE_IV_PS_V1 · BONDED');
    expect(curves.map(({ name }) => name)).toEqual(['run 1 · 2026-03-02', 'run 2 · 2026-04-01']);
  });

  it('is refused with the codes that there are', () => {
    expect(() => pictureOf([runOf(IV)], { y: ['VBD'] })).toThrow(
      expect.objectContaining({ advice: 'It has VOLTAGE, CURRENT', exitCode: 2 }),
    );
    expect(() => pictureOf([runOf({ VBD: 12 })])).toThrow(
      expect.objectContaining({ advice: 'Its results: VBD', exitCode: 1 }),
    );
  });

  it('has a row for each point of the longest list, with the columns of all test runs', () => {
    const rows = pointsOf([runOf({ A: [1, 2], B: [3, 4] }), runOf({ C: [5] }, { id: '2' })]);
    expect(rows.map(({ run, index, A, B, C }) => [run, index, A, B, C])).toEqual([
      ['65a0c1d2e3f4051627384961', null, 1, 3, null],
      ['65a0c1d2e3f4051627384961', null, 2, 4, null],
      ['2', 0, null, null, 5],
    ]);
  });

  it('has gaps where a number is missing', () => {
    const run = runOf({ A: [1, null, 3], B: ['NaN', 2, Number.NaN] });
    expect(pictureOf([run]).curves[0]).toMatchObject({ x: [1, null, 3], y: [null, 2, null] });
  });
});

describe('the ticks of an axis', () => {
  const texts = (values: number[], isLog = false): string =>
    createScale(values, { intervals: 5, isLog })
      .ticks.map(({ text }) => text)
      .join(' ');

  it('are at round numbers', () => {
    expect(texts([-700, 0])).toBe('-800 -600 -400 -200 0');
    expect(texts([0.31, 0.98])).toBe('0.2 0.4 0.6 0.8 1.0');
  });

  it('leave out a power of ten of small and large numbers', () => {
    const scale = createScale([1e-9, 4.2e-9], { intervals: 5 });
    expect(scale.ticks.map(({ text }) => text)).toEqual(['1', '2', '3', '4', '5']);
    expect(scale.note).toBe(', × 10⁻⁹');
  });

  it('leave out what numbers close to each other have in common', () => {
    const scale = createScale([1_700_000_000, 1_700_000_300], { intervals: 3 });
    expect(scale.ticks.map(({ text }) => text)).toEqual(['0', '100', '200', '300']);
    expect(scale.note).toBe(' − 1700000000');
  });

  it('are powers of ten of absolute values on a logarithmic axis', () => {
    const scale = createScale([-3, 0, 20_000], { intervals: 5, isLog: true });
    expect(scale.ticks.map(({ text }) => text)).toEqual(['1', '10', '100', '1000', '10000', '10⁵']);
    expect(scale.note).toBe(', absolute value');
    expect(scale.position(-1000)).toBeCloseTo(0.6);
  });

  it('have at most four significant digits and differ, whatever the values are', () => {
    const values = fc.array(fc.oneof(fc.double(), fc.integer(), fc.constant(Number.NaN)), { maxLength: 6 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 12 }), fc.boolean(), (list, intervals, isLog) => {
        const drawn = list.map(toDrawable);
        const { ticks, position } = createScale(drawn, { intervals, isLog });
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThanOrEqual(intervals + 3);
        expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length);
        const significant = (text: string): string =>
          (text.includes('.') ? text : text.replace(/0+$/, '')).replace(/\D/g, '').replace(/^0+/, '');
        for (const { text } of isLog ? [] : ticks)
          expect(significant(text).length, text).toBeLessThanOrEqual(4);
        for (const value of drawn)
          if (value !== null && !(isLog && value === 0)) {
            expect(position(value)).toBeGreaterThan(-0.01);
            expect(position(value)).toBeLessThan(1.01);
          }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a picture for a terminal', () => {
  it('is an IV curve', () => {
    const text = toTerminal(pictureOf([runOf(IV)]), { width: 60, height: 14 });
    expect(`\n${text}\n`).toMatchSnapshot();
  });

  it('tells curves apart by marks, without colours', () => {
    const other = runOf({ VOLTAGE: VOLTAGES, CURRENT: VOLTAGES }, { runNumber: '2' });
    const text = toTerminal(pictureOf([runOf(IV), other]), { width: 60, height: 14, isAscii: true });
    expect(`\n${text}\n`).toMatchSnapshot();
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('tells curves apart by colours', () => {
    const text = toTerminal(pictureOf([runOf(IV), runOf(IV, { runNumber: '2' })]), { isColoured: true });
    expect(text).toContain('\u001b[36m━━\u001b[39m run 1\n\u001b[33m━━\u001b[39m run 2');
  });

  it('is not wider and not higher than it may be, whatever is drawn', () => {
    const number = fc.oneof(fc.double(), fc.integer({ min: -700, max: 0 }), fc.constant(null));
    const list = fc.array(number, { maxLength: 8 });
    const texts = fc.string({ maxLength: 100 });
    fc.assert(
      fc.property(
        list,
        list,
        texts,
        fc.integer({ min: 30, max: 120 }),
        fc.boolean(),
        (x, y, name, width, isLogY) => {
          const run = runOf({ A: x, B: y }, { components: [{ serialNumber: name }], stage: { code: name } });
          const text = toTerminal(pictureOf([run], { x: 'A', y: ['B'] }), { width, height: 12, isLogY });
          const lines = text.split('\n');
          expect(lines.length).toBe(12);
          for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a picture as SVG', () => {
  const HOSTILE = '</title><script>alert(1)</script>" onload="alert(2)';

  it('has a title, ticks, labels and a line with a gap', () => {
    const svg = toSvg(pictureOf([runOf({ VOLTAGE: [0, -100, -200, -300], CURRENT: [-1, -2, null, -4] })]));
    expect(svg).toContain(
      '<title>20USBML1234567 · MODULE_IV_PS_V1 · BONDED · run 1 · 2026-03-02: Current (nA) against Voltage (V)</title>',
    );
    expect(svg).toContain('>−300</text>');
    expect(svg).toMatch(/<path d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+M[\d.]+ [\d.]+" fill="none"/);
    expect(svg.match(/<circle/g)).toHaveLength(3);
  });

  it('has every text escaped', () => {
    const picture: Picture = {
      ...{ title: HOSTILE, xLabel: HOSTILE, yLabel: HOSTILE },
      curves: [1, 2].map(() => ({ name: HOSTILE, run: HOSTILE, x: [1], y: [1] })),
    };
    const svg = toSvg(picture);
    expect(svg).not.toMatch(/<script|onload="/);
    expect(svg.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(4);
  });

  it('keeps the lowest and the highest point of a long curve, in a small file', () => {
    const y = Array.from({ length: 100_000 }, (_, index) => (index === 54_321 ? 1000 : Math.sin(index)));
    const svg = toSvg(pictureOf([runOf({ A: y })]));
    expect(svg.length).toBeLessThan(60_000);
    // The upper edge of the plot.
    expect(svg).toMatch(/L[\d.]+ 60(?:L|")/);
  });
});

/** The strip modules. */
const modules = cli.pdb.dataset.components.filter(
  ({ componentType, state }) =>
    componentType.code === 'MODULE' && componentType.project === 'S' && state === 'ready',
);

/** Returns the id of a test run of a module. */
const runIdOf = (testRuns: (typeof modules)[number]['testRuns'], type: string): string | undefined =>
  testRuns.find(({ testType }) => testType.code === type)?.id;

/** A module that has one IV curve of the type. */
const iv = (() => {
  for (const { serialNumber, testRuns } of modules) {
    const runs = testRuns.filter(({ testType }) => testType.code === 'MODULE_IV_PS_V1');
    const [id, noIv] = [runs[0]?.id, runIdOf(testRuns, 'VISUAL_INSPECTION')];
    if (runs.length === 1 && id !== undefined && noIv !== undefined) return { serialNumber, id, noIv };
  }
  throw new Error('no such module');
})();

const untested =
  modules.find(({ testRuns }) => runIdOf(testRuns, 'MODULE_IV_AMAC') === undefined)?.serialNumber ?? '';

describe('itkdb plot', () => {
  it('writes the curves as JSON in a pipe', async () => {
    const { code, stdout, stderr } = await cli.run(['plot', iv.id]);
    expect([code, stderr]).toEqual([0, '']);
    const picture = JSON.parse(stdout) as Picture;
    expect(picture).toMatchObject({ xLabel: 'Voltage (V)', yLabel: 'Current (nA)' });
    expect(picture.curves).toMatchObject([{ run: iv.id }]);
    expect(picture.curves[0]?.x).toHaveLength(71);
  });

  it('draws the latest test run of a component', async () => {
    const { code, stdout } = await cli.run([
      'plot',
      iv.serialNumber,
      '--test-type',
      'MODULE_IV_PS_V1',
      '--table',
    ]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(20);
    expect(lines[0]).toContain(`${iv.serialNumber} · MODULE_IV_PS_V1`);
    expect(lines.at(-1)?.trim()).toBe('Voltage (V)');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('draws several test runs in one picture, in the order in which they are given', async () => {
    const ids = modules
      .flatMap(({ testRuns }) => runIdOf(testRuns, 'MODULE_IV_PS_V1') ?? [])
      .slice(0, 3)
      .reverse();
    const { stdout } = await cli.run(['plot', ...ids]);
    expect((JSON.parse(stdout) as Picture).curves.map(({ run }) => run)).toEqual(ids);
    expect(cli.pdb.count('getTestRunBulk')).toBe(1);
  });

  it('draws the test runs that another command lists', async () => {
    const { code, stdout } = await cli.shell(
      `itkdb tests ${iv.serialNumber} --test-type MODULE_IV_PS_V1 --ndjson | itkdb plot -`,
    );
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Picture).curves.map(({ run }) => run)).toEqual([iv.id]);
  });

  itOnTerminal('draws in the width and the colours of the terminal', async () => {
    const { code, screen, raw } = await runInTerminal(cli, ['plot', iv.id], { columns: 100 });
    expect(code).toBe(0);
    const lines = screen.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBe(100);
    expect(raw).toContain('\u001b[36m');
    const ascii = await runInTerminal(cli, ['plot', iv.id], { env: { LC_ALL: 'C', NO_COLOR: '1' } });
    expect(ascii.screen).toContain('*');
    expect(ascii.screen).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('writes an SVG file, and replaces only a regular file', async () => {
    const file = join(cli.folder, 'iv.svg');
    const first = await cli.run(['plot', iv.id, '--svg', 'iv.svg', '--log-y']);
    expect([first.code, first.stdout]).toEqual([0, '']);
    expect(first.stderr).toBe(`written: ${file}\n`);
    expect(await readFile(file, 'utf8')).toMatch(/^<svg [\s\S]*, absolute value<[\s\S]*<\/svg>\n$/);
    await writeFile(join(cli.folder, 'notes.txt'), 'notes');
    await symlink('notes.txt', join(cli.folder, 'link.svg'));
    const second = await cli.run(['plot', iv.id, '--svg', 'link.svg']);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain('link.svg is not a regular file');
    expect(await readFile(join(cli.folder, 'notes.txt'), 'utf8')).toBe('notes');
    expect((await readdir(cli.folder)).sort()).toEqual(['iv.svg', 'link.svg', 'notes.txt']);
  });

  it('refuses a file with the ending of another format', async () => {
    const { code, stderr } = await cli.run(['plot', iv.id, '--svg', 'iv.png']);
    expect(code).toBe(2);
    expect(stderr).toBe(
      'itkdb: the picture is SVG, and iv.png has the ending of another format\nName it: iv.svg\n',
    );
    expect(cli.pdb.requests).toHaveLength(0);
  });

  it('writes the points as CSV', async () => {
    const { code, stdout, stderr, bytes } = await cli.run(['plot', iv.id, '--csv', '--excel']);
    expect([code, stderr]).toEqual([0, '']);
    expect(bytes.subarray(0, 3).toString('hex')).toBe('efbbbf');
    const [head, first, ...rest] = stdout.slice(1).trimEnd().split('\r\n');
    expect(head).toBe('component,testType,stage,date,runNumber,run,VOLTAGE,CURRENT');
    expect(first).toMatch(
      new RegExp(`^${iv.serialNumber},MODULE_IV_PS_V1,\\w+,[\\d-]+T[\\d:.]+Z,1,${iv.id},0,-[\\d.]+$`),
    );
    expect(rest).toHaveLength(70);
    const index = await cli.run(['plot', iv.id, '--csv', '--x', 'index', '--y', 'CURRENT,VOLTAGE']);
    expect(index.stdout).toMatch(/^[^\r]*,run,index,CURRENT,VOLTAGE\r\n[^\r]*,0,-[\d.]+,0\r\n/);
  });

  it('writes SVG to stdout', async () => {
    const { code, stdout, stderr } = await cli.run(['plot', iv.id, '--svg']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });

  it('names what can be drawn if that was not asked for', async () => {
    const { code, stderr } = await cli.run(['plot', iv.id, '--y', 'VBD']);
    expect(code).toBe(2);
    expect(stderr).toBe(`itkdb: the test run ${iv.id} has no list of numbers VBD\nIt has VOLTAGE, CURRENT\n`);
  });

  it('says that a test run has nothing to draw', async () => {
    const { code, stderr } = await cli.run(['plot', iv.noIv]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/has no list of numbers that can be drawn\nIts results: TEMPERATURE, HUMIDITY/);
  });

  it('asks for the test type of a component', async () => {
    const { code, stderr } = await cli.run(['plot', iv.serialNumber]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(
        `^itkdb: which curve of ${iv.serialNumber}\\? There are MODULE_IV_PS_V1.*\\n.*: ` +
          `itkdb plot ${iv.serialNumber} --test-type MODULE_IV_PS_V1\\n$`,
      ),
    );
    // Only test runs with lists of numbers are curves.
    expect(stderr).not.toContain('VISUAL_INSPECTION');
  });

  it('says that there is no such test run', async () => {
    const id = 'f'.repeat(24);
    const { code, stderr } = await cli.run(['plot', id]);
    expect([code, stderr]).toEqual([4, `itkdb: there is no test run ${id}\n`]);
    const none = await cli.run(['plot', untested, '--test-type', 'MODULE_IV_AMAC']);
    expect(none.code).toBe(4);
    expect(none.stderr).toContain(`${untested} has no test run of the type MODULE_IV_AMAC`);
  });
});
