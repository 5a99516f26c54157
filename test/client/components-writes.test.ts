import { Keyv } from 'keyv';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  BadRequest,
  type BulkComponent,
  type Client,
  type FullComponent,
  IncompleteWrite,
  InvalidInvocation,
  property,
  ServerError,
} from '../../src/index.js';
import type { ComponentRecord, FaultKind } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';

const { pdb, newClient } = await startDatabase({ components: 800 });
beforeEach(() => pdb.restore());

/** Copies what the tests need: a write changes the record. */
const copy = (component: ComponentRecord | undefined) => {
  const { id, code, serialNumber, children, currentLocation } = component as ComponentRecord;
  return { id, code, serialNumber, site: currentLocation.code, slots: children.map((slot) => ({ ...slot })) };
};
const components = pdb.dataset.components;
const module = copy(
  components.find(
    ({ type, children, currentStage, state }) =>
      type.code === 'BARREL_LS_MODULE' &&
      currentStage.code === 'GLUED' &&
      state === 'ready' &&
      children.every(({ component }) => component !== undefined),
  ),
);
const sensor = copy(module.slots[0]?.component);
const hybrid = copy(module.slots[1]?.component);

/** What can happen to a write: whether the database did it, and whether that can be found out. */
const FAULTS: readonly (readonly [string, FaultKind, boolean])[] = [
  ['is answered 503 and not done', { status: 503 }, false],
  ['gets no response and is not done', { drop: 'before-headers' }, false],
  ['is answered by a gateway with nothing and not done', { status: 200 }, false],
  ['is answered by a gateway with a page and not done', { html: '<p>Please wait</p>' }, false],
  ['is done, and its response is cut off', { truncate: 5 }, true],
  ['is done, and its response is lost', { drop: 'after-headers' }, true],
];

interface Write {
  readonly command: string;
  readonly call: (client: Client) => Promise<unknown>;
  /** What must be so afterwards, and only then. */
  readonly isDone: (component: FullComponent) => boolean;
  readonly component?: { readonly id: string };
  /** What is written before, to make it possible. */
  readonly prepare?: (client: Client) => Promise<unknown>;
}

const flagsOf = ({ flags }: FullComponent): string[] => (flags ?? []).map(({ code }) => code);
const isIn = (child: { readonly id: string }, { children }: FullComponent): boolean =>
  (children ?? []).some(({ component }) => component?.id === child.id);

const WRITES: Readonly<Record<string, Write>> = {
  setStage: {
    command: 'setComponentStage',
    call: (client) => client.components.setStage(module.serialNumber, 'BONDED', { comment: 'bonded' }),
    isDone: ({ currentStage, stages }) =>
      currentStage?.code === 'BONDED' && stages?.filter(({ comment }) => comment === 'bonded').length === 1,
  },
  setProperty: {
    command: 'setComponentProperty',
    call: (client) => client.components.setProperty(module.serialNumber, 'ORDER', '77'),
    isDone: (component) => property(component, 'ORDER') === 77,
  },
  setFlags: {
    command: 'setComponentFlags',
    call: (client) => client.components.setFlags(module.serialNumber, ['CHROMIC', 'BAD_AT_DICING']),
    isDone: (component) => flagsOf(component).sort().join() === 'BAD_AT_DICING,CHROMIC',
  },
  addFlag: {
    command: 'addComponentFlag',
    call: (client) => client.components.addFlag(module.serialNumber, 'CHROMIC'),
    isDone: (component) => flagsOf(component).join() === 'CHROMIC',
  },
  removeFlag: {
    command: 'deleteComponentFlag',
    prepare: (client) => client.components.addFlag(module.serialNumber, 'CHROMIC'),
    call: (client) => client.components.removeFlag(module.serialNumber, 'CHROMIC'),
    isDone: (component) => flagsOf(component).length === 0,
  },
  comment: {
    command: 'createComponentComment',
    prepare: (client) => client.components.comment(module.serialNumber, 'scratch'),
    call: (client) => client.components.comment(module.serialNumber, 'scratch'),
    isDone: ({ comments }) => comments?.filter(({ comment }) => comment === 'scratch').length === 2,
  },
  assemble: {
    command: 'assembleComponentBySlot',
    prepare: (client) => client.components.disassemble(module, sensor),
    call: (client) => client.components.assemble(module.serialNumber, sensor.serialNumber),
    isDone: (component) => isIn(sensor, component),
  },
  disassemble: {
    command: 'disassembleComponent',
    call: (client) => client.components.disassemble(module.serialNumber, sensor.serialNumber),
    isDone: (component) => !isIn(sensor, component),
  },
  delete: {
    command: 'deleteComponent',
    call: (client) => client.components.delete(sensor.serialNumber),
    component: sensor,
    isDone: ({ state }) => state === 'requestedToDelete',
  },
};

