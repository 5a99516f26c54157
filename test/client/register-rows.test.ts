import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Aborted,
  Forbidden,
  IncompleteWrite,
  InvalidInvocation,
  ITkDBException,
  PartFailed,
  type Progress,
  parseCsv,
  property,
  readCsv,
  toCsv,
} from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';

const { pdb, newClient } = await startDatabase({ components: 100 });
beforeEach(() => pdb.restore());

const folder = await mkdtemp(join(tmpdir(), 'itkdb-rows-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
let files = 0;
const newFile = (name = 'journal'): string => {
  files += 1;
  return join(folder, `${files}-${name}`);
};

describe('client.components.forEachRow', () => {
  it('calls the function for each row, one after the other, with its number, and gives what it returned', async () => {
    await using client = newClient();
    const calls: unknown[] = [];
    let running = 0;
    const progress: Progress[] = [];
    const report = await client.components.forEachRow(
      new Set(['a', 'b', 'c']),
      async (row, number) => {
        running += 1;
        calls.push([row, number, running]);
        await new Promise(setImmediate);
        running -= 1;
        return `${row}${number}`;
      },
      { onProgress: (one) => progress.push(one) },
    );
    expect(calls).toEqual([
      ['a', 1, 1],
      ['b', 2, 1],
      ['c', 3, 1],
    ]);
    expect(report).toEqual({
      rows: ['a1', 'b2', 'c3'].map((value, index) => ({ row: index + 1, status: 'done', value })),
      ...{ done: 3, skipped: 0, failed: 0, unknown: 0 },
    });
    expect(progress).toEqual([1, 2, 3].map((done) => ({ done, total: 3, failed: 0 })));
  });

  it('works on as many rows at once as concurrency says', async () => {
    await using client = newClient();
    let running = 0;
    let most = 0;
    await client.components.forEachRow(
      Array.from({ length: 10 }),
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
      },
      { concurrency: 4 },
    );
    expect(most).toBe(4);
  });

  it('throws PartFailed after all rows, gives a report, or stops, as errors says', async () => {
    await using client = newClient();
    const done: string[] = [];
    const work = (row: string): void => {
      if (row === 'b') throw new TypeError('no b');
      done.push(row);
    };
    const rows = ['a', 'b', 'c'];
    const error = await client.components.forEachRow(rows, work).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(PartFailed);
    expect(error.summary).toBe('client.components.forEachRow: 1 of 3 rows failed: row 2: no b');
    expect(error.failed).toMatchObject([{ id: 'row 2', error: { message: 'no b' } }]);
    expect(error.failed[0].error).toBeInstanceOf(ITkDBException);
    expect(error.failed[0].error.cause).toBeInstanceOf(TypeError);
    expect(done).toEqual(['a', 'c']);
    const report = await client.components.forEachRow(rows, work, { errors: 'collect' });
    expect(report.rows.map(({ status }) => status)).toEqual(['done', 'failed', 'done']);
    done.length = 0;
    await expect(client.components.forEachRow(rows, work, { errors: 'stop' })).rejects.toThrow('no b');
    expect(done).toEqual(['a']);
  });

  it('ends with what every further row would meet too, and with the signal', async () => {
    await using client = newClient();
    pdb.fault({ on: 'getComponent', status: 403, times: Infinity });
    const { serialNumber } = pdb.dataset.components[0] as { serialNumber: string };
    const rows = Array(5).fill(serialNumber) as string[];
    await expect(
      client.components.forEachRow(rows, (row) => client.components.addFlag(row, 'CHROMIC'), {
        errors: 'collect',
      }),
    ).rejects.toBeInstanceOf(Forbidden);
    expect(pdb.count('getComponent')).toBe(1);
    const stop = new AbortController();
    const seen: number[] = [];
    const work = client.components.forEachRow(
      rows,
      (_, number) => {
        seen.push(number);
        if (number === 2) stop.abort(new Error('enough'));
      },
      { signal: stop.signal },
    );
    await expect(work).rejects.toBeInstanceOf(Aborted);
    expect(seen).toEqual([1, 2]);
  });

  it('leaves out what the journal says is done, and repeats what failed', async () => {
    await using client = newClient();
    const journal = newFile();
    const calls: string[] = [];
    let isBroken = true;
    const work = (row: { name: string }): void => {
      calls.push(row.name);
      if (isBroken && row.name === 'b') throw new Error('no b');
    };
    const rows = ['a', 'b', 'c', 'a'].map((name) => ({ name }));
    await client.components.forEachRow(rows, work, { journal, errors: 'collect' });
    isBroken = false;
    const report = await client.components.forEachRow([...rows, { name: 'd' }], work, { journal });
    expect(report.rows.map(({ status }) => status)).toEqual([
      'skipped',
      'done',
      'skipped',
      'skipped',
      'done',
    ]);
    expect(report).toMatchObject({ done: 2, skipped: 3 });
    expect(calls).toEqual(['a', 'b', 'c', 'a', 'b', 'd']);
  });

  it('does not repeat a row that was being worked on when the process ended', async () => {
    await using client = newClient();
    const journal = newFile();
    const copy = newFile();
    await client.components.forEachRow(
      ['a', 'b'],
      async (row) => {
        // What a killed process leaves.
        if (row === 'b') await writeFile(copy, await readFile(journal));
      },
      { journal },
    );
    const calls: string[] = [];
    const report = await client.components.forEachRow(['a', 'b'], (row) => calls.push(row), {
      ...{ journal: copy, errors: 'collect' },
    });
    expect(report.rows).toMatchObject([{ status: 'skipped' }, { status: 'unknown' }]);
    expect(report.rows[1]?.error?.message).toContain(`delete line 4 of ${copy}`);
    expect(calls).toEqual([]);
    const lines = (await readFile(copy, 'utf8')).split('\n');
    await writeFile(copy, lines.toSpliced(3, 1).join('\n'));
    await client.components.forEachRow(['a', 'b'], (row) => calls.push(row), { journal: copy });
    expect(calls).toEqual(['b']);
  });

  it('keeps as unknown a row of which it is unknown whether it was written', async () => {
    await using client = newClient();
    const journal = newFile();
    const { serialNumber } = pdb.dataset.components[0] as { serialNumber: string };
    pdb.fault({ on: 'createComponentComment', status: 503 });
    const comment = (): Promise<unknown> =>
      client.components.forEachRow([serialNumber], (row) => client.components.comment(row, 'x'), {
        ...{ journal, errors: 'collect' },
      });
    expect(await comment()).toMatchObject({ unknown: 1, rows: [{ error: expect.any(IncompleteWrite) }] });
    expect(await comment()).toMatchObject({ unknown: 1 });
    expect(pdb.count('createComponentComment')).toBe(1);
  });

  it('refuses a journal that is in use, but not that of a process that was killed', async () => {
    await using client = newClient();
    const journal = newFile();
    let calls = 0;
    const work = async (): Promise<void> => {
      calls += 1;
      const again = client.components.forEachRow(['a'], work, { journal });
      await expect(again).rejects.toThrow(`the journal ${journal} is in use`);
    };
    await client.components.forEachRow(['a'], work, { journal });
    expect(calls).toBe(1);
    await expect(readFile(`${journal}.lock`)).rejects.toThrow('ENOENT');
    // No process has this number.
    await writeFile(`${journal}.lock`, `4194305 ${hostname()}`);
    await client.components.forEachRow(['a', 'b'], () => {}, { journal });
    await writeFile(`${journal}.lock`, `4194305 another-computer`);
    const elsewhere = client.components.forEachRow(['a'], () => {}, { journal });
    await expect(elsewhere).rejects.toThrow(`If none does, delete ${journal}.lock`);
  });

  it('refuses rows for a journal that cannot be JSON, and keeps no secret in it', async () => {
    await using client = newClient();
    const journal = newFile();
    await expect(client.components.forEachRow(['a', { n: 1n }], () => {}, { journal })).rejects.toThrow(
      'client.components.forEachRow: row 2 cannot be kept in a journal',
    );
    const fail = (): never => {
      throw new Error('PUT /file?authz=zteos64:abcdefgh failed');
    };
    await client.components.forEachRow(['a'], fail, { journal, errors: 'collect' });
    const kept = await readFile(journal, 'utf8');
    expect(kept).toContain('PUT /file');
    expect(kept).not.toContain('abcdefgh');
  });

  it('refuses what is no list, no function and no option, and writes no journal in a plan', async () => {
    await using client = newClient();
    await expect(client.components.forEachRow(5 as never, () => 1)).rejects.toThrow(
      'the rows must be a list',
    );
    await expect(client.components.forEachRow([], 5 as never)).rejects.toThrow('must be a function');
    await expect(client.components.forEachRow([], () => 1, { jurnal: 'x' } as never)).rejects.toThrow(
      'is it `journal`?',
    );
    const journal = newFile();
    const { serialNumber } = pdb.dataset.components[0] as { serialNumber: string };
    const { requests } = await client.plan((c) =>
      c.components.forEachRow([serialNumber], (row) => c.components.comment(row, 'x'), { journal }),
    );
    expect(requests).toMatchObject([{ command: 'createComponentComment' }]);
    await expect(readFile(journal)).rejects.toThrow('ENOENT');
  });
});

describe('readCsv and parseCsv', () => {
  it('read what spreadsheets write: commas, semicolons, tabs, CRLF, a byte order mark, quotes, empty lines', async () => {
    const rows = [
      { serialNumber: '20USBSL0000001', note: 'a, "b"; c' },
      { serialNumber: '20USBSL0000002', note: 'two\nlines' },
      { serialNumber: '20USBSL0000003', note: '' },
    ];
    for (const delimiter of [',', ';', '\t'])
      for (const end of ['\n', '\r\n'])
        for (const mark of ['', '\ufeff']) {
          const lines = [
            `serialNumber${delimiter} note `,
            `20USBSL0000001${delimiter}"a, ""b""; c"`,
            '',
            `20USBSL0000002${delimiter}"two\nlines"`,
            ` 20USBSL0000003 ${delimiter}`,
            delimiter,
          ];
          const text = mark + lines.join(end) + end;
          expect(await parseCsv(text)).toEqual(rows);
          const path = newFile('x.csv');
          await writeFile(path, text);
          expect(await readCsv(path)).toEqual(rows);
        }
    expect(await parseCsv(toCsv(rows))).toEqual(rows);
    expect(await parseCsv('a,b\n')).toEqual([]);
    expect(await parseCsv('')).toEqual([]);
    expect(await parseCsv('serialNumber\n20USBSL0000001\n')).toEqual([{ serialNumber: '20USBSL0000001' }]);
    expect(await parseCsv('"a;b",c\n1,2\n')).toEqual([{ 'a;b': '1', c: '2' }]);
  });

  it('refuse lines with too few or too many values, with the number of the line', async () => {
    const cases = [
      ['a,b\n1,2\n3\n', 'line 3 has 1 values; the first line has 2 names of columns'],
      ['a,b\n"1\n1",2\n3,4,5\n', 'line 4 has 3 values; the first line has 2 names of columns'],
      ['a,b\n1,"2\n3,4\n', 'a quotation mark is opened in line'],
      ['a,b\n1,2"x"\n', 'line 2: '],
      ['a,,c\n1,2,3\n', 'column 2 has no name in the first line'],
      ['a,b,a\n1,2,3\n', 'two columns have the name a'],
    ] as const;
    for (const [text, fault] of cases) {
      const error = await parseCsv(text).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(InvalidInvocation);
      expect(error.message).toContain(`parseCsv: ${fault}`);
    }
    const path = newFile('x.csv');
    await writeFile(path, 'a,b\n1\n');
    await expect(readCsv(path)).rejects.toThrow(`readCsv: ${path}: line 2 has 1 values`);
  });

  it('refuse a file that cannot be read or is not in UTF-8', async () => {
    await expect(readCsv(newFile('none.csv'))).rejects.toThrow('cannot be read');
    await expect(readCsv('~/x.csv')).rejects.toThrow('without ~');
    await expect(parseCsv(5 as never)).rejects.toThrow('`text` must be');
    const path = newFile('latin.csv');
    for (const bytes of [Buffer.from('a\nµm\n', 'latin1'), Buffer.from('\ufeffa\nb\n', 'utf16le')]) {
      await writeFile(path, bytes);
      await expect(readCsv(path)).rejects.toThrow('is not in UTF-8; in Excel, save it as "CSV UTF-8');
    }
  });

  it('give rows that client.components.registerMany registers', async () => {
    await using client = newClient();
    const path = newFile('sensors.csv');
    const lines = [
      'project;subproject;institution;componentType;type;serialNumber;LOCALNAME;properties.ORDER;comments',
      'S;SB;CERN;SENSOR;ATLAS18LS;20USBSL9200001;A;5;first',
      'S;SB;CERN;SENSOR;ATLAS18LS;20USBSL9200002;;;',
    ];
    await writeFile(path, `\ufeff${lines.join('\r\n')}\r\n`);
    const { rows, registered } = await client.components.registerMany(await readCsv(path));
    expect(registered).toBe(2);
    const component = await client.components.get('20USBSL9200001');
    expect([property(component, 'LOCALNAME'), property(component, 'ORDER')]).toEqual(['A', 5]);
    expect(component.comments).toMatchObject([{ comment: 'first' }]);
    expect(toCsv(rows, ['row', 'status', 'serialNumber', 'reason'])).toBe(
      'row,status,serialNumber,reason\r\n1,registered,20USBSL9200001,\r\n2,registered,20USBSL9200002,\r\n',
    );
  });
});
