import { describe, expectTypeOf, it } from 'vitest';
import {
  type AssembledSlot,
  type BulkComponent,
  type Client,
  type Component,
  type ComponentObject,
  type FullComponent,
  parseSerialNumber,
  type RegisterReport,
  type RowsReport,
  readCsv,
  type SerialNumberParts,
  toCsv,
} from '../../src/index.js';

declare const client: Client;
declare const component: FullComponent;

describe('client.components', () => {
  it('has types for what its methods return', () => {
    const { components } = client;
    expectTypeOf(components.get('x')).resolves.toExtend<Omit<FullComponent, never>>();
    expectTypeOf(components.get('x', { outputType: 'object' })).resolves.toExtend<ComponentObject>();
    expectTypeOf(components.find('x')).resolves.toExtend<FullComponent | undefined>();
    expectTypeOf(components.find('x')).resolves.extract<undefined>().toEqualTypeOf<undefined>();
    expectTypeOf(components.parents(component)).resolves.toEqualTypeOf<BulkComponent[]>();
    expectTypeOf(components.ancestors('x')).resolves.toEqualTypeOf<BulkComponent[]>();
    expectTypeOf(components.tree('x')).resolves.toEqualTypeOf<Component>();
    expectTypeOf(components.assemble('x', component)).resolves.toEqualTypeOf<AssembledSlot>();
    expectTypeOf(components.setStage('x', 'BONDED')).resolves.toBeVoid();
    expectTypeOf(components.forEachRow(['a'], (row) => row.length)).resolves.toEqualTypeOf<
      RowsReport<number>
    >();
    expectTypeOf(parseSerialNumber('x')).toEqualTypeOf<SerialNumberParts>();
  });

  it('takes the rows of readCsv, and gives rows for toCsv', async () => {
    const report = await client.components.registerMany(await readCsv('x.csv'), { key: 'LOCALNAME' });
    expectTypeOf(report).toEqualTypeOf<RegisterReport>();
    expectTypeOf(toCsv(report.rows)).toBeString();
    await client.components.forEachRow(await readCsv('x.csv'), (row) =>
      client.components.setStage(row['a'] ?? '', 'x'),
    );
  });

  it('refuses wrong inputs and options', () => {
    const { components } = client;
    // @ts-expect-error an institution is required
    components.register({ project: 'S', subproject: 'SB', componentType: 'MODULE' });
    // @ts-expect-error there is no such output type
    components.get('x', { outputType: 'light' });
    // @ts-expect-error the id of a slot is a text
    components.assemble('x', 'y', { slot: 3 });
    // @ts-expect-error what a write reads never comes from the cache
    components.setStage('x', 'y', { cache: false });
    // @ts-expect-error a component must be named
    components.setStage(undefined, 'y');
  });
});