describe.each(Object.entries(WRITES))(
  'client.components.%s',
  (name, { command, call, isDone, component = module, prepare }) => {
    const read = (client: Client): Promise<FullComponent> =>
      client.get('getComponent', { data: { component: component.id }, fresh: true });

    it('does its write once, which another read shows, and has nothing to do the second time', async () => {
      await using client = newClient();
      await prepare?.(client);
      expect(isDone(await read(client))).toBe(false);
      const count = pdb.count(command);
      await call(client);
      const after = await read(client);
      expect(isDone(after)).toBe(true);
      expect(pdb.count(command)).toBe(count + 1);
      if (name === 'comment' || name === 'disassemble') return;
      await call(client);
      expect(pdb.count(command)).toBe(count + 1);
      expect((await read(client)).sys.rev).toBe(after.sys.rev);
    });

    it.each(FAULTS)(
      'tells the truth where the write %s, and resume() finishes',
      async (_, fault, wasDone) => {
        await using client = newClient();
        await prepare?.(client);
        const count = pdb.count(command);
        pdb.fault({ on: command, ...fault });
        const outcome = await call(client).then(
          () => 'done',
          (error: unknown) => error,
        );
        expect(pdb.count(command)).toBe(count + 1);
        expect(isDone(await read(client))).toBe(wasDone);
        if (wasDone) return expect(outcome).toSatisfy((value) => !(value instanceof Error));
        expect(outcome).toBeInstanceOf(IncompleteWrite);
        const error = outcome as IncompleteWrite;
        expect(error.outcome).toBe('unknown');
        expect(error.message).toContain(`client.components.${name}: it is unknown whether this was done`);
        await error.resume();
        expect(isDone(await read(client))).toBe(true);
        expect(pdb.count(command)).toBe(count + 2);
      },
    );

    it('says that it is unknown where the database did it and cannot be read, and resume() finds it', async () => {
      await using client = newClient();
      await prepare?.(client);
      const count = pdb.count(command);
      const lost = pdb.fault({ on: command, drop: 'after-headers' });
      const unreadable = pdb.fault({
        on: (request) => request.command === 'getComponent' && lost.hits > 0,
        status: 503,
        times: Infinity,
      });
      const error = (await call(client).catch((thrown: unknown) => thrown)) as IncompleteWrite;
      expect(error).toBeInstanceOf(IncompleteWrite);
      expect(error.steps).toMatchObject([{ outcome: 'unknown' }]);
      unreadable.remove();
      await error.resume();
      expect(pdb.count(command)).toBe(count + 1);
      expect(isDone(await read(client))).toBe(true);
    });

    it('throws what the database says where it refuses', async () => {
      await using client = newClient();
      await prepare?.(client);
      pdb.fault({
        on: command,
        status: 400,
        body: {
          uuAppErrorMap: { [`x/${command}/isRotten`]: { type: 'error', message: 'No.', paramMap: {} } },
        },
      });
      await expect(call(client)).rejects.toThrow(`${command}: No (400)`);
      await expect(call(client)).resolves.not.toThrow();
    });
  },
);

