import { inspect } from 'node:util';

/**
 * All text that can be got out of a value, each with the path to it: what printing shows, what cloning and JSON keep,
 * and what is behind every property, own, hidden, inherited or by symbol.
 *
 * @param isDocumented - whether a property is documented to hold a credential; it is not read
 */
export function textsOf(
  root: unknown,
  isDocumented: (holder: object, key: PropertyKey) => boolean,
): Map<string, string> {
  const texts = new Map<string, string>();
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'string') texts.set(path, value);
    if (ArrayBuffer.isView(value)) texts.set(path, Buffer.from(value.buffer).toString('latin1'));
    if (typeof value === 'function' && path !== '') texts.set(`${path}#`, value.toString());
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    texts.set(`inspect(${path})`, inspect(value, { depth: 12, showHidden: true }));
    for (const copy of [
      JSON.stringify,
      (it: unknown) => inspect(structuredClone(it), { depth: 12, showHidden: true }),
    ])
      texts.set(
        `${copy.name || 'structuredClone'}(${path})`,
        attempt(() => copy(value)),
      );
    if (value instanceof Map || value instanceof Set) for (const item of value) visit(item, `${path}.item`);
    for (const [key, holder] of propertiesOf(value)) {
      if (isDocumented(value, key)) continue;
      visit(
        attempt(() => Reflect.get(holder, key, value)),
        `${path}.${String(key)}`,
      );
    }
  };
  visit(root, '');
  return texts;
}

/** Each property that there is, with the nearest object that has it. */
function propertiesOf(value: object): Map<PropertyKey, object> {
  const properties = new Map<PropertyKey, object>();
  let holder: object | null = value;
  for (; holder !== null && holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
    for (const key of Reflect.ownKeys(holder)) if (!properties.has(key)) properties.set(key, holder);
  }
  return properties;
}

function attempt<T>(read: () => T): T | string {
  try {
    return read() ?? '';
  } catch (error) {
    return String(error);
  }
}
