import { isObject } from './guards.js';

/**
 * Sorts the members of JSON objects: `{"a":1,"b":2}` and `{"b":2,"a":1}` request the same. Only in a text that
 * JavaScript would write exactly so: in any other one a number or a name may mean more to the server.
 */
export function canonicalJson(text: string): string {
  // Without a comma there is nothing to sort.
  if (!/^[{[].*,/s.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? sorted(value) : text;
  } catch {
    return text;
  }
}

function sorted(value: unknown): string {
  if (!isObject(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${sorted(item)}`).join()}}`;
}
