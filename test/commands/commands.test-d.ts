import { describe, expectTypeOf, it } from 'vitest';
import type { COMMANDS } from '../../src/commands/catalogue.js';
import type { CommandInput, Commands, ResultTypes } from '../../src/commands/commands.js';
import type {
  BulkComponent,
  BulkResult,
  CommandResult,
  ComponentObject,
  FlatListResult,
  FullComponent,
  FullListedComponent,
  Institution,
  LightTestRun,
  ListedComponent,
  ListResult,
} from '../../src/commands/shapes.js';
import { unchecked } from '../../src/commands/unchecked.js';
import type { Session, SessionResponse } from '../../src/index.js';

declare const typed: Session;
const component = '20USBML1234567';

describe('a command that reads one record', () => {
  it('has the type of its result', () => {
    expectTypeOf(typed.get('getComponent', { data: { component } })).resolves.toEqualTypeOf<
      SessionResponse<FullComponent & CommandResult>
    >();
    expectTypeOf(typed.get('getComponent', { data: { component, outputType: 'full' } }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<FullComponent & CommandResult>();
  });

  it('has another type by `outputType`', () => {
    expectTypeOf(typed.get('getComponent', { data: { component, outputType: 'object' }, timeout: 1 }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<ComponentObject & CommandResult>();
  });

  it('has the type of `responseType`', () => {
    expectTypeOf(typed.get('getComponent', { data: { component }, responseType: 'text' }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<string>();
    expectTypeOf(
      typed.get('getComponentAttachment', { data: { component, code: 'x' }, responseType: 'arraybuffer' }),
    )
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<Buffer>();
    expectTypeOf(typed.get('getComponentAttachment', { data: { component, code: 'x' } }))
      .resolves.toHaveProperty('data')
      .toBeUnknown();
  });

  it('rejects a missing, a wrong and an unknown key', () => {
    // @ts-expect-error `component` is missing
    typed.get('getComponent', { data: {} });
    // @ts-expect-error `component` is a string
    typed.get('getComponent', { data: { component: 1 } });
    // @ts-expect-error there is no such key
    typed.get('getComponent', { data: { component, serialNumber: '' } });
    // @ts-expect-error there is no such output type
    typed.get('getComponent', { data: { component, outputType: 'light' } });
    // @ts-expect-error the input is missing
    typed.get('getComponent');
    // @ts-expect-error the input goes into `data`
    typed.get('getComponent', { component });
    // @ts-expect-error this command writes
    typed.get('setComponentStage', { data: { component, stage: 'BONDED' } });
  });
});

describe('a command that lists', () => {
  it('has a list and `pageInfo`', () => {
    const data = { filterMap: { project: 'S', componentType: ['MODULE'] } } as const;
    expectTypeOf(typed.get('listComponents', { data }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<ListResult<ListedComponent>>();
    expectTypeOf(typed.get('listComponents', { data: { ...data, outputType: 'full' } }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<ListResult<FullListedComponent>>();
    expectTypeOf(typed.get('listTestRunsByComponent', { data: { filterMap: { serialNumber: component } } }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<ListResult<LightTestRun>>();
  });

  it('has another key of the list without `filterMap`', () => {
    expectTypeOf(typed.get('listComponents', { data: { project: 'S', pageInfo: { pageSize: 10 } } }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<FlatListResult<ListedComponent>>();
  });

  it('has no `pageInfo` where it reads in bulk', () => {
    expectTypeOf(typed.get('getComponentBulk', { data: { component: [component] } }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<BulkResult<BulkComponent>>();
    expectTypeOf(typed.get('getComponentBulk', { data: { component: [component], outputType: 'object' } }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<BulkResult<ComponentObject>>();
  });

  it('needs no input where no key is required', () => {
    expectTypeOf(typed.get('listInstitutions'))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<FlatListResult<Institution>>();
    typed.get('listInstitutions', { timeout: 1000 });
    typed.get('listInstitutions', { data: { pageInfo: { pageIndex: 1 } } });
    // @ts-expect-error there is no such key
    typed.get('listInstitutions', { data: { page: 1 } });
  });

  it('rejects a missing, a wrong and an unknown key, in `filterMap` too', () => {
    // @ts-expect-error neither form of the input
    typed.get('listComponents', { data: {} });
    // @ts-expect-error `project` is text
    typed.get('listComponents', { data: { filterMap: { project: 1 } } });
    // @ts-expect-error there is no such key
    typed.get('listComponents', { data: { filterMap: { project: 'S', owner: 'CERN' } } });
    // @ts-expect-error `filterMap` is missing
    typed.get('listBatches', { data: { outputType: 'full' } });
  });
});

describe('a command that writes', () => {
  it('has its input as the body', () => {
    expectTypeOf(typed.post('setComponentStage', { component, stage: 'BONDED' }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<CommandResult>();
    expectTypeOf(typed.post('createBatch', { project: 'S', batchType: 'MODULE_BATCH', number: '1' }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<CommandResult>();
    typed.post('importTestType', { code: 'X', parameters: [] });
  });

  it('rejects a missing, a wrong and an unknown key', () => {
    // @ts-expect-error `stage` is missing
    typed.post('setComponentStage', { component });
    // @ts-expect-error `rework` is true or false
    typed.post('setComponentStage', { component, stage: 'BONDED', rework: 'no' });
    // @ts-expect-error there is no such key
    typed.post('setComponentStage', { component, stage: 'BONDED', reworked: true });
    // @ts-expect-error `data` is for GET
    typed.post('setComponentStage', { data: { component, stage: 'BONDED' } });
    // @ts-expect-error there is no such type of shipment
    typed.post('createShipment', { sender: 'A', recipient: 'B', type: 'air', shipmentItems: [] });
  });

  it('takes a form where it takes a file', () => {
    expectTypeOf(typed.post('createComponentAttachment', new FormData()))
      .resolves.toHaveProperty('data')
      .toHaveProperty('filename')
      .toBeString();
    // @ts-expect-error an object has no file
    typed.post('createComponentAttachment', { component });
  });
});

describe('an input', () => {
  it('may hold further keys by `unchecked`', () => {
    expectTypeOf(typed.get('getComponent', { data: unchecked({ component, newKey: 1 }) }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<FullComponent & CommandResult>();
    typed.post('setComponentStage', unchecked({ component, stage: 'BONDED', newKey: 1 }));
    typed.get('listComponents', { data: { filterMap: unchecked({ newKey: 1 }) } });
  });

  it('has the keys of the catalogue', () => {
    expectTypeOf<CommandInput<'assembleComponent'>>().toEqualTypeOf<{
      readonly parent: string;
      readonly child: string;
      readonly properties?: object | undefined;
    }>();
    expectTypeOf<CommandInput<'getTestRunBulk'>>().toEqualTypeOf<{ readonly testRun: readonly string[] }>();
  });
});

describe('a name that is not in the catalogue', () => {
  it('has a result that is unknown, or what the caller names', () => {
    expectTypeOf(typed.get('noSuchCommand', { data: { any: 1 } })).resolves.toEqualTypeOf<SessionResponse>();
    expectTypeOf(typed.get(new URL('https://itk.example/'))).resolves.toEqualTypeOf<SessionResponse>();
    expectTypeOf(typed.get(String(1))).resolves.toEqualTypeOf<SessionResponse>();
    expectTypeOf(typed.post('noSuchCommand', { any: 1 })).resolves.toEqualTypeOf<SessionResponse>();
    expectTypeOf(typed.get<number>('noSuchCommand')).resolves.toEqualTypeOf<SessionResponse<number>>();
    expectTypeOf(typed.get('noSuchCommand', { responseType: 'text' })).resolves.toEqualTypeOf<
      SessionResponse<string>
    >();
  });

  it('is also that of a command for which the caller names the type', () => {
    expectTypeOf(typed.get<number>('getComponent')).resolves.toEqualTypeOf<SessionResponse<number>>();
    expectTypeOf(typed.post<number>('setComponentStage', {})).resolves.toEqualTypeOf<
      SessionResponse<number>
    >();
  });

  it('is also that of a read that is sent by POST', () => {
    expectTypeOf(typed.post('listShipmentsByInstitution', {})).resolves.toEqualTypeOf<SessionResponse>();
  });
});

declare module '../../src/commands/commands.js' {
  interface Commands {
    listMyTools: { method: 'GET'; input: { project: string }; result: { tools: string[] } };
  }
}

describe('a command that was added by declaration merging', () => {
  it('has the types that it was given', () => {
    expectTypeOf(typed.get('listMyTools', { data: { project: 'S' } }))
      .resolves.toHaveProperty('data')
      .toEqualTypeOf<{ tools: string[] }>();
    // @ts-expect-error `project` is missing
    typed.get('listMyTools', { data: {} });
    // @ts-expect-error there is no such key
    typed.get('listMyTools', { data: { project: 'S', other: 1 } });
  });
});

type Catalogue = typeof COMMANDS;

describe('the catalogue', () => {
  it('has an example for each command that fits its input', () => {
    type Wrong = {
      [K in keyof Catalogue]: Catalogue[K] extends { multipart: true }
        ? never
        : Catalogue[K]['example'] extends Commands[K]['input']
          ? never
          : K;
    }[keyof Catalogue];
    expectTypeOf<Wrong>().toBeNever();
  });

  it('has only results with a type', () => {
    expectTypeOf<Exclude<Catalogue[keyof Catalogue]['result'], keyof ResultTypes>>().toBeNever();
  });
});
