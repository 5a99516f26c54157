import { asList, codesOf } from '../../util/lists.js';

/** The columns of a table of components. */
export const COLUMNS: readonly string[] = [
  'serialNumber',
  'componentType',
  'type',
  'currentStage',
  'currentLocation',
];

/** Columns of CSV besides those of the table: `institution` is the owner, `cts` the time of registration. */
const MORE_COLUMNS = ['alternativeIdentifier', 'institution', 'state', 'cts', 'id'];

/** Returns the columns of CSV besides those of the table, with the properties where the components have them. */
export function moreColumns(components: readonly object[]): string[] {
  const codes = components.flatMap(({ properties }: { properties?: never }) => codesOf(asList(properties)));
  return [...MORE_COLUMNS, ...new Set(codes)];
}
