import { describe, expectTypeOf, it } from 'vitest';
import {
  type Client,
  Component,
  type ComponentData,
  type DuplicateTestRuns,
  type FullComponent,
  type InstitutionRecord,
  type LightTestRun,
  type ListedComponent,
  makeInstitution,
  property,
  type Row,
  result,
  type Shipment,
  type TestRun,
  toCsv,
  toRows,
  webUrl,
} from '../../src/index.js';

declare const client: Client;
declare const full: FullComponent;
declare const listed: ListedComponent;
declare const run: TestRun;
declare const light: LightTestRun;

describe('the types of the models', () => {
  it('leave a value unknown, unless the caller says its type', () => {
    expectTypeOf(property(full, 'LOCALNAME')).toBeUnknown();
    expectTypeOf(property<string>(full, 'LOCALNAME')).toEqualTypeOf<string | null | undefined>();
    expectTypeOf(result<number>(run, 'VBD')).toEqualTypeOf<number | null | undefined>();
    property(listed, 'LOCALNAME');
    property(run, 'OPERATOR');
    property(full.children?.[0] ?? {}, 'POSITION');
  });

  it('refuse a test run that has no results, and a component', () => {
    // @ts-expect-error a test run of a list has no results
    result(light, 'VBD');
    // @ts-expect-error nor has a component
    result(full, 'VBD');
    // @ts-expect-error a test run of a list has no properties
    property(light, 'OPERATOR');
  });

  it('give rows, and text of them', () => {
    expectTypeOf(toRows([full, run, listed, light], { explode: ['VOLTAGE'] })).toEqualTypeOf<Row[]>();
    expectTypeOf(toCsv(toRows([]))).toBeString();
    // @ts-expect-error the codes are a list
    toRows([run], { explode: 'VOLTAGE' });
  });

  it('give a page to components and test runs alone', async () => {
    expectTypeOf(webUrl(full)).toBeString();
    webUrl(listed);
    webUrl(run);
    webUrl(light);
    webUrl(await client.post('uploadTestRunResults', {} as never));
    webUrl(await client.post('registerComponent', {} as never));
    // @ts-expect-error a shipment has none that we know
    webUrl({} as Shipment);
  });

  it('take a component of any command that gives it with its children, or without', async () => {
    const component = new Component(client, await client.get('getComponent', { data: { component: 'x' } }));
    new Component(client, listed);
    for (const one of await client.get('getComponentBulk', { data: { component: ['x'] } }))
      new Component(client, one);
    expectTypeOf(component.data).toEqualTypeOf<ComponentData>();
    expectTypeOf(component.children).toEqualTypeOf<readonly Component[]>();
    expectTypeOf(component.walk()).toEqualTypeOf<AsyncGenerator<Component, void, undefined>>();
    // @ts-expect-error it is an option
    component.walk(false);
  });

  it('give an institution with all of its keys', () => {
    expectTypeOf(makeInstitution({})).toEqualTypeOf<InstitutionRecord>();
    expectTypeOf<DuplicateTestRuns['ids']>().toEqualTypeOf<readonly string[]>();
  });

  it('allow `allowDuplicate` for `post` alone', () => {
    client.post('uploadTestRunResults', {} as never, { allowDuplicate: false });
    // @ts-expect-error no other method has it
    client.put('x', {}, { allowDuplicate: false });
    // @ts-expect-error it is a boolean
    client.post('x', {}, { allowDuplicate: 0 });
  });
});
