import { randomUUID } from 'node:crypto';
import { realpath, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { configFolder, findConfigFolder } from '../config/places.js';
import { NotSignedIn } from '../exceptions/base.js';
import { messageOf } from '../util/errors.js';
import { ignore } from '../util/files.js';
import { localTime } from '../util/local-time.js';
import type { Grant } from './identity-provider.js';
import { loadZod } from './lazy-imports.js';
import { preparePrivateFile, readPrivateFile, removeAbandoned, replacePrivateFile } from './private-file.js';

const FORMAT = 'itkdb-sign-in-1';
const RENEWED_FORMAT = 'itkdb-renewed-token-1';
const WAY_OUT = 'Run `npx itkdb login`, or set ITKDB_ACCESS_CODE1 and ITKDB_ACCESS_CODE2.';

/** The two personal access codes. */
export interface AccessCodes {
  readonly accessCode1: string;
  readonly accessCode2: string;
}

/** The servers and the audience of a sign-in: it is used for no others. */
export interface Addresses {
  /** URL of the identity service. */
  readonly authUrl: string;
  /** URL of the database. */
  readonly apiUrl: string;
  readonly audience: string;
}

/** An address in use. */
export interface AddressInUse {
  readonly of: keyof Addresses;
  readonly value: string;
  /** Returns where it comes from, such as `ITKDB_API_URL in the environment`; undefined for the default. */
  readonly origin: () => string | undefined;
}

/** A sign-in that `itkdb login` stores. */
export interface NewSignIn extends Addresses {
  readonly tokens: Grant;
  /** Only if the user wants them to be stored. */
  readonly codes?: AccessCodes | undefined;
}

interface SignInFields extends NewSignIn {
  readonly id: string;
}

/**
 * The sign-in that `itkdb login` has stored for all programs of the user.
 *
 * Its file is changed only by `login` and `logout`. A program that gets a new token writes it into a second file, with the
 * id of the sign-in. So it never overwrites a sign-in that another process has stored in the meantime.
 */
export class StoredSignIn {
  /** The path of its file. */
  readonly path: string;
  readonly authUrl: string;
  readonly apiUrl: string;
  readonly audience: string;
  /** Full name, or else the identity. Not verified. */
  readonly name: string;
  /** The identity. Not verified. */
  readonly identity: string;
  /** Expiry of the token, in seconds since the epoch. Not verified. */
  readonly expiresAt: number;
  readonly #id: string;
  readonly #tokens: Grant;
  readonly #codes: AccessCodes | undefined;

  constructor(path: string, { id, tokens, codes, authUrl, apiUrl, audience }: SignInFields) {
    const { name, uuidentity, exp } = claimsOf(tokens.idToken);
    this.path = path;
    this.authUrl = authUrl;
    this.apiUrl = apiUrl;
    this.audience = audience;
    this.identity = typeof uuidentity === 'string' ? uuidentity : '';
    this.name = (typeof name === 'string' && name) || this.identity || 'an unnamed user';
    this.expiresAt = typeof exp === 'number' ? exp : 0;
    this.#id = id;
    this.#tokens = tokens;
    this.#codes = codes;
  }

  /** The tokens, which are not verified. A method, so that no inspected object shows them. */
  tokens(): Grant {
    return this.#tokens;
  }

  /** The access codes; undefined where the user did not want them to be stored. */
  codes(): AccessCodes | undefined {
    return this.#codes;
  }

  /**
   * Makes sure that the addresses in use are the ones that it was made for.
   *
   * @param previous - the sign-in that was read before, which must be of the same person
   * @throws NotSignedIn that names both, and where the other address comes from
   */
  check(inUse: readonly AddressInUse[], previous: StoredSignIn = this): void {
    if (previous.identity !== this.identity) {
      throw new NotSignedIn(
        `this program works for ${previous.name}, but the stored sign-in is now of ${this.name}\nStart the program again.`,
      );
    }
    for (const { of, value, origin } of inUse) {
      if (value === this[of]) continue;
      throw new NotSignedIn(
        `the stored sign-in of ${this.name} is for ${NAMES[of]} ${this[of]}, but ${value} is in use\n` +
          adviceOn(origin()),
      );
    }
  }

  /** Returns the exception that says that the token has expired, or is about to. */
  expired(): NotSignedIn {
    const verb = this.expiresAt * 1000 > Date.now() ? 'expires' : 'expired';
    return new NotSignedIn(
      `the sign-in of ${this.name} ${verb} at ${localTime(new Date(this.expiresAt * 1000))}\n${WAY_OUT}`,
    );
  }

  /** Stores new tokens for the next process, unless another `login` or `logout` has come in between. */
  async saveRenewed(tokens: Grant): Promise<void> {
    if (!(await this.#isCurrent())) return;
    const { path } = await preparePrivateFile(renewedPath());
    await replacePrivateFile(path, toText({ format: RENEWED_FORMAT, id: this.#id, ...tokens }));
    // `logout` may have looked for the file just before it was written.
    if (!(await this.#isCurrent())) await removeFile(renewedPath());
  }

  async #isCurrent(): Promise<boolean> {
    const fields = await readFields(signInPath()).catch(() => undefined);
    return fields?.id === this.#id;
  }
}

/**
 * Reads the stored sign-in, with the newest token; undefined where there is none.
 *
 * @throws NotSignedIn where its file cannot be read, is damaged or of another program
 * @throws ConnectionFailed where zod, which checks it, cannot be loaded
 */
export async function readSignIn(): Promise<StoredSignIn | undefined> {
  if (findConfigFolder() === undefined) return undefined;
  const path = signInPath();
  const fields = await readFields(path);
  if (fields === undefined) return undefined;
  const renewed = fields.codes && (await readRenewed(fields.id));
  return new StoredSignIn(path, { ...fields, tokens: renewed ?? fields.tokens });
}

/**
 * Stores a sign-in in place of the one before, in a file that only the user can read.
 *
 * @returns the path of the file
 * @throws InvalidInvocation where there is no home folder, and what `node:fs` throws
 */
export async function storeSignIn({
  authUrl,
  apiUrl,
  audience,
  tokens: { idToken, accessToken },
  codes,
}: NewSignIn): Promise<string> {
  const { path } = await preparePrivateFile(signInPath());
  const fields = { authUrl, apiUrl, audience, idToken, accessToken, ...codes };
  await replacePrivateFile(path, toText({ format: FORMAT, id: randomUUID(), ...fields }));
  await removeFile(renewedPath());
  return path;
}

/**
 * Removes the stored sign-in: the access codes and all tokens.
 *
 * @returns whether there was one
 */
export async function removeSignIn(): Promise<boolean> {
  if (findConfigFolder() === undefined) return false;
  const wasThere = await removeFile(signInPath());
  await removeFile(renewedPath());
  await removeAbandoned(configFolder());
  return wasThere;
}

/** The path of the file of the stored sign-in. */
export function signInPath(): string {
  return join(configFolder(), 'sign-in.json');
}

function renewedPath(): string {
  return join(configFolder(), 'renewed-token.json');
}

/** Removes a file; of a link, also the file that it leads to. Returns whether there was one. */
async function removeFile(path: string): Promise<boolean> {
  const target = await realpath(path).catch(ignore('ENOENT', 'ENOTDIR'));
  if (target !== undefined) await unlink(target).catch(ignore('ENOENT'));
  if (target !== path) await unlink(path).catch(ignore('ENOENT', 'ENOTDIR'));
  return target !== undefined;
}

async function readFields(path: string): Promise<SignInFields | undefined> {
  const z = await loadZod();
  const filled = z.string().min(1);
  const url = filled.refine((text) => /^https?:/.test(text) && URL.canParse(text));
  const schema = z.object({
    ...{ format: z.literal(FORMAT), id: filled, authUrl: url, apiUrl: url, audience: z.string() },
    ...{ idToken: filled, accessToken: filled },
    ...{ accessCode1: filled.optional(), accessCode2: filled.optional() },
  });
  const text = await readPrivateFile(path, { format: FORMAT, notOurs: 'it is not a small file' }).catch(
    (error: unknown) => {
      throw unusable(path, `cannot be read (${(error as NodeJS.ErrnoException).code ?? messageOf(error)})`);
    },
  );
  if (text === undefined) return undefined;
  const { data } = schema.safeParse(parsed(text));
  if (data === undefined) throw unusable(path, 'is damaged, or was written by another program');
  const { id, authUrl, apiUrl, audience, idToken, accessToken, accessCode1, accessCode2 } = data;
  const hasCodes = accessCode1 !== undefined && accessCode2 !== undefined;
  const codes = hasCodes ? { accessCode1, accessCode2 } : undefined;
  return { id, authUrl, apiUrl, audience, tokens: { idToken, accessToken }, codes };
}

/** Returns the renewed token of a sign-in; undefined where there is none. */
async function readRenewed(id: string): Promise<Grant | undefined> {
  const z = await loadZod();
  const filled = z.string().min(1);
  const schema = z.object({ id: z.literal(id), idToken: filled, accessToken: filled });
  const file = { format: RENEWED_FORMAT, notOurs: '' };
  const text = await readPrivateFile(renewedPath(), file).catch(() => undefined);
  const { data } = schema.safeParse(parsed(text ?? ''));
  return data && { idToken: data.idToken, accessToken: data.accessToken };
}

function unusable(path: string, problem: string): NotSignedIn {
  return new NotSignedIn(`the stored sign-in cannot be used: ${path} ${problem}\n${WAY_OUT}`);
}

/** What to do about an address that the sign-in is not for. The author of a `.env` may want the access codes of other people. */
function adviceOn(origin: string | undefined): string {
  if (origin === undefined) return 'That is the default. To sign in there, run `npx itkdb login`.';
  return `That comes from ${origin}. If it is right, run \`npx itkdb login\` to sign in there. If not, remove it, and do not sign in there.`;
}

const NAMES: Readonly<Record<keyof Addresses, string>> = {
  authUrl: 'the identity service',
  apiUrl: 'the database',
  audience: 'the audience',
};

/** Returns the claims of a token. They are not verified, and only shown. */
function claimsOf(idToken: string): Readonly<Record<string, unknown>> {
  const payload = Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString();
  return Object(parsed(payload));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toText(fields: object): string {
  return `${JSON.stringify(fields, null, 2)}\n`;
}