describe('client.components.setStage', () => {
  it('refuses a stage that the component type does not have, and says which one may be meant', async () => {
    await using client = newClient();
    const error = await client.components.setStage(module, 'BONDD').catch((thrown) => thrown);
    expect(error).toBeInstanceOf(InvalidInvocation);
    expect(error.message).toContain('a MODULE has no stage BONDD; is it BONDED?');
    await expect(client.components.setStage(module, '')).rejects.toThrow('`stage` must be');
    await expect(client.components.setStage(module, 'BONDED', { comments: 'x' } as never)).rejects.toThrow(
      'there is no option `comments`; is it `comment`?',
    );
    await expect(client.components.setStage({} as never, 'BONDED')).rejects.toThrow('`component` must be');
    await expect(client.components.setStage('20USBML9999999', 'BONDED')).rejects.toThrow(
      'there is no component',
    );
    expect(pdb.count('setComponentStage')).toBe(0);
  });

  it('sends comment and rework, and reads the component type once', async () => {
    await using client = newClient();
    await client.components.setStage(module.id, 'BONDED', { comment: 'first' });
    await client.components.setStage(module.code, 'GLUED', { rework: true });
    const { reworked, stages } = await client.get('getComponent', { data: { component: module.id } });
    expect(reworked).toBe(true);
    expect(stages?.slice(-2)).toMatchObject([{ code: 'BONDED', comment: 'first' }, { code: 'GLUED' }]);
    expect(pdb.count('getComponentTypeByCode')).toBe(1);
  });

  it('refuses a component whose deletion was requested', async () => {
    await using client = newClient();
    await client.components.delete(module);
    await expect(client.components.setStage(module, 'BONDED')).rejects.toThrow(
      `${module.serialNumber} is not ready: its state is requestedToDelete`,
    );
  });
});

