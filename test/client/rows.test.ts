import { afterAll, describe, expect, it } from 'vitest';
import {
  Client,
  InvalidInvocation,
  type LightTestRun,
  property,
  type Row,
  result,
  toCsv,
  toRows,
  User,
  webUrl,
} from '../../src/index.js';
import { startPdb } from '../../src/testing/index.js';

const pdb = await startPdb({ components: 300 });
const client = new Client({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache: false });
afterAll(() => Promise.all([client.close(), pdb.close()]));

const filterMap = { project: 'S', componentType: 'MODULE' };
const listed = (await client.list('listComponents', { filterMap })).data;
const full = (await client.list('listComponents', { filterMap, outputType: 'full' }, { limit: 5 })).data;
const serialNumber = listed[0]?.serialNumber as string;
const whole = await client.get('getComponent', { data: { component: serialNumber } });
const light = await client.list('listTestRunsByComponent', {
  filterMap: { serialNumber, testType: ['MODULE_IV_PS_V1'] },
});
const runs = await client.get('getTestRunBulk', { data: { testRun: light.data.map(({ id }) => id) } });
const [run] = runs as [(typeof runs)[number]];

const value = (code: string, value: unknown) => ({ code, value });

describe('property', () => {
  it('finds the value of a property by its code', () => {
    const expected = whole.properties?.find(({ code }) => code === 'LOCALNAME')?.value;
    expect(property(whole, 'LOCALNAME')).toBe(expected);
    expect(property<string>(whole, 'LOCALNAME')?.length).toBeGreaterThan(5);
    expect(property(full[0] ?? {}, 'LOCALNAME')).toEqual(expect.any(String));
    expect(property(run, 'OPERATOR')).toBe('Alex Example');
  });

  it('is null where the property is not set, and undefined where there is none with this code', () => {
    const component = {
      properties: [value('A', null), { code: 'B' } as never, value('C', 0), value('D', '')],
    };
    expect(['A', 'B', 'C', 'D', 'E'].map((code) => property(component, code))).toEqual([
      ...[null, null, 0, ''],
      undefined,
    ]);
  });

  it('is undefined where the component as a whole has no properties', () => {
    expect(property({ ...whole, properties: null }, 'LOCALNAME')).toBeUndefined();
    expect(property({ ...full[0], properties: null }, 'LOCALNAME')).toBeUndefined();
    expect(property({ ...run, properties: null }, 'OPERATOR')).toBeUndefined();
    expect(property({ ...whole.children?.[0], properties: null }, 'POSITION')).toBeUndefined();
  });

  it('throws for a component or a test run that was listed without properties', () => {
    expect(() => property(listed[0] ?? {}, 'LOCALNAME')).toThrow(InvalidInvocation);
    expect(() => property(listed[0] ?? {}, 'LOCALNAME')).toThrow(
      `property: ${serialNumber} comes from a list, without its properties: list with \`outputType: 'full'\`, or read it with getComponent or getComponentBulk`,
    );
    const { properties: _, ...component } = listed[0] ?? {};
    expect(() => property(component as never, 'LOCALNAME')).toThrow("`outputType: 'full'`");
    expect(() => property(light.data[0] as never, 'OPERATOR')).toThrow(
      'read it with client.testRuns.getMany, or getTestRun',
    );
    expect(() => property(undefined as never, 'A')).toThrow('must be a component or a test run');
  });
});

describe('result', () => {
  it('finds a result by its code', () => {
    expect(result<number>(run, 'TEMPERATURE')).toEqual(expect.any(Number));
    expect(result<number[]>(run, 'VOLTAGE')).toHaveLength(71);
    expect(result(run, 'NO_SUCH_RESULT')).toBeUndefined();
    expect(result({ results: [value('IMAGE', null)] }, 'IMAGE')).toBeNull();
    expect(result({ results: null }, 'VBD')).toBeUndefined();
  });

  it('throws for a test run of a list, which has no results', () => {
    const [first] = light.data as [LightTestRun];
    expect(() => result(first as never, 'VBD')).toThrow(
      `result: the test run ${first.id} comes from a list, without properties and results: read it with client.testRuns.getMany, or getTestRun`,
    );
    expect(() => result(whole.tests?.[0]?.testRuns[0] as never, 'VBD')).toThrow('client.testRuns.getMany');
    expect(() => result(null as never, 'VBD')).toThrow('must be a test run');
  });
});

