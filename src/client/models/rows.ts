import { checkOptions, FILLED_STRING, listOf, type OptionsExpected } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isObject, isRecord } from '../../util/guards.js';
import { type CodedValue, explainLack, isListed, isTestRun } from './values.js';

/** A row of a table: the values by the names of the columns. All rows of a table have the same columns in the same order. */
export type Row = Record<string, unknown>;

/** Options of {@link toRows}. */
export interface RowOptions {
  /**
   * The codes of properties and results whose lists become rows: one for each element. The elements of several lists
   * with the same index are in the same row; null fills up shorter ones. Of a value that is an object of lists, each
   * list becomes a column, such as `IV_ARRAY.voltage`.
   *
   * @defaultValue none
   */
  readonly explode?: readonly string[] | undefined;
  /** The columns that the rows have, in this order. @defaultValue all */
  readonly columns?: readonly string[] | undefined;
}

const CODES = listOf(FILLED_STRING, 'a list of codes');
const OPTIONS: OptionsExpected = {
  expectation: "given an object of options, such as { explode: ['VOLTAGE', 'CURRENT'] }",
  table: { explode: CODES, columns: listOf(FILLED_STRING, 'a list of the names of columns') },
};

/** Lists with records of their own, for which a row has no place. In lists without full output they are null. */
const LISTS: ReadonlySet<string> = new Set([
  ...['attachments', 'batches', 'children', 'comments', 'defects', 'history', 'locations', 'parents'],
  ...['properties', 'results', 'shipmentItems', 'stages', 'tests'],
]);

interface Cell {
  readonly value: unknown;
  /** Whether its value is a list that becomes rows. */
  readonly isExploded?: boolean;
}

type Cells = Map<string, Cell>;

/** What becomes the columns of one record. */
interface Sections {
  readonly fields: Cells;
  readonly properties: Cells;
  readonly results: Cells;
}

/**
 * Makes flat rows of components, test runs or other records, for tables and for {@link toCsv}.
 *
 * The columns are, in this order: the fields, the properties by code, the results by code, each in the order in which
 * they first appear.
 * - A reference is its serial number or its code: `currentStage` is `'BONDED'`. A user is the identity.
 * - The members of another object are columns of their own, such as `sys.rev`.
 * - `flags` are their codes, and `component` of a test run is its serial number, joined by `, ` if there are several.
 * - Other lists of objects, such as `comments`, are left out.
 * - Where a property or a result has the name of a column before it, its column is `properties.CODE` or `results.CODE`.
 * - Null stands for what is not set, and for what a record does not have.
 *
 * ```ts
 * toRows(modules, { columns: ['serialNumber', 'currentStage', 'LOCALNAME'] });
 * // [{ serialNumber: '20USBML1234567', currentStage: 'BONDED', LOCALNAME: 'LABX_LS_001' }, …]
 * toRows(runs, { explode: ['VOLTAGE', 'CURRENT'] }); // a row for each point of each curve
 * ```
 *
 * @throws InvalidInvocation where an option is wrong, or asks for properties or results that a record of a list lacks
 */
export function toRows(items: Iterable<object>, options: RowOptions = {}): Row[] {
  const { explode = [], columns } = checkOptions('toRows', options, OPTIONS);
  if (!isIterable(items))
    throw new InvalidInvocation(
      'toRows: the items must be an array: of a page that is `page.data`, of a list `await list.toArray()`',
    );
  const records = [...items];
  if (!records.every(isRecord)) throw new InvalidInvocation('toRows: each item must be an object');
  const listed = records.find(isListed);
  if (explode.length > 0 && listed !== undefined)
    throw new InvalidInvocation(`toRows: ${explainLack(listed)}`);
  const exploded = new Set(explode);
  const sections = records.map((record) => toSections(record, exploded));
  const names = nameColumns(sections);
  if (columns !== undefined && listed !== undefined) refuseUnknown(columns, names, listed);
  return sections.flatMap((one) => explodeCells(mergeCells(one, names), columns ?? [...names.all]));
}

function isIterable(items: unknown): boolean {
  return isObject(items) && Symbol.iterator in items;
}