describe('client.components.setProperty', () => {
  it('converts the value by the data type of the property', async () => {
    await using client = newClient();
    const values = [
      ['ORDER', '12', 12],
      ['ORDER', 13, 13],
      ['ORDER', null, null],
      ['LOCALNAME', 'X 1', 'X 1'],
    ] as const;
    for (const [code, given, stored] of values) {
      await client.components.setProperty(module, code, given);
      expect(property(await client.components.get(module.id), code)).toBe(stored);
    }
  });

  it('refuses an unknown code and a value of another type', async () => {
    await using client = newClient();
    const cases = [
      ['LOCAL_NAME', 'x', 'a MODULE has no property LOCAL_NAME; is it LOCALNAME?'],
      ['ORDER', '1.5', 'the property ORDER must be a whole number'],
      ['ORDER', 'twelve', 'the property ORDER must be a whole number'],
      ['LOCALNAME', 5, 'the property LOCALNAME must be a text'],
      ['ORDER', undefined, 'the property ORDER has no value; null takes the value away'],
    ] as const;
    for (const [code, value, problem] of cases)
      await expect(client.components.setProperty(module, code, value)).rejects.toThrow(
        `client.components.setProperty: ${problem}`,
      );
    expect(pdb.count('setComponentProperty')).toBe(0);
  });

  it('checks each data type that the database has', async () => {
    await using client = newClient();
    const component = await client.components.get(module.id);
    const sent = async (dataType: string, value: unknown, required = false): Promise<unknown> => {
      pdb.reset();
      const more = { required, codeTable: [{ code: '4', value: 'red' }] };
      const definition = { code: 'NEW', name: 'New', value: null, dataType, ...more };
      pdb.answer('getComponent', { ...component, properties: [definition] });
      pdb.answer('getComponentTypeByCode', { code: 'MODULE', properties: [definition] });
      pdb.answer('setComponentProperty', ({ input }) => ({ component: input }));
      await using other = newClient();
      await other.components.setProperty(module, 'NEW', value);
      return pdb.requests.at(-1)?.input['value'];
    };
    expect(await sent('float', '-1.5e3')).toBe(-1500);
    expect(await sent('boolean', 'TRUE')).toBe(true);
    expect(await sent('boolean', false)).toBe(false);
    expect(await sent('date', new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    expect(await sent('date', '31.01.2024 12:00')).toBe('31.01.2024 12:00');
    expect(await sent('object', '{"a":1}')).toEqual({ a: 1 });
    expect(await sent('codeTable', 4)).toBe('4');
    expect(await sent('codeTable', 'red')).toBe('4');
    expect(await sent('somethingNew', [1])).toEqual([1]);
    const wrong = [
      ['float', '1,5', 'a number, with a point before decimals'],
      ['float', Number.NaN, 'a number, with a point before decimals'],
      ['boolean', 'yes', 'true or false'],
      ['date', 'yesterday', 'a date, such as'],
      ['object', '[1]', 'an object, or a text with its JSON'],
      ['codeTable', 'blue', 'one of 4 (red)'],
    ] as const;
    for (const [dataType, value, expectation] of wrong) {
      await expect(sent(dataType, value)).rejects.toThrow(`the property NEW must be ${expectation}`);
    }
    await expect(sent('string', null, true)).rejects.toThrow('the property NEW is required');
  });
});

describe('client.components.setFlags', () => {
  /** Does something when the flags are sent, before the database sees it. */
  const meanwhile = (client: Client, act: (other: Client) => Promise<unknown>): void => {
    const { post } = client;
    let isFirst = true;
    client.post = (async (command: 'setComponentFlags', ...more: [never]) => {
      if (isFirst) {
        isFirst = false;
        await using other = newClient();
        await act(other);
      }
      return post.call(client, command, ...more);
    }) as never;
  };

  it('tries once more where the component changed since it was read, but not its flags', async () => {
    await using client = newClient();
    meanwhile(client, (other) => other.components.setProperty(module, 'ORDER', 5));
    await client.components.setFlags(module, ['CHROMIC']);
    expect(flagsOf(await client.components.get(module.id))).toEqual(['CHROMIC']);
    expect(pdb.count('setComponentFlags')).toBe(2);
  });

  it('leaves the flags that somebody else set meanwhile, and says so', async () => {
    await using client = newClient();
    meanwhile(client, (other) => other.components.addFlag(module, 'WARRANTY_WAFER'));
    await expect(client.components.setFlags(module, ['CHROMIC'])).rejects.toThrow(
      'setComponentFlags: the flags were changed meanwhile, from none to WARRANTY_WAFER (400)',
    );
    expect(flagsOf(await client.components.get(module.id))).toEqual(['WARRANTY_WAFER']);
    expect(pdb.count('setComponentFlags')).toBe(1);
  });

  it('does not try again where the database refuses for another reason', async () => {
    await using client = newClient();
    pdb.fault({ on: 'setComponentFlags', status: 400, body: { uuAppErrorMap: {} }, times: 2 });
    await expect(client.components.setFlags(module, ['CHROMIC'])).rejects.toBeInstanceOf(BadRequest);
    expect(pdb.count('setComponentFlags')).toBe(1);
  });

  it('refuses unknown flags, all at once, as addFlag and removeFlag do', async () => {
    await using client = newClient();
    const error = await client.components.setFlags(module, ['CHROMIK', 'NEVER']).catch((thrown) => thrown);
    expect(error.message).toContain('- a MODULE has no flag CHROMIK; is it CHROMIC?');
    expect(error.message).toContain('- a MODULE has no flag NEVER; there are BAD_AT_BUMPING');
    await expect(client.components.addFlag(module, 'CHROMIK')).rejects.toThrow('is it CHROMIC?');
    await expect(client.components.removeFlag(module, 'CHROMIK')).rejects.toThrow('is it CHROMIC?');
    await expect(client.components.setFlags(module, 'CHROMIC')).rejects.toThrow(
      '`flags` must be a list of codes',
    );
    await expect(client.components.setFlags(module, 5 as never)).rejects.toThrow(
      '`flags` must be a list of codes',
    );
    await client.components.removeFlag(module, 'CHROMIC');
    await client.components.setFlags(module, []);
    expect(pdb.requests.filter(({ command }) => /Flag/.test(command ?? ''))).toEqual([]);
  });
});

describe('client.components.addFlag', () => {
  it('takes a flag whose state is deleted for one that the component does not have', async () => {
    await using client = newClient();
    const component = await client.components.get(module.id);
    pdb.answer('getComponent', { ...component, flags: [{ code: 'CHROMIC', state: 'deleted' }] });
    await client.components.addFlag(module, 'CHROMIC');
    expect(flagsOf(await client.components.get(module.id))).toEqual(['CHROMIC']);
  });
});

describe('client.components.comment', () => {
  it('comments on a component whose deletion was requested', async () => {
    await using client = newClient();
    await client.components.delete(module);
    await client.components.comment(module, 'registered twice');
    expect((await client.components.get(module.id)).comments).toMatchObject([
      { comment: 'registered twice' },
    ]);
  });
});

describe('client.components.assemble and disassemble', () => {
  const takeOut = async (client: Client): Promise<void> => {
    await client.post('disassembleComponent', { parent: module.id, child: sensor.id, trashed: false });
    pdb.reset();
  };

  it('put a component into the slot of an id or a position, or into the first free one', async () => {
    await using client = newClient();
    const [slot] = module.slots;
    for (const options of [{ slot: slot?.id as string }, { position: 0 }, {}]) {
      await takeOut(client);
      const properties = { SIDE: 'A' };
      const result = await client.components.assemble(module, sensor, { ...options, properties });
      expect(result).toEqual({ id: slot?.id, position: 0 });
      const { children } = await client.components.get(module.id);
      expect(children?.[0]).toMatchObject({
        component: { id: sensor.id },
        properties: [{ code: 'SIDE', value: 'A' }],
      });
      expect(await client.components.assemble(module, sensor, { ...options, properties })).toEqual(result);
      expect(pdb.count('assembleComponentBySlot')).toBe(1);
    }
    await expect(client.components.assemble(module, sensor, { properties: { SIDE: 'B' } })).rejects.toThrow(
      'with other values of SIDE: setParentChildRelationPropertyBySlot',
    );
  });

  it('never trash a component, unless told', async () => {
    await using client = newClient();
    await client.components.disassemble(module, sensor);
    expect((await client.components.get(sensor.id)).trashed).toBe(false);
    await client.components.disassemble(module, hybrid, { trash: true });
    expect((await client.components.get(hybrid.id)).trashed).toBe(true);
    await expect(client.components.disassemble(module, sensor)).rejects.toThrow(
      `${sensor.serialNumber} is not in ${module.serialNumber}: it is in no other component`,
    );
    await expect(client.components.disassemble(sensor, module)).rejects.toThrow(InvalidInvocation);
    expect(pdb.count('disassembleComponent')).toBe(2);
  });

  it('say all that is wrong at once, before anything is sent', async () => {
    await using client = newClient();
    const elsewhere = copy(
      components.find(
        ({ type, currentLocation, parent, state }) =>
          type.code === 'ATLAS18LS' &&
          currentLocation.code !== module.site &&
          parent !== undefined &&
          state === 'ready',
      ),
    );
    const error = await client.components.assemble(module, elsewhere).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(InvalidInvocation);
    const [first, ...problems] = error.message.split('\n');
    expect(first).toBe('client.components.assemble: there are 3 problems, so nothing was written');
    expect(problems[0]).toMatch(/^- \S+ is in \S+ already: disassemble it first$/);
    expect(problems[1]).toBe(
      `- ${module.serialNumber} is at ${module.site}, and ${elsewhere.serialNumber} is at ${elsewhere.site}: they must be at one place`,
    );
    expect(problems[2]).toBe(
      `- ${module.serialNumber} has no free slot for SENSOR ATLAS18LS: all are occupied`,
    );
    expect(pdb.count('assembleComponentBySlot')).toBe(0);
  });

  it('say what is wrong with a slot', async () => {
    await using client = newClient();
    await takeOut(client);
    const cases = [
      [{ position: 9 }, 'has no slot at position 9; it has the positions 0, 1, 2'],
      [{ slot: 'abc' }, 'has no slot abc; it has the positions 0, 1, 2'],
      [{ position: 1 }, 'is for HYBRID_ASSEMBLY X, and'],
    ] as const;
    for (const [options, problem] of cases)
      await expect(client.components.assemble(module, sensor, options)).rejects.toThrow(problem);
    await expect(client.components.assemble(module, hybrid, { position: 0 })).rejects.toThrow(
      `${hybrid.serialNumber} is in the slot at position 1 of ${module.serialNumber} already: disassemble it first`,
    );
    await expect(client.components.assemble(sensor, hybrid)).rejects.toThrow('it has slots for nothing');
    await expect(client.components.assemble(module, module)).rejects.toThrow(
      'a component cannot be in itself',
    );
    await expect(client.components.assemble(module, sensor, { slot: 'a', position: 0 })).rejects.toThrow(
      'give `slot` or `position`, not both',
    );
    await expect(client.components.assemble(module, sensor, { slot: 3 } as never)).rejects.toThrow(
      '`slot` must be',
    );
  });
});

describe('the writes of client.components', () => {
  it('suggest an option of their own first, and list these alone where none is similar', async () => {
    await using client = newClient();
    const setStage = (options: object): Promise<void> =>
      client.components.setStage(module.serialNumber, 'BONDED', options);
    const subject = 'client.components.setStage: there is no option';
    await expect(setStage({ comments: 'x' })).rejects.toThrow(`${subject} \`comments\`; is it \`comment\`?`);
    await expect(setStage({ timeut: 5 })).rejects.toThrow(`${subject} \`timeut\`; is it \`timeout\`?`);
    await expect(setStage({ dryRun: true })).rejects.toThrow(
      `${subject} \`dryRun\`; there are \`comment\`, \`rework\`, and those of a request`,
    );
    const rows = client.components.registerMany([], { ky: 'x' } as never);
    await expect(rows).rejects.toThrow('`ky`; is it `key`?');
  });

  it('take an alternative identifier, and what other methods return', async () => {
    await using client = newClient();
    const { alternativeIdentifier, id } = components.find(
      ({ state, alternativeIdentifier: name }) => state === 'ready' && name !== undefined,
    ) as ComponentRecord;
    await client.components.comment(alternativeIdentifier as string, 'one');
    const { items } = await client.components.getMany([id]);
    await client.components.comment(items[0] as BulkComponent, ['two', 'three']);
    const { comments } = await client.components.get(id);
    expect(comments?.map(({ comment }) => comment).slice(-3)).toEqual(['one', 'two', 'three']);
    await expect(client.components.comment(id, '')).rejects.toThrow('`text` must be');
  });

  it('throw the failure of a read as it is: nothing was written', async () => {
    await using client = newClient();
    pdb.fault({ on: 'getComponent', status: 503 });
    await expect(client.components.addFlag(module, 'CHROMIC')).rejects.toBeInstanceOf(ServerError);
    expect(pdb.count('addComponentFlag')).toBe(0);
  });

  it('read from the database, although a response is stored', async () => {
    await using client = newClient({ cache: new Keyv(), expiresAfter: { hours: 1 } });
    await using other = newClient();
    await client.components.get(module.id);
    await other.components.addFlag(module, 'CHROMIC');
    await client.components.setFlags(module, ['CHROMIC', 'BAD_AT_DICING']);
    expect(pdb.count('setComponentFlags')).toBe(1);
  });
});
