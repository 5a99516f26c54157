import fc from 'fast-check';

/** Makes a hostile value anew, and says which: the value itself would bite whoever prints it. */
export interface Recipe {
  readonly make: () => unknown;
}

function recipe(name: string, make: () => unknown): Recipe {
  return { make, [fc.toStringMethod]: () => name } as Recipe;
}

/** Keys that mean something to the language, and that JSON can hold all the same. */
const PROTOTYPE_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'toJSON'] as const;

/** Values as `JSON.parse` makes them, whose keys may be any of {@link PROTOTYPE_KEYS}. */
export function pollutedJson(): fc.Arbitrary<unknown> {
  const key = fc.oneof(fc.constantFrom(...PROTOTYPE_KEYS), fc.string({ maxLength: 8 }));
  return fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, fc.jsonValue({ maxDepth: 0 }), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc
      .array(fc.tuple(key, tie('value')), { maxLength: 4 })
      .map((entries) => Object.fromEntries([['__proto__', { polluted: true }], ...entries])),
  })).value;
}

/** Values that no option takes, and values that bite whoever looks at them. */
export function hostileValue(): fc.Arbitrary<Recipe> {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  const plain = fc.oneof(anything, pollutedJson(), fc.constantFrom(...NUMBERS, ...WORDS));
  return fc.oneof(
    plain.map((value) => recipe(fc.stringify(value), () => value)),
    fc.constantFrom(...Object.entries(BITING)).map(([name, make]) => recipe(name, make)),
  );
}

/** Some of these options, each hostile, in an object that may be hostile itself; or no options at all. */
export function hostileOptions(names: readonly string[]): fc.Arbitrary<Recipe> {
  const name = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...names) },
    fc.constantFrom(...PROTOTYPE_KEYS),
  );
  const entries = fc.array(fc.tuple(name, hostileValue()), { minLength: 1, maxLength: 3 });
  const options = fc
    .tuple(entries, fc.constantFrom(...Object.entries(WRAPPERS)))
    .map(([list, [wrapper, wrap]]) => {
      const shown = list.map(([key, value]) => `${key}: ${fc.stringify(value)}`).join(', ');
      return recipe(`${wrapper} { ${shown} }`, () =>
        wrap(Object.fromEntries(list.map(([key, { make }]) => [key, make()]))),
      );
    });
  return fc.oneof({ weight: 4, arbitrary: options }, hostileValue());
}

const NUMBERS = [
  Number.NaN,
  Infinity,
  -Infinity,
  -0,
  -1,
  0.5,
  2 ** 31,
  2 ** 53,
  1e12,
  Number.MAX_VALUE,
  7n,
  Symbol('s'),
];
const WORDS = [
  '',
  ' ',
  'x',
  'line\r\nX-Injected: 1',
  '\u{1F4A3}',
  '\ud800',
  'é'.repeat(1000),
  '__proto__',
  '\0',
];

const BITING: Readonly<Record<string, () => unknown>> = {
  'an object whose getters throw': () =>
    withThrowingGetters({ length: 1, toJSON: 1, username: 1, request: 1, bearer: 1, debug: 1 }),
  'a proxy that throws': () =>
    new Proxy(
      {},
      { get: bite, has: bite, ownKeys: bite, getPrototypeOf: bite, getOwnPropertyDescriptor: bite },
    ),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'an object that holds itself': () => {
    const circle: Record<string, unknown> = {};
    return Object.assign(circle, { circle, again: circle });
  },
  'an object without a prototype': () => Object.create(null),
  'a URL that is none': () => Object.create(URL.prototype),
  'a Date that is none': () => Object.create(Date.prototype),
  'a Map that is none': () => Object.create(Map.prototype),
  'an object that cannot be made a string': () => ({ toString: null, valueOf: null }),
  'an object whose toJSON throws': () => ({ toJSON: bite }),
  'an object with half of a signal': () => ({ addEventListener: () => {} }),
  'an object with a member that has no prototype': () => ({ 'X-Member': Object.create(null) }),
  'an object that is nested deeply': () =>
    Array.from({ length: 20_000 }).reduce((inner) => [inner], 0 as unknown),
  'an object with a symbol': () => ({ [Symbol('key')]: 'value' }),
  'an object with half of a stream': () => ({ pipe: () => {} }),
  'an instance of a class': () => new (class Options {})(),
};

const WRAPPERS: Readonly<Record<string, (options: object) => object>> = {
  '': (options) => options,
  'without a prototype': (options) => Object.assign(Object.create(null), options),
  'with a symbol': (options) => Object.assign(options, { [Symbol('key')]: 1 }),
  'with getters that throw': withThrowingGetters,
  'with getters that change': withFickleGetters,
  'a proxy whose keys throw': (options) => new Proxy(options, { ownKeys: bite }),
  'a proxy whose members throw': (options) => new Proxy(options, { get: bite }),
  'a proxy whose prototype throws': (options) => new Proxy(options, { getPrototypeOf: bite }),
};

function withThrowingGetters(members: object): object {
  const object = {};
  for (const key of Object.keys(members)) Object.defineProperty(object, key, { enumerable: true, get: bite });
  return object;
}

/** Members that look unset at first, and are something else each time that they are read. */
function withFickleGetters(members: object): object {
  const object = {};
  for (const [key, value] of Object.entries(members)) {
    const values = [undefined, value, null, 5];
    let reads = 0;
    Object.defineProperty(object, key, { enumerable: true, get: () => values[reads++ % values.length] });
  }
  return object;
}

function bite(): never {
  throw new RangeError('bitten by a hostile value');
}
