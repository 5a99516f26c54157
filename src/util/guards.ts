import type { Readable } from 'node:stream';

/** Whether a value is an object of any kind, a list included. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Whether a value is an object, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value);
}

/** Whether a value is an object as `{}` makes it, and no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** Whether a value can be called. */
export function isFunction(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === 'function';
}

/** Whether a value is a text with something in it. */
export function isFilledString(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether a value is a stream: it can be read once. */
export function isReadable(value: unknown): value is Readable {
  return isObject(value) && 'pipe' in value && isFunction(value.pipe);
}

/** Returns the bytes of a buffer of any kind, without a copy; undefined where a value is not one. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : undefined;
}
