import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { constants, copyFile, lstat, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ignore, makeFolder } from '../util/files.js';
import type { Grant } from './identity-provider.js';
import { loadZod } from './lazy-imports.js';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);

const FORMAT = 'itkdb-tokens-1';
const LARGEST = 256 * 1024;
const NOT_OURS = 'it is not a token file';

/** What the tokens of a file depend on. */
export interface TokenOwner {
  readonly accessCode1: string;
  readonly accessCode2: string;
  readonly audience: string;
  readonly authUrl: string;
}

/** What a token file holds: tokens, or why it cannot be used; undefined where there is no file. */
export type TokenFileContent = Grant | { readonly problem: string } | undefined;

/**
 * Tokens that survive the process, in one JSON file that only its owner can read.
 *
 * The access codes are not in it. It knows its owner by a digest of them that is salted and slow to compute (scrypt),
 * because people choose access codes, and the file may outlive the tokens.
 */
export class TokenFile {
  readonly path: string;

  /** @param path - absolute */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Reads the tokens of this owner. They are not verified yet.
   *
   * @throws ConnectionFailed where what checks them cannot be loaded
   */
  async load(owner: TokenOwner): Promise<TokenFileContent> {
    let text: string | undefined;
    try {
      text = await readSmallFile(this.path);
    } catch (error) {
      return { problem: (error as Error).message };
    }
    if (text === undefined) return undefined;
    const content = await parse(text);
    if (content === undefined) return { problem: NOT_OURS };
    const digest = Buffer.from(content.digest, 'base64url');
    const expected = await digestOf(owner, Buffer.from(content.salt, 'base64url'));
    if (digest.length !== expected.length || !timingSafeEqual(digest, expected)) {
      return { problem: 'it belongs to other access codes, another audience or another identity service' };
    }
    return { idToken: content.idToken, accessToken: content.accessToken };
  }

  /**
   * Replaces the file in one step, so that a reader sees the old or the new one, whole. Behind a link, that is the file
   * that it leads to. Its folder is made where there is none. A file of another program, such as one of the Python
   * package, is kept as `….bak`. The temporary files of processes that were killed while they saved are removed.
   *
   * @throws where there is a pipe, a device or the like, and what `node:fs` throws
   */
  async save(owner: TokenOwner, { idToken, accessToken }: Grant): Promise<void> {
    const salt = randomBytes(16);
    const digest = await digestOf(owner, salt);
    const content: TokenFileFields = {
      format: FORMAT,
      salt: salt.toString('base64url'),
      digest: digest.toString('base64url'),
      idToken,
      accessToken,
    };
    await makeFolder(dirname(this.path));
    const path = (await realpath(this.path).catch(ignore('ENOENT'))) ?? this.path;
    const present = await stat(path).catch(ignore('ENOENT'));
    if (present?.isFile() === false) throw new Error('it is no file');
    if (present !== undefined) await keepWhatIsNotOurs(path);
    await replaceFile(path, `${JSON.stringify(content, null, 2)}\n`);
    await removeAbandoned(dirname(path));
  }
}

async function keepWhatIsNotOurs(path: string): Promise<void> {
  const text = await readSmallFile(path).catch(() => NOT_OURS);
  // Ours may be cut off, by a full disk for one.
  if (!text?.trim() || text.includes(FORMAT) || `{\n  "format": "${FORMAT}`.startsWith(text)) return;
  await copyFile(path, `${path}.bak`, constants.COPYFILE_EXCL);
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.itkdb-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

const TEMPORARY = /^\.itkdb-(\d{1,10})-[0-9a-f]{12}\.tmp$/;
const MINUTE = 60_000;

/** Removes temporary files of {@link replaceFile} that no process will put into place. Never throws. */
async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    const [, pid] = TEMPORARY.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const status = await lstat(path).catch(() => undefined);
    if (status?.isFile() !== true) continue;
    const age = Date.now() - status.mtimeMs;
    // The process may run on another computer that shares the folder: it would have finished within a minute.
    if (age > 60 * MINUTE || (age > MINUTE && !isRunning(Number(pid)))) await unlink(path).catch(() => {});
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface TokenFileFields extends Grant {
  readonly format: string;
  readonly salt: string;
  readonly digest: string;
}

async function parse(text: string): Promise<TokenFileFields | undefined> {
  const z = await loadZod();
  const filled = z.string().min(1);
  const schema = z.object({
    format: z.literal(FORMAT),
    salt: filled,
    digest: filled,
    idToken: filled,
    accessToken: filled,
  });
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function digestOf(
  { accessCode1, accessCode2, audience, authUrl }: TokenOwner,
  salt: Buffer,
): Promise<Buffer> {
  return derive(JSON.stringify([accessCode1, accessCode2, audience, authUrl]), salt, 32);
}

async function readSmallFile(path: string): Promise<string | undefined> {
  // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(ignore('ENOENT'));
  if (file === undefined) return undefined;
  try {
    const status = await file.stat();
    if (!status.isFile() || status.size > LARGEST) throw new Error(NOT_OURS);
    const text = await file.readFile('utf8');
    // Tokens are for their owner, whoever has made the file; on Windows modes mean little.
    if (text.includes(FORMAT) && (status.mode & 0o077) !== 0) await file.chmod(0o600).catch(() => {});
    return text;
  } finally {
    await file.close();
  }
}
