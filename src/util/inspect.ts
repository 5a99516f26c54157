import { inspect } from 'node:util';

/**
 * Makes `util.inspect`, and so `console.log`, show what a class's `toString` returns: `#private` fields are hidden from
 * it in any case, but not all that an object inherits is.
 */
export function inspectAsString(type: { readonly prototype: object }): void {
  Object.defineProperty(type.prototype, inspect.custom, {
    value(this: object): string {
      return String(this);
    },
  });
}
