import { describe, expectTypeOf, it } from 'vitest';
import type {
  BinaryFile,
  BulkComponent,
  BulkPromise,
  Client,
  ComponentObject,
  FullComponent,
  FullListedComponent,
  Institution,
  ListedComponent,
  MergedList,
  Page,
  PagePromise,
  TestRunSample,
} from '../../src/index.js';

declare const client: Client;

describe('the types of a Client', () => {
  it('give the result of a command', () => {
    const result = client.get('getComponent', { data: { component: 'x' } });
    expectTypeOf<Awaited<typeof result>>().toEqualTypeOf<Omit<FullComponent, 'uuAppErrorMap'>>();
    expectTypeOf<Awaited<typeof result>['serialNumber']>().toEqualTypeOf<string | null>();
    const light = client.get('getComponent', { json: { component: 'x', outputType: 'object' } });
    expectTypeOf<Awaited<typeof light>['project']>().toEqualTypeOf<ComponentObject['project']>();
  });

  it('give a page for a list, and the items of the output type', () => {
    const page = client.get('listComponents', { data: { filterMap: {} } });
    expectTypeOf<Awaited<typeof page>>().toEqualTypeOf<Page<ListedComponent>>();
    const list = client.list('listComponents', { filterMap: {}, outputType: 'full' });
    expectTypeOf(list).toEqualTypeOf<PagePromise<FullListedComponent>>();
    expectTypeOf(client.list('listComponents', { project: 'S' })).toEqualTypeOf<
      PagePromise<ListedComponent>
    >();
    expectTypeOf(client.list('listInstitutions')).toEqualTypeOf<PagePromise<Institution>>();
    const institutions = client.get('listInstitutions');
    expectTypeOf<Awaited<typeof institutions>>().toEqualTypeOf<Page<Institution>>();
  });

  it('give a list, a sample or a file', () => {
    const bulk = client.get('getComponentBulk', { data: { component: ['x'] } });
    expectTypeOf<Awaited<typeof bulk>>().toEqualTypeOf<BulkComponent[]>();
    const input = { project: 'S', componentType: 'MODULE', code: 'X' };
    const sample = client.get('generateTestTypeDtoSample', { data: input });
    expectTypeOf<Awaited<typeof sample>>().toEqualTypeOf<TestRunSample['dtoSample']>();
    const file = client.get('getComponentAttachment', { data: { component: 'x', code: 'y' } });
    expectTypeOf<Awaited<typeof file>>().toEqualTypeOf<BinaryFile>();
  });

  it('leave unknown commands unknown, unless the caller says the type', () => {
    const result = client.get('getThing', { data: 3 });
    expectTypeOf<Awaited<typeof result>>().toEqualTypeOf<unknown>();
    const mine = client.get<{ a: number }>('getThing');
    expectTypeOf<Awaited<typeof mine>>().toEqualTypeOf<{ a: number }>();
    expectTypeOf(client.list<{ a: number }>('listThings')).toEqualTypeOf<PagePromise<{ a: number }>>();
  });

  it('refuse a wrong input', () => {
    // @ts-expect-error the key has another name
    client.get('getComponent', { data: { serialNumber: 'x' } });
    // @ts-expect-error the input goes into `data`
    client.get('getComponent', { component: 'x' });
    // @ts-expect-error the run number is a text
    client.post('uploadTestRunResults', { component: 'x', testType: 'X', institution: 'X', runNumber: 1 });
    // @ts-expect-error `getComponent` is not a list
    client.list('getComponent', { component: 'x' });
    // @ts-expect-error how the response is read is not for the caller to say
    client.get('getThing', { responseType: 'stream' });
  });
});

describe('the types of client.components', () => {
  it('follow `outputType` of getMany', () => {
    const whole = client.components.getMany(['x']);
    expectTypeOf(whole).toEqualTypeOf<BulkPromise<BulkComponent>>();
    expectTypeOf<Awaited<typeof whole>['items']>().toEqualTypeOf<BulkComponent[]>();
    expectTypeOf(client.components.getMany(['x'], { outputType: 'full' })).toEqualTypeOf(whole);
    const objects = client.components.getMany(['x'], { outputType: 'object', chunkSize: 50 });
    expectTypeOf(objects).toEqualTypeOf<BulkPromise<ComponentObject>>();
    const either = client.components.getMany(['x'], { outputType: 'full' as 'full' | 'object' });
    expectTypeOf(either).toEqualTypeOf<BulkPromise<BulkComponent | ComponentObject>>();
    // @ts-expect-error there is no such output type
    client.components.getMany(['x'], { outputType: 'fulll' });
  });

  it('make a list of a filter, and a merged one of a site', () => {
    expectTypeOf(client.components.list({ project: 'S' })).toEqualTypeOf<PagePromise<ListedComponent>>();
    const full = client.components.list({ project: 'S' }, { outputType: 'full' });
    expectTypeOf(full).toEqualTypeOf<PagePromise<FullListedComponent>>();
    expectTypeOf(client.components.list({ site: 'X' })).toEqualTypeOf<MergedList<ListedComponent>>();
    // @ts-expect-error a merged list does not know how many items it has
    client.components.list({ site: 'X' }).total;
    // @ts-expect-error a site is the institution and the place
    client.components.list({ site: 'X', institute: 'Y' });
    // @ts-expect-error there is no such key
    client.components.list({ componentTyp: 'MODULE' });
  });
});
