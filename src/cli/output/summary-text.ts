import type { ComponentType, Institution, TestType } from '../../commands/shapes.js';
import { formatCount, type Style } from './style.js';
import { cellOf, formatTable } from './table.js';

/** What there is in a project. */
interface Summary {
  readonly institutions: readonly Institution[];
  readonly componentTypes: readonly (Omit<ComponentType, 'testTypes'> & {
    readonly testTypes: readonly TestType[];
  })[];
}

interface TextOptions {
  readonly project: string;
  readonly style: Style;
  readonly width: number;
}

/** Lays out the institutions, the component types and their test types, each of them as a section. */
export function formatSummary(
  { institutions, componentTypes }: Summary,
  { project, style, width }: TextOptions,
): string {
  const section = (title: string, items: readonly object[], columns: readonly string[]): string => {
    const head = style.bold(`${cellOf(title)} (${formatCount(items.length)})`);
    return `${head}\n${items.length === 0 ? '' : formatTable(items as Record<string, unknown>[], columns, width)}`;
  };
  return [
    section('Institutions', institutions, ['code', 'name']),
    section(`Component types of the project ${project}`, componentTypes, ['code', 'name', 'state']),
    ...componentTypes
      .filter(({ testTypes }) => testTypes.length > 0)
      .map(({ code, testTypes }) => section(`Test types of ${code}`, testTypes, ['code', 'name', 'state'])),
  ].join('\n');
}
