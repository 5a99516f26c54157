import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './installed-package.js';

/** A block of code in a document. */
export interface CodeBlock {
  /** Where it stands, such as `docs/errors.md:14`. */
  readonly place: string;
  readonly language: string;
  /** Whether its fence says `run`. */
  readonly isRunnable: boolean;
  readonly code: string;
  /** The block of `text` that follows at once: what it prints. */
  readonly output: string | undefined;
}

/** The documents that users read. */
export async function documents(): Promise<string[]> {
  const folders = await Promise.all(['docs', 'docs/recipes'].map(pagesIn));
  return ['README.md', ...folders.flat()];
}

async function pagesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(ROOT, folder));
  return names.filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`);
}

/** The blocks of code of a document in TypeScript or JavaScript. */
export async function codeBlocks(document: string): Promise<CodeBlock[]> {
  const text = await readFile(join(ROOT, document), 'utf8');
  const fence = /^```(ts|js)( run)?\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms;
  return [...text.matchAll(fence)].map(({ index, 1: language = '', 2: run, 3: code = '', 4: output }) => ({
    place: `${document}:${text.slice(0, index).split('\n').length}`,
    language,
    isRunnable: run !== undefined,
    code,
    output,
  }));
}

/** The JavaScript of a block. */
export function toJavaScript({ language, code }: CodeBlock): string {
  if (language === 'js') return code;
  return ts.transpile(code, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext });
}
