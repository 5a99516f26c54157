import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import { InvalidInvocation } from '../exceptions/base.js';

/**
 * The folder of the user's settings and of the stored sign-in: `ITKDB_CONFIG_DIR`, or else `itkdb` in the folder that the
 * platform has for settings. It need not exist.
 *
 * @throws InvalidInvocation where `ITKDB_CONFIG_DIR` is not an absolute path, or there is no home folder
 */
export function configFolder(): string {
  return findConfigFolder() ?? noHome('ITKDB_CONFIG_DIR');
}

/** Returns the same, but undefined where there is no home folder. */
export function findConfigFolder(): string | undefined {
  const own = process.env['ITKDB_CONFIG_DIR']?.trim();
  if (!own) return find({ windows: ['APPDATA', 'Roaming'], others: ['XDG_CONFIG_HOME', '.config'] });
  if (pathOf().isAbsolute(own)) return pathOf().normalize(own);
  throw new InvalidInvocation('environment: `ITKDB_CONFIG_DIR` must be an absolute path');
}

/**
 * The folder of what can be fetched again: `itkdb` in the folder that the platform has for it. It need not exist.
 *
 * @throws InvalidInvocation where there is no home folder
 */
export function cacheFolder(): string {
  const folder = find({ windows: ['LOCALAPPDATA', 'Local'], others: ['XDG_CACHE_HOME', '.cache'] });
  if (folder === undefined) return noHome('XDG_CACHE_HOME');
  return process.platform === 'win32' ? win32.join(folder, 'cache') : folder;
}

/** The variable that names a folder, and where that is in the home folder by default. */
type Place = readonly [variable: string, folder: string];

/** A variable that is not an absolute path is ignored, as the XDG Base Directory Specification says. */
function find({ windows, others }: { windows: Place; others: Place }): string | undefined {
  const path = pathOf();
  const isWindows = process.platform === 'win32';
  const [variable, folder] = isWindows ? windows : others;
  const named = process.env[variable]?.trim() ?? '';
  if (path.isAbsolute(named)) return path.join(named, 'itkdb');
  const home = homeOrNothing();
  if (!path.isAbsolute(home)) return undefined;
  return path.join(home, isWindows ? 'AppData' : '', folder, 'itkdb');
}

/** A container may have a user that is in no list of users. */
function homeOrNothing(): string {
  try {
    return homedir();
  } catch {
    return '';
  }
}

function noHome(variable: string): never {
  throw new InvalidInvocation(`this user has no home folder: set \`${variable}\` to an absolute path`);
}

/** Not `node:path` itself, so that the tests can try what happens on Windows. */
function pathOf(): typeof posix {
  return process.platform === 'win32' ? win32 : posix;
}
