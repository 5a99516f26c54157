import { titleOf } from '../output/format.js';
import type { Style } from '../output/style.js';
import { cellOf } from '../output/table.js';
import type { TreeNode } from './trees.js';

/** A line of a tree: the branches and the name, and what else is known. */
interface Line {
  readonly branches: string;
  readonly name: string;
  readonly kind: string;
  readonly stage: string;
}

/** Lays out a tree, one component in each line: its serial number, its type and its stage. */
export function formatTree(
  tree: TreeNode,
  { style, width }: { readonly style: Style; readonly width: number },
): string {
  const lines = [...linesOf(tree, { first: '', next: '' })];
  const nameWidth = Math.max(...lines.map(({ branches, name }) => branches.length + name.length));
  const kindWidth = Math.max(...lines.map(({ kind }) => kind.length));
  return lines
    .map(({ branches, name, kind, stage }) => {
      const space = ' '.repeat(nameWidth - branches.length - name.length);
      const rest = `${space}  ${kind.padEnd(kindWidth)}  ${stage}`.trimEnd();
      const place = width - branches.length - name.length;
      return `${branches}${style.bold(name)}${rest.length > place ? `${rest.slice(0, place - 1)}…` : rest}\n`;
    })
    .join('');
}

function* linesOf(
  node: TreeNode,
  { first, next }: { readonly first: string; readonly next: string },
): Generator<Line, void, undefined> {
  const { code, componentType, type, currentStage, children, parents } = node;
  yield {
    branches: first,
    name: code === undefined ? '(free)' : cellOf(titleOf(node as { readonly code: string })),
    kind: cellOf([componentType, type].filter(Boolean).join(' ')),
    stage: cellOf(currentStage),
  };
  const nodes = children ?? parents ?? [];
  for (const [index, one] of nodes.entries()) {
    const isLast = index === nodes.length - 1;
    yield* linesOf(one, {
      first: `${next}${isLast ? '└─ ' : '├─ '}`,
      next: `${next}${isLast ? '   ' : '│  '}`,
    });
  }
}
