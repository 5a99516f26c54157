import { InvalidInvocation } from '../../exceptions/base.js';
import { isObject, isPlainObject, isReadable } from '../../util/guards.js';

/** What to do with the contents of a file. */
const FILE =
  "a file goes into a FormData: form.set('data', new Blob([bytes]), 'a filename'), or await openAsBlob(path) of node:fs";

/**
 * Writes a value as JSON, and refuses what JSON cannot hold: `JSON.stringify` itself writes null or `{}` for most of it,
 * and a measurement would be lost without a word.
 *
 * @throws InvalidInvocation that names the member at fault, such as `results.CURRENT.3 is NaN`
 */
export function stringify(data: unknown): string {
  /** The objects around the value at hand, from the outside in, and the names that lead there. */
  const holders: object[] = [];
  const names: string[] = [];
  return JSON.stringify(data, function (this: object, key: string, value: unknown): unknown {
    while (holders.length > 0 && holders.at(-1) !== this) {
      holders.pop();
      names.pop();
    }
    const original = (this as Readonly<Record<string, unknown>>)[key];
    const fault = holders.includes(value as object)
      ? 'holds itself'
      : (faultOfObject(original) ?? faultOf(value, this));
    if (fault !== undefined) {
      const name = [...names, key].slice(1).join('.') || 'data';
      throw new InvalidInvocation(`the request body cannot be written as JSON: \`${name}\` ${fault}`);
    }
    if (isObject(value)) {
      holders.push(value);
      names.push(key);
    }
    return value;
  });
}

/** What is wrong with a value; of one that has a `toJSON`, with what that made of it. */
function faultOf(value: unknown, holder: object): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}; send null or leave it out`;
    case 'bigint':
      return 'is a bigint; send a number or a string';
    case 'function':
    case 'symbol':
      return `is a ${typeof value}`;
    case 'undefined':
      return Array.isArray(holder) ? 'is undefined; send null' : undefined;
    case 'object':
      return faultOfObject(value);
    default:
      return undefined;
  }
}

function faultOfObject(value: unknown): string | undefined {
  // Most are of these two kinds, whose members are looked at by themselves.
  if (Array.isArray(value) || isPlainObject(value)) return undefined;
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'is an invalid Date; send null or leave it out' : undefined;
  }
  if (value instanceof Number) return faultOf(Number(value), value);
  if (isBytes(value)) return `is ${nameOf(value)}; ${FILE}`;
  if (ArrayBuffer.isView(value) || value instanceof Set)
    return `is a ${value.constructor.name}; send Array.from(it)`;
  if (value instanceof Map) return 'is a Map; send Object.fromEntries(it)';
  if (value instanceof Promise) return 'is a Promise; is an `await` missing?';
  if (value instanceof Error) return `is an ${value.constructor.name}`;
  if (isReadable(value)) return `is a stream; ${FILE}`;
  return isObject(value) && isEmptyToJson(value)
    ? `is a ${kindOf(value)}, which JSON cannot hold`
    : undefined;
}

function isBytes(value: unknown): value is object {
  return (
    Buffer.isBuffer(value) ||
    value instanceof ArrayBuffer ||
    value instanceof DataView ||
    value instanceof Blob
  );
}

function nameOf({ constructor: { name } }: object): string {
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}

/** Whether JSON would hold nothing of an object that is something: a `File`, a `RegExp`, a generator. */
function isEmptyToJson(value: object): boolean {
  const hasForm = /^(?:Object|Array|Number|String|Boolean|BigInt)$/.test(kindOf(value)) || 'toJSON' in value;
  return !hasForm && Object.keys(value).length === 0;
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