function toSections(record: Row, exploded: ReadonlySet<string>): Sections {
  const { properties, results, components, flags, ...others } = record;
  const fields: Cells = new Map();
  addFields(fields, '', others);
  if (flags !== undefined) fields.set('flags', { value: joinNames(flags) });
  if (components !== undefined && isTestRun(record))
    fields.set('component', { value: joinNames(components) });
  return { fields, properties: toCells(properties, exploded), results: toCells(results, exploded) };
}

function addFields(fields: Cells, prefix: string, record: Row): void {
  for (const [key, value] of Object.entries(record)) {
    const isListOfRecords = Array.isArray(value) && value.some(isObject);
    if (isListOfRecords || (prefix === '' && LISTS.has(key))) continue;
    if (!isRecord(value) || value instanceof Date) fields.set(prefix + key, { value });
    else if (isReference(value)) fields.set(prefix + key, { value: nameOf(value) });
    else addFields(fields, `${prefix}${key}.`, value);
  }
}

function isReference(value: Row): boolean {
  return ['serialNumber', 'code', 'userIdentity'].some((key) => typeof value[key] === 'string');
}

/** What people call a record. */
function nameOf(reference: unknown): unknown {
  if (!isRecord(reference)) return reference;
  const { serialNumber, alternativeIdentifier, code, userIdentity } = reference;
  return serialNumber ?? alternativeIdentifier ?? code ?? userIdentity ?? null;
}

function joinNames(references: unknown): string | null {
  if (!Array.isArray(references) || references.length === 0) return null;
  return references.map((one) => String(nameOf(one))).join(', ');
}

function toCells(list: unknown, exploded: ReadonlySet<string>): Cells {
  const cells: Cells = new Map();
  for (const { code, value } of (Array.isArray(list) ? list : []) as readonly CodedValue[]) {
    if (!exploded.has(code)) cells.set(code, { value });
    else if (!isRecord(value)) cells.set(code, { value, isExploded: Array.isArray(value) });
    else
      for (const [member, part] of Object.entries(value))
        cells.set(`${code}.${member}`, { value: part, isExploded: Array.isArray(part) });
  }
  return cells;
}

/** The names of the columns. */
interface Names {
  /** In their order. */
  readonly all: ReadonlySet<string>;
  readonly properties: ReadonlyMap<string, string>;
  readonly results: ReadonlyMap<string, string>;
}

/** Names the columns of all records alike: whether a name is taken must not depend on the row. */
function nameColumns(sections: readonly Sections[]): Names {
  const all = new Set(sections.flatMap(({ fields }) => [...fields.keys()]));
  const add = (section: 'properties' | 'results'): ReadonlyMap<string, string> => {
    const codes = new Set(sections.flatMap((one) => [...one[section].keys()]));
    const names = new Map([...codes].map((code) => [code, all.has(code) ? `${section}.${code}` : code]));
    for (const name of names.values()) all.add(name);
    return names;
  };
  return { properties: add('properties'), results: add('results'), all };
}

function refuseUnknown(columns: readonly string[], { all }: Names, listed: object): void {
  const unknown = columns.find((column) => !all.has(column));
  if (unknown === undefined) return;
  const known = [...all].map((name) => `\`${name}\``).join(', ');
  throw new InvalidInvocation(
    `toRows: no item has the column \`${unknown}\`. If it is a property or a result: ${explainLack(listed)}\nThe columns are ${known}`,
  );
}

function mergeCells({ fields, properties, results }: Sections, names: Names): Cells {
  const merged: Cells = new Map(fields);
  for (const [code, cell] of properties) merged.set(names.properties.get(code) ?? code, cell);
  for (const [code, cell] of results) merged.set(names.results.get(code) ?? code, cell);
  return merged;
}

function explodeCells(cells: Cells, columns: readonly string[]): Row[] {
  const lengths = [...cells.values()].map(({ value, isExploded }) =>
    isExploded ? (value as readonly unknown[]).length : 1,
  );
  return Array.from({ length: Math.max(1, ...lengths) }, (_, index) =>
    Object.fromEntries(columns.map((column) => [column, cellAt(cells.get(column), index)])),
  );
}

function cellAt(cell: Cell | undefined, index: number): unknown {
  const value = cell?.isExploded ? (cell.value as readonly unknown[])[index] : cell?.value;
  return value ?? null;
}
