import { type Ref, refCode, refId } from '../../commands/references.js';
import type { UserReference } from '../../commands/shapes.js';
import { isFilledString, isRecord } from '../../util/guards.js';

/** The longest text of a value; comments may be longer. */
const LONGEST_VALUE = 500;
/** A list that is longer is described by its ends. */
const LONGEST_LIST = 8;
const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?$/;

/** Formats a time of the database, in UTC. A text that is not in ISO 8601 stays as it is. */
export function formatTime(time: unknown): string {
  if (!isFilledString(time)) return '';
  if (!ISO.test(time) || Number.isNaN(Date.parse(time))) return time;
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

/** Formats the day of a time of the database, in UTC. */
export function formatDate(time: unknown): string {
  return formatTime(time).slice(0, 10);
}

/** Formats a number of bytes. */
export function formatSize(bytes: unknown): string {
  if (typeof bytes !== 'number' || !(bytes >= 0)) return '';
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Formats a value of a property or of a result. A long list of numbers is described. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string' || typeof value === 'number') return clip(String(value));
  if (!Array.isArray(value)) return describeObject(value);
  if (value.length === 0) return 'an empty list';
  if (value.length > LONGEST_LIST) return describeList(value);
  return clip(
    value.map((one) => (isRecord(one) || Array.isArray(one) ? JSON.stringify(one) : String(one))).join(', '),
  );
}

function describeObject(value: unknown): string {
  if (!isRecord(value) || !Object.values(value).some(Array.isArray)) return clip(JSON.stringify(value));
  return clip(
    Object.entries(value)
      .map(([key, one]) => `${key}: ${formatValue(one)}`)
      .join('; '),
  );
}

function describeList(list: readonly unknown[]): string {
  let [low, high] = [Infinity, -Infinity];
  for (const one of list) {
    if (typeof one !== 'number') continue;
    low = Math.min(low, one);
    high = Math.max(high, one);
  }
  return `${list.length} values${low <= high ? `, from ${low} to ${high}` : ''}`;
}

function clip(text: string): string {
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
}

/** Returns the name of a person. */
export function personOf(user: Partial<UserReference> | null | undefined): string {
  const { firstName, lastName, userIdentity } = user ?? {};
  return [firstName, lastName].filter(isFilledString).join(' ') || (userIdentity ?? '');
}

/** Returns the name of a reference, or else its code or id. */
export function labelOf(ref: Ref | undefined): string {
  const name = isRecord(ref) ? (ref as { readonly name?: unknown }).name : undefined;
  return isFilledString(name) ? name : (refCode(ref) ?? refId(ref) ?? '');
}

/** Returns what a component is called: the best name that it has. */
export function titleOf(component: {
  readonly serialNumber?: string | null | undefined;
  readonly alternativeIdentifier?: string | null | undefined;
  readonly code?: string | undefined;
  readonly id?: string | undefined;
}): string {
  const { serialNumber, alternativeIdentifier, code, id } = component;
  return serialNumber || alternativeIdentifier || code || id || '';
}