describe('toRows', () => {
  it('shows references by code, users by identity, and the members of other objects', () => {
    const [row] = toRows(full) as [Row];
    expect(row).toMatchObject({
      project: 'S',
      institution: full[0]?.institution.code,
      componentType: 'MODULE',
      type: full[0]?.type?.code,
      currentStage: full[0]?.currentStage?.code,
      'sys.rev': full[0]?.sys.rev,
      LOCALNAME: property(full[0] ?? {}, 'LOCALNAME'),
    });
    expect(Object.values(row).every((cell) => cell === null || typeof cell !== 'object')).toBe(true);
    expect(row).not.toHaveProperty('children');
    expect(toRows([whole])[0]).toMatchObject({ user: '1234-567-1', flags: null });
    expect(toRows([{ ...whole, flags: [{ code: 'A' }, { code: 'B' }] }])[0]).toMatchObject({ flags: 'A, B' });
  });

  it('shows the component of a test run by its serial number', () => {
    expect(toRows([run])[0]).toMatchObject({ component: serialNumber, testType: 'MODULE_IV_PS_V1' });
    const two = [
      { serialNumber: null, code: 'c' },
      { serialNumber: 'S', code: 'd' },
    ];
    expect(toRows([{ ...run, components: two }])[0]).toMatchObject({ component: 'c, S' });
  });

  it('has the same columns in the same order in all rows: fields, properties, results', () => {
    const rows = toRows([
      { id: '1', results: [value('R', 1)], properties: [value('Q', 2)] },
      { state: 'ready', id: '2', properties: [value('P', 3), value('Q', null)], results: null },
    ]);
    expect(rows.map((row) => Object.entries(row))).toEqual([
      [
        ['id', '1'],
        ['state', null],
        ['Q', 2],
        ['P', null],
        ['R', 1],
      ],
      [
        ['id', '2'],
        ['state', 'ready'],
        ['Q', null],
        ['P', 3],
        ['R', null],
      ],
    ]);
    expect(toRows(new Set([{ a: undefined }]))).toEqual([{ a: null }]);
    expect(toRows([])).toEqual([]);
  });

  it('keeps a property or a result apart that has the name of another column', () => {
    const items = [
      { id: 1, state: 'ready', properties: [value('TEMP', 20)], results: [] },
      { id: 2, properties: [value('state', 'x')], results: [value('TEMP', 21), value('id', 3)] },
    ];
    expect(toRows(items)).toEqual([
      { id: 1, state: 'ready', TEMP: 20, 'properties.state': null, 'results.TEMP': null, 'results.id': null },
      { id: 2, state: null, TEMP: null, 'properties.state': 'x', 'results.TEMP': 21, 'results.id': 3 },
    ]);
  });

  it('makes a row for each element of the lists in `explode`', () => {
    const rows = toRows(runs, { explode: ['VOLTAGE', 'CURRENT'] });
    expect(rows).toHaveLength(71 * runs.length);
    const currents = result<number[]>(run, 'CURRENT') ?? [];
    expect(rows[70]).toMatchObject({
      id: run.id,
      TEMPERATURE: result(run, 'TEMPERATURE'),
      VOLTAGE: -700,
      CURRENT: currents[70],
    });
    expect(rows[71]?.['id']).toBe(runs[1]?.id);
  });

  it('fills up shorter lists of `explode` with null, and repeats what is not a list', () => {
    const results = [
      value('V', [1, 2]),
      value('I', [5]),
      value('T', 20),
      value('N', null),
      value('KEPT', [7, 8]),
    ];
    expect(toRows([{ results }], { explode: ['V', 'I', 'T', 'N'] })).toEqual([
      { V: 1, I: 5, T: 20, N: null, KEPT: [7, 8] },
      { V: 2, I: null, T: 20, N: null, KEPT: [7, 8] },
    ]);
  });

  it('keeps an item in one row whose lists of `explode` are empty or missing', () => {
    const items = [
      { id: 1, results: [value('V', [])] },
      { id: 2, results: [] },
    ];
    expect(toRows(items, { explode: ['V'] })).toEqual([
      { id: 1, V: null },
      { id: 2, V: null },
    ]);
  });

  it('explodes an object of lists into a column for each list', () => {
    const results = [value('IV_ARRAY', { voltage: [0, 5], current: [1, 2], unit: 'uA' })];
    expect(toRows([{ id: 1, results }])).toEqual([{ id: 1, IV_ARRAY: results[0]?.value }]);
    expect(toRows([{ id: 1, results }], { explode: ['IV_ARRAY'] })).toEqual([
      { id: 1, 'IV_ARRAY.voltage': 0, 'IV_ARRAY.current': 1, 'IV_ARRAY.unit': 'uA' },
      { id: 1, 'IV_ARRAY.voltage': 5, 'IV_ARRAY.current': 2, 'IV_ARRAY.unit': 'uA' },
    ]);
  });

  it('has the `columns` that are asked for, in their order', () => {
    const rows = toRows(full, { columns: ['LOCALNAME', 'serialNumber', 'NOT_THERE'] });
    expect(Object.entries(rows[0] ?? {})).toEqual([
      ['LOCALNAME', property(full[0] ?? {}, 'LOCALNAME')],
      ['serialNumber', full[0]?.serialNumber],
      ['NOT_THERE', null],
    ]);
  });

  it('throws where a record of a list lacks the properties or results that are asked for', () => {
    expect(toRows(listed, { columns: ['serialNumber', 'currentStage'] })).toHaveLength(listed.length);
    expect(() => toRows(listed, { columns: ['LOCALNAME'] })).toThrow(InvalidInvocation);
    expect(() => toRows(listed, { columns: ['LOCALNAME'] })).toThrow(
      /no item has the column `LOCALNAME`.* `outputType: 'full'`.*\nThe columns are `id`, /,
    );
    expect(() => toRows(light.data, { explode: ['VOLTAGE'] })).toThrow('client.testRuns.getMany');
  });

  it('leaves out columns of lists that are null because they were not asked for', () => {
    expect(toRows(listed)[0]).not.toHaveProperty('properties');
    expect(toRows(listed)[0]).not.toHaveProperty('stages');
  });

  it('refuses wrong arguments by name', () => {
    expect(() => toRows([3] as never)).toThrow('toRows: each item must be an object');
    expect(() => toRows([], { explode: 'VOLTAGE' } as never)).toThrow('`explode` must be a list of codes');
    expect(() => toRows([], { colums: [] } as never)).toThrow('there is no option `colums`');
  });
});

