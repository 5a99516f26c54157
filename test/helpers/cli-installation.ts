import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { InstalledPackage, ROOT } from './installed-package.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder in which the packed package is installed, for all tests of the command line. */
    readonly cliInstallation: string;
  }
}

/** Packs and installs the package once, before all tests of the command line. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await access(join(ROOT, 'dist', 'cli', 'main.js')).catch(() => {
    throw new Error('dist/cli/main.js is missing: run `npm run build` first');
  });
  const installed = await InstalledPackage.install();
  project.provide('cliInstallation', installed.folder);
  return () => installed.remove();
}
