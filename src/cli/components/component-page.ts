import { parentsOf } from '../../client/components/ancestors.js';
import { webUrl } from '../../client/models/web-url.js';
import { type Ref, refCode, refId } from '../../commands/references.js';
import type { BulkComponent, ComponentTest, FullComponent } from '../../commands/shapes.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import { asList, codesOf } from '../../util/lists.js';
import {
  formatDate,
  formatSize,
  formatTime,
  formatValue,
  labelOf,
  personOf,
  titleOf,
} from '../output/format.js';
import type { Style } from '../output/style.js';
import { cellOf, formatPairs, formatTable } from '../output/table.js';
import { latestOf, readyRunsOf } from '../test-runs/choice.js';

type Component = FullComponent | BulkComponent;

/** The width of the names of the facts, with the gap after them, in columns. */
const LONGEST_NAME = 'alternative identifier  '.length;

interface PageOptions {
  readonly style: Style;
  readonly width: number;
  /** The address of the website. */
  readonly site: string;
  /** The stages of its component type, in their order. */
  readonly stages: readonly string[];
}

/** Lays out all that a person wants to know of a component. */
export function formatComponent(component: Component, options: PageOptions): string {
  const { style, width } = options;
  const { componentType, type } = component;
  const section = (title: string, text: string): string => text && `\n${style.bold(title)}\n${text}`;
  const table = (rows: readonly Record<string, unknown>[], columns: readonly string[]): string =>
    rows.length === 0 ? '' : formatTable(rows, columns, width);
  return [
    `${style.bold(cellOf(titleOf(component)))}  ${cellOf(labelOf(type ?? componentType))}\n\n`,
    formatPairs(factsOf(component, options)),
    section('Properties', formatPairs(propertiesOf(component))),
    section('Children', table(childrenOf(component), ['position', 'serialNumber', 'componentType', 'type'])),
    section('Tests, the latest of each type', formatTests(asList(component.tests), options)),
    section('Comments', formatPairs(commentsOf(component))),
    section('Attachments', formatAttachments(component, width)),
  ].join('');
}

function* factsOf(
  component: Component,
  { site, stages, width }: PageOptions,
): Generator<readonly [string, unknown]> {
  const { serialNumber, alternativeIdentifier, code, state, componentType, type, project } = component;
  yield ['serial number', serialNumber];
  yield ['alternative identifier', alternativeIdentifier];
  yield ['component type', codeAndName(componentType)];
  yield ['type', codeAndName(type)];
  yield ['project', codeAndName(project)];
  yield ['stage', stageOf(component)];
  const lines = formatStages(stages, refCode(component.currentStage), width - LONGEST_NAME);
  for (const [index, line] of lines.entries()) yield [index === 0 ? 'stages' : '', line];
  yield ['location', codeAndName(component.currentLocation)];
  yield ['owner', codeAndName(component.institution)];
  yield ['part of', wholesOf(component).join(', ')];
  yield ['flags', codesOf(component.flags).join(', ')];
  yield [
    'batches',
    asList(component.batches)
      .flatMap(({ number }) => number ?? [])
      .join(', '),
  ];
  yield ['grade', component.currentGrade ?? component.grade];
  yield ['remarks', remarksOf(component).join(', ')];
  yield ['state', state === 'ready' ? '' : state];
  yield ['registered', `${formatTime(component.cts)} ${personOf(component.user)}`];
  yield ['code', code];
  yield ['web page', webUrl({ code, serialNumber }, site)];
}

function wholesOf(component: Component): string[] {
  return parentsOf(component).map((parent) => {
    const link = asList<NonNullable<Component['parents']>[number]>(component.parents).find(
      (one) => one.component === parent,
    );
    return `${nameOf(parent)} (${refCode(link?.componentType) ?? ''})`;
  });
}

function codeAndName(ref: Ref | undefined): string {
  const [code, name] = [refCode(ref) ?? refId(ref) ?? '', labelOf(ref)];
  return name === code ? code : `${code} (${name})`;
}

function nameOf(ref: Ref): string {
  return isRecord(ref) ? titleOf(ref) : (ref ?? '');
}

function stageOf({ currentStage, stages }: Component): string {
  if (currentStage === null) return '';
  const entry = asList(stages).findLast(({ code }) => code === refCode(currentStage));
  return codeAndName(currentStage) + (entry ? `, since ${formatDate(entry.dateTime)}` : '');
}

/** Shows where a component is on its way, such as `GLUED > [BONDED] > TESTED`, in lines that are not longer than the width. */
function formatStages(stages: readonly string[], current: string | undefined, width: number): string[] {
  const lines: string[] = [];
  for (const [index, code] of stages.entries()) {
    const word = code === current ? `[${code}]` : code;
    const part = index === stages.length - 1 ? word : `${word} >`;
    const last = lines.at(-1);
    if (last === undefined || last.length + part.length >= width) lines.push(part);
    else lines[lines.length - 1] = `${last} ${part}`;
  }
  return lines;
}

function remarksOf({ dummy, trashed, reworked, completed }: Component): string[] {
  return [
    ...(completed ? ['completed'] : []),
    ...(reworked ? ['reworked'] : []),
    ...(trashed ? ['trashed'] : []),
    ...(dummy ? ['a dummy'] : []),
  ];
}

function propertiesOf({ properties }: Component): (readonly [string, unknown])[] {
  return asList(properties).map(({ code, value }) => [code, value === null ? null : formatValue(value)]);
}

function childrenOf({ children }: Component): Record<string, unknown>[] {
  return asList<NonNullable<Component['children']>[number]>(children).map((slot, index) => ({
    position: slot.order ?? index,
    serialNumber: slot.component === null ? 'free' : nameOf(slot.component),
    componentType: refCode(slot.componentType),
    type: refCode(slot.type),
  }));
}

function formatTests(tests: readonly ComponentTest[], { style, width }: PageOptions): string {
  const rows = tests.flatMap((test) => {
    const runs = readyRunsOf(test);
    const latest = latestOf(runs);
    if (latest === undefined) return [];
    const { passed, problems, date, runNumber } = latest;
    const result = `${passed ? 'passed' : 'failed'}${problems ? ', problems' : ''}`;
    return [
      {
        testType: test.code,
        result,
        date: formatDate(date),
        run: runNumber,
        runs: runs.length,
        passed,
      },
    ];
  });
  if (rows.length === 0) return '';
  const lines = formatTable(rows, ['testType', 'result', 'date', 'run', 'runs'], width).split('\n');
  // The first line is the head.
  return lines.map((line, index) => (rows[index - 1]?.passed === false ? style.red(line) : line)).join('\n');
}

function commentsOf({ comments }: Component): (readonly [string, unknown])[] {
  return asList(comments).map(({ dateTime, user, comment }) => [
    `${formatDate(dateTime)} ${personOf(user)}`,
    comment,
  ]);
}

function formatAttachments({ attachments }: Component, width: number): string {
  const rows = asList(attachments).map(
    ({ title, description, filename, type, contentType, url, filesize }) => ({
      ...{ title, description, filename: filename || url },
      type: type === 'link' ? 'link' : contentType,
      size: formatSize(filesize),
    }),
  );
  if (rows.length === 0) return '';
  const hasDescription = rows.some(({ description }) => isFilledString(description));
  const columns = ['title', ...(hasDescription ? ['description'] : []), 'filename', 'type', 'size'];
  return formatTable(rows, columns, width);
}
