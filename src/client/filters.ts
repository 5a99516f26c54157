import { checkValue, must } from '../config/check-options.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { isFilledString, isPlainObject } from '../util/guards.js';
import { LIST_ONLY } from './options.js';

/** What people write into a filter, where the database ignores it: options of a list, and keys of the input. */
const NOT_IN_FILTERS: readonly string[] = [
  ...LIST_ONLY,
  'outputType',
  'pageInfo',
  'filterMap',
  'signal',
  'timeout',
];

/** The code of an institution, or several. */
const SITE = must(
  (site) => isFilledString(site) || (Array.isArray(site) && site.length > 0 && site.every(isFilledString)),
  'the code of an institution, or a list of at least one',
);

/** Refuses what is certainly not a key of a filter, such as `limit`: the database would ignore it. */
export function refuseOptionsIn(subject: string, filter: object): void {
  const name = Object.keys(filter).find((key) => NOT_IN_FILTERS.includes(toCamelCase(key)));
  if (name !== undefined)
    throw new InvalidInvocation(
      `${subject}: \`${name}\` is in the filter, where the database ignores it; \`${toCamelCase(name)}\` is not a key of a filter, but an option`,
    );
}

/**
 * Checks the filter of a method that lists components.
 *
 * @throws InvalidInvocation where it is not an object, or has what is certainly not a key of a filter
 */
export function checkComponentFilter(
  subject: string,
  filter: object,
  noun: 'filter' | 'query' = 'filter',
): void {
  if (!isPlainObject(filter))
    throw new InvalidInvocation(`${subject}: the ${noun} must be an object, such as { project: 'S' }`);
  refuseOptionsIn(subject, filter);
  const name = Object.keys(filter).find((key) => toCamelCase(key) !== key);
  if (name !== undefined)
    throw new InvalidInvocation(
      `${subject}: a filter has no key \`${name}\`; it is \`${toCamelCase(name)}\``,
    );
  if (filter['site'] === undefined) return;
  checkValue(subject, 'site', filter['site'], SITE);
  if (filter['institute'] !== undefined || filter['currentLocation'] !== undefined)
    throw new InvalidInvocation(`${subject}: give \`site\`, or \`institute\` and \`currentLocation\``);
}

function toCamelCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