describe('toRows of what is no array', () => {
  it('says how to get one', () => {
    expect(() => toRows(new Map([[1, 2]]).size as never)).toThrow('`page.data`');
    expect(() => toRows({} as never)).toThrow('`await list.toArray()`');
  });
});

describe('toCsv', () => {
  it('writes a line for the columns and one for each row, as RFC 4180 says', () => {
    const rows = [
      { name: 'a,b', text: 'say "hi"', n: 1.5, flag: true, none: null },
      { name: 'two\nlines', text: ' kept ', n: -0, flag: false, none: undefined, 'new, one': 'é' },
    ];
    expect(toCsv(rows)).toBe(
      [
        'name,text,n,flag,none,"new, one"',
        '"a,b","say ""hi""",1.5,true,,',
        '"two\nlines", kept ,0,false,,é',
        '',
      ].join('\r\n'),
    );
  });

  it('writes lists and objects as JSON, and dates as ISO 8601 texts', () => {
    const rows = [{ list: [1, 'a'], object: { a: 1 }, date: new Date(0), wrong: new Date(Number.NaN) }];
    expect(toCsv(rows)).toBe(
      'list,object,date,wrong\r\n"[1,""a""]","{""a"":1}",1970-01-01T00:00:00.000Z,\r\n',
    );
  });

  it('writes no empty line, which readers would skip', () => {
    expect(toCsv([{ a: null }, { a: 1 }])).toBe('a\r\n""\r\n1\r\n');
    expect(toCsv([])).toBe('');
    expect(toCsv([], ['a', 'b'])).toBe('a,b\r\n');
    expect(toCsv([{ a: 1, b: 2 }], ['b', 'c'])).toBe('b,c\r\n2,\r\n');
    expect(() => toCsv([], 'ab' as never)).toThrow('`columns` must be a list');
    expect(() => toCsv([[1]] as never)).toThrow('toCsv: each row must be an object');
  });

  it('writes the modules of a site', async () => {
    const modules = client.list('listComponents', { filterMap: { ...filterMap, currentLocation: ['CERN'] } });
    const lines = toCsv(toRows(await modules.toArray(), { columns: ['serialNumber', 'currentStage'] })).split(
      '\r\n',
    );
    expect(lines[0]).toBe('serialNumber,currentStage');
    expect(lines.length - 2).toBe((await modules).total);
    expect(lines[1]).toMatch(/^20USBM[LS]\d{7},[A-Z_]+$/);
  });
});

describe('webUrl', () => {
  const site = 'https://itkpd.unicornuniversity.net';

  it('is the page of a component, by its code', () => {
    expect(webUrl(whole)).toBe(`${site}/componentView?code=${whole.code}`);
    expect(webUrl(listed[0] as (typeof listed)[number])).toBe(
      `${site}/componentView?code=${listed[0]?.code}`,
    );
  });

  it('is the page of a test run, by its id', () => {
    expect(webUrl(run)).toBe(`${site}/testRunView?id=${run.id}`);
    const [first] = light.data as [LightTestRun];
    expect(webUrl(first)).toBe(`${site}/testRunView?id=${first.id}`);
  });

  it('takes what an upload or a registration returned', () => {
    const { id } = run;
    expect(webUrl({ testRun: { id } })).toBe(`${site}/testRunView?id=${id}`);
    expect(webUrl({ component: { code: whole.code } })).toBe(`${site}/componentView?code=${whole.code}`);
  });

  it('takes another site', () => {
    expect(webUrl(run, client.session.prefixUrl)).toBe(`${pdb.apiUrl}testRunView?id=${run.id}`);
    expect(webUrl(run, new URL('https://host.example/pdb'))).toBe(
      `https://host.example/pdb/testRunView?id=${run.id}`,
    );
    expect(() => webUrl(run, 'host')).toThrow('`site` must be a URL');
  });

  it('refuses what has no page', () => {
    for (const record of [
      undefined,
      null,
      'x',
      {},
      { code: 'CERN' },
      { id: run.id },
      { passed: true, id: '../x' },
    ])
      expect(() => webUrl(record as never)).toThrow(InvalidInvocation);
  });
});
