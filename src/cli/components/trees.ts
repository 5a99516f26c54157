import { parentsOf } from '../../client/components/ancestors.js';
import { Component, type ComponentData } from '../../client/models/component.js';
import { refCode, refId } from '../../commands/references.js';
import type { Cli } from '../cli.js';
import { titleOf } from '../output/format.js';
import { ComponentReader } from './component-reader.js';
import { formatTree } from './tree-text.js';

/** How much of a tree is shown. */
export interface TreeOptions {
  readonly depth?: number;
  /** Whether the parents are shown in place of the children. */
  readonly up?: boolean;
  /** Whether free positions are shown. */
  readonly free?: boolean;
}

/** A component in a tree, or a free position. */
export interface TreeNode {
  /** Null where it has none, and of a free position. */
  readonly serialNumber: string | null;
  /** Undefined for a free position. */
  readonly code?: string | undefined;
  readonly id?: string | undefined;
  readonly componentType: string | undefined;
  readonly type: string | undefined;
  readonly currentStage?: string | undefined;
  /** The components in it. */
  readonly children?: readonly TreeNode[];
  /** The components that it is in. */
  readonly parents?: readonly TreeNode[];
}

const COLUMNS = ['level', 'parent', 'serialNumber', 'componentType', 'type', 'currentStage'];

/** Writes trees: as text on a terminal, as nested objects in JSON, else as a list. */
export async function showTrees(cli: Cli, names: readonly string[], options: TreeOptions): Promise<void> {
  const { output } = cli;
  const reader = new ComponentReader(cli, names);
  const trees: AsyncIterable<TreeNode> = readTrees(cli, reader, options);
  if (output.fields !== undefined || output.format === 'csv' || output.format === 'ndjson')
    await output.list(flatten(trees), {
      noun: 'components',
      columns: COLUMNS,
      toRows: (items) => items as never,
    });
  else if (output.format === 'text') {
    let start = '';
    for await (const tree of trees) {
      await output.show(tree, (style) => start + formatTree(tree, { style, width: output.width }));
      start = '\n';
    }
  } else if (names.length === 1) for await (const tree of trees) await output.show(tree);
  else await output.list(trees, { noun: 'components', columns: [] });
  reader.check();
}

async function* readTrees(
  cli: Cli,
  reader: ComponentReader,
  options: TreeOptions,
): AsyncGenerator<TreeNode, void, undefined> {
  const client = await cli.client();
  for await (const data of reader) {
    if (options.up) {
      const ancestors = await client.components.ancestors(data.id, { signal: cli.signal });
      yield toParentTree(data, ancestors, options.depth);
      continue;
    }
    const root = new Component(client, data);
    let count = 0;
    for await (const child of root.walk({
      ...{ signal: cli.signal, errors: 'collect' },
      recurse: options.depth !== 1,
    })) {
      count += 1;
      cli.progress.show({ done: count, total: undefined, failed: 0 }, 'components');
      if (child.error !== undefined) reader.tellFailed(titleOf(child.data), child.error);
    }
    yield toTree(root, options);
  }
}

function nodeOf(data: ComponentData): Omit<TreeNode, 'children' | 'parents'> {
  return {
    serialNumber: data.serialNumber ?? null,
    code: data.code,
    id: data.id,
    componentType: refCode(data.componentType),
    type: refCode(data.type),
    currentStage: refCode(data.currentStage),
  };
}

function toTree(component: Component, options: TreeOptions, level = 0): TreeNode {
  const { data, slot, error } = component;
  // If a component could not be read, its type is known from the parent.
  const { componentType = refCode(slot?.componentType), type = refCode(slot?.type), ...own } = nodeOf(data);
  const isLast = level >= (options.depth ?? Infinity) || error !== undefined || data.children === undefined;
  const byId = new Map(isLast ? [] : component.children.map((child) => [child.slot, child]));
  const children = (isLast ? [] : (data.children ?? [])).flatMap((place): TreeNode[] => {
    const child = byId.get(place);
    if (child !== undefined) return [toTree(child, options, level + 1)];
    const isFree = options.free === true && place.component === null;
    const fits = { componentType: refCode(place.componentType), type: refCode(place.type) };
    return isFree ? [{ serialNumber: null, ...fits, children: [] }] : [];
  });
  const { serialNumber, code, id, ...others } = own;
  return { serialNumber, code, id, componentType, type, ...others, children };
}

/** Makes the tree of the parents of a component from the components that were found. */
function toParentTree(data: ComponentData, ancestors: readonly ComponentData[], depth = Infinity): TreeNode {
  const nodeWithParents = (component: ComponentData, path: readonly string[]): TreeNode => {
    const parents = path.length >= depth ? [] : parentsOf(component);
    const known = parents.flatMap(
      (parent) => ancestors.find(({ id, code }) => id === refId(parent) || code === refCode(parent)) ?? [],
    );
    return {
      ...nodeOf(component),
      parents: known
        .filter(({ id }) => !path.includes(id))
        .map((parent) => nodeWithParents(parent, [...path, component.id])),
    };
  };
  return nodeWithParents(data, []);
}

async function* flatten(trees: AsyncIterable<TreeNode>): AsyncGenerator<object, void, undefined> {
  for await (const tree of trees) yield* flattenTree(tree, 0, null);
}

/** Lists the components of a tree, each with its level and the component above it. */
function* flattenTree(
  node: TreeNode,
  level: number,
  parent: string | null,
): Generator<object, void, undefined> {
  const { children, parents, ...own } = node;
  yield { level, parent, ...own };
  for (const next of children ?? parents ?? []) yield* flattenTree(next, level + 1, titleOf(node));
}
