import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { constants, copyFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Grant } from './identity-provider.js';
import { loadZod } from './lazy-imports.js';
import { preparePrivateFile, readPrivateFile, replacePrivateFile } from './private-file.js';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);

const FORMAT = 'itkdb-tokens-1';
const NOT_OURS = 'it is not a token file';
const FILE = { format: FORMAT, notOurs: NOT_OURS };

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
      text = await readPrivateFile(this.path, FILE);
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
    const { path, exists } = await preparePrivateFile(this.path);
    if (exists) await keepWhatIsNotOurs(path);
    await replacePrivateFile(path, `${JSON.stringify(content, null, 2)}\n`);
  }
}

async function keepWhatIsNotOurs(path: string): Promise<void> {
  const text = await readPrivateFile(path, FILE).catch(() => NOT_OURS);
  // Ours may be cut off, by a full disk for one.
  if (!text?.trim() || text.includes(FORMAT) || `{\n  "format": "${FORMAT}`.startsWith(text)) return;
  await copyFile(path, `${path}.bak`, constants.COPYFILE_EXCL);
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
