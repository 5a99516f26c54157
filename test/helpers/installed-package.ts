import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The folder of the project. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** What a script printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

interface ScriptOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly node?: string;
  readonly nodeArgs?: readonly string[];
  readonly args?: readonly string[];
}

/**
 * A fresh folder in which the packed package is installed as npm would: the files of the tarball, and copies of what
 * the lockfile says that its dependencies are. So it needs no registry, and nothing of the project can be reached.
 */
export class InstalledPackage {
  readonly folder: string;
  readonly tarball: string;
  /** Paths in the tarball. */
  readonly files: readonly string[];

  private constructor(folder: string, tarball: string, files: readonly string[]) {
    this.folder = folder;
    this.tarball = tarball;
    this.files = files;
  }

  /** Packs what is built, and installs it together with some packages more, such as those of a TypeScript project. */
  static async install(extras: readonly string[] = []): Promise<InstalledPackage> {
    const folder = await mkdtemp(join(tmpdir(), 'itkdb-installed-'));
    const target = join(folder, 'node_modules', 'itkdb');
    await mkdir(target, { recursive: true });
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
    const { stdout } = await run('npm', pack, { cwd: ROOT });
    const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    const tarball = join(folder, filename);
    await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
    for (const path of [...(await dependencies()), ...extras.map((name) => `node_modules/${name}`)])
      await cp(join(ROOT, path), join(folder, path), { recursive: true });
    // Links the binaries.
    await run('npm', ['rebuild', '--ignore-scripts', '--offline'], { cwd: folder });
    return new InstalledPackage(folder, tarball, files.map(({ path }) => path).sort());
  }

  /** Writes a script into the folder and runs it there; its environment is that of the tests with `env` on top. */
  async runScript(
    name: string,
    source: string,
    { env, node = process.execPath, nodeArgs = [], args = [] }: ScriptOptions = {},
  ): Promise<Printed> {
    await writeFile(join(this.folder, name), source);
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    return run(node, [...nodeArgs, name, ...args], { cwd: this.folder, env: { ...environment, ...env } });
  }

  /** Type-checks files of the folder; returns what the compiler complains about. */
  async typecheck(files: readonly string[], options: readonly string[]): Promise<string> {
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const shared = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2022', '--types', 'node'];
    const args = [tsc, ...shared, ...options, ...files];
    const { stdout } = await run(process.execPath, args, { cwd: this.folder }).catch((error) => error);
    return stdout;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}

/** Where the lockfile puts what a user gets along with the package. */
async function dependencies(): Promise<string[]> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.keys(packages).filter((path) => path !== '' && !packages[path].dev);
}
