import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { cacheFolder, configFolder } from '../src/config/places.js';
import { InvalidInvocation } from '../src/index.js';

const NAMES = ['ITKDB_CONFIG_DIR', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'APPDATA', 'LOCALAPPDATA'];

/** Pretends that the program runs elsewhere, with nothing in the environment but this. */
function on(platform: NodeJS.Platform, variables: Record<string, string> = {}): void {
  vi.spyOn(process, 'platform', 'get').mockReturnValue(platform);
  for (const name of NAMES) vi.stubEnv(name, variables[name]);
  if (variables['HOME'] !== undefined) vi.stubEnv('HOME', variables['HOME']);
}

describe('configFolder()', () => {
  it('is ~/.config/itkdb by default', () => {
    on('linux');
    expect(configFolder()).toBe(join(homedir(), '.config', 'itkdb'));
  });

  it.each<[NodeJS.Platform, Record<string, string>, string]>([
    ['linux', { XDG_CONFIG_HOME: '/xdg' }, '/xdg/itkdb'],
    ['darwin', { XDG_CONFIG_HOME: '/xdg', APPDATA: 'C:\\Roaming' }, '/xdg/itkdb'],
    ['win32', { XDG_CONFIG_HOME: '/xdg', APPDATA: 'C:\\Roaming' }, 'C:\\Roaming\\itkdb'],
    ['linux', { XDG_CONFIG_HOME: '/xdg', ITKDB_CONFIG_DIR: '/own//folder/' }, '/own/folder/'],
    ['win32', { APPDATA: 'C:\\Roaming', ITKDB_CONFIG_DIR: 'D:/own' }, 'D:\\own'],
    ['linux', { HOME: '/home/alex', XDG_CONFIG_HOME: 'relative' }, '/home/alex/.config/itkdb'],
    ['linux', { HOME: '/home/alex', XDG_CONFIG_HOME: '', ITKDB_CONFIG_DIR: '' }, '/home/alex/.config/itkdb'],
  ])('on %s with %j is %s', (platform, variables, expected) => {
    on(platform, variables);
    expect(configFolder()).toBe(expected);
  });

  it('is an InvalidInvocation if ITKDB_CONFIG_DIR is not an absolute path', () => {
    on('linux', { ITKDB_CONFIG_DIR: 'folder' });
    expect(configFolder).toThrow(InvalidInvocation);
    expect(configFolder).toThrow('environment: `ITKDB_CONFIG_DIR` must be an absolute path');
  });
});

describe('cacheFolder()', () => {
  it.each<[NodeJS.Platform, Record<string, string>, string]>([
    ['linux', { HOME: '/home/alex' }, '/home/alex/.cache/itkdb'],
    ['linux', { HOME: '/home/alex', XDG_CACHE_HOME: 'relative' }, '/home/alex/.cache/itkdb'],
    ['linux', { XDG_CACHE_HOME: '/xdg', ITKDB_CONFIG_DIR: '/own' }, '/xdg/itkdb'],
    ['win32', { LOCALAPPDATA: 'C:\\Local', XDG_CACHE_HOME: '/xdg' }, 'C:\\Local\\itkdb\\cache'],
  ])('on %s with %j is %s', (platform, variables, expected) => {
    on(platform, variables);
    expect(cacheFolder()).toBe(expected);
  });
});

describe.skipIf(process.platform === 'win32')('without a home folder', () => {
  it('there is no place for files, and the message says how to give one', () => {
    on('linux', { HOME: 'relative' });
    expect(configFolder).toThrow('this user has no home folder: set `ITKDB_CONFIG_DIR` to an absolute path');
    expect(cacheFolder).toThrow('this user has no home folder: set `XDG_CACHE_HOME` to an absolute path');
  });
});
