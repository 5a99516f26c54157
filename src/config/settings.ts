import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as dotenv from 'dotenv';
import type { ZodType } from 'zod';
import { InvalidInvocation } from '../exceptions/base.js';
import { warnOnce } from '../util/warn-once.js';
import { check, lazyZod, prefixUrlSchema } from './validation.js';

/** The settings, by the names of their environment variables. */
export interface Settings {
  /** The first of the two personal access codes. @defaultValue `''` */
  readonly ITKDB_ACCESS_CODE1: string;
  /** The second of the two personal access codes. @defaultValue `''` */
  readonly ITKDB_ACCESS_CODE2: string;
  /** The bearer of a `UserBearer`. @defaultValue `''` */
  readonly ITKDB_AUDREYTWO_API_KEY: string;
  /** The OAuth scope asked for. @defaultValue `'openid https://itkpd.unicornuniversity.net'` */
  readonly ITKDB_ACCESS_SCOPE: string;
  /** Whom id tokens must be meant for. @defaultValue `'https://itkpd.unicornuniversity.net'` */
  readonly ITKDB_ACCESS_AUDIENCE: string;
  /** Where the identity service is. */
  readonly ITKDB_AUTH_URL: string;
  /** Where the database is. @defaultValue `'https://itkpd.unicornuniversity.net/'` */
  readonly ITKDB_API_URL: string;
  /** Seconds by which clocks may differ. @defaultValue `2` */
  readonly ITKDB_LEEWAY: number;
}

/** The values of settings that are set nowhere. */
export const DEFAULT_SETTINGS: Settings = Object.freeze({
  ITKDB_ACCESS_CODE1: '',
  ITKDB_ACCESS_CODE2: '',
  ITKDB_AUDREYTWO_API_KEY: '',
  ITKDB_ACCESS_SCOPE: 'openid https://itkpd.unicornuniversity.net',
  ITKDB_ACCESS_AUDIENCE: 'https://itkpd.unicornuniversity.net',
  ITKDB_AUTH_URL: 'https://uuidentity.plus4u.net/uu-oidc-maing02/bb977a99f4cc4c37a2afce3fd599d0a7/oidc/',
  ITKDB_API_URL: 'https://itkpd.unicornuniversity.net/',
  ITKDB_LEEWAY: 2,
});

/** The name of `ITKDB_API_URL` before 0.6.0 of the Python package; many `.env` files still carry it. */
const FORMER_API_URL = 'ITKDB_SITE_URL';

/** Looks settings up; each is read and checked when it is first asked for, and then stays as it is. */
export class SettingsReader {
  readonly #known = new Map<string, unknown>();
  #file: Readonly<Record<string, string>> | undefined;

  /**
   * The value of a setting: from the environment, else from `.env` in the working directory, else its default. An
   * empty variable counts as not set.
   *
   * @throws InvalidInvocation that names the variable and says what it should look like
   */
  get<Name extends keyof Settings>(name: Name): Settings[Name] {
    if (!this.#known.has(name)) this.#known.set(name, this.#read(name));
    return this.#known.get(name) as Settings[Name];
  }

  #read(name: keyof Settings): unknown {
    const raw = this.#lookUp(name) ?? (name === 'ITKDB_API_URL' ? this.#formerApiUrl() : undefined);
    if (raw === undefined) return DEFAULT_SETTINGS[name];
    const shape = lazyZod().object({ [raw.name]: settingSchema(name) });
    return check(raw.source, shape, { [raw.name]: raw.value })[raw.name];
  }

  #formerApiUrl(): RawSetting | undefined {
    const raw = this.#lookUp(FORMER_API_URL);
    if (raw !== undefined) warnOfFormerName();
    return raw;
  }

  #lookUp(name: string): RawSetting | undefined {
    const fromEnvironment = process.env[name];
    if (fromEnvironment) return { name, value: fromEnvironment, source: 'environment' };
    this.#file ??= readDotenv();
    const fromFile = this.#file[name];
    return fromFile ? { name, value: fromFile, source: '.env' } : undefined;
  }
}

interface RawSetting {
  readonly name: string;
  readonly value: string;
  readonly source: 'environment' | '.env';
}

function settingSchema(name: keyof Settings): ZodType {
  const z = lazyZod();
  if (name === 'ITKDB_AUTH_URL' || name === 'ITKDB_API_URL') return prefixUrlSchema();
  if (name === 'ITKDB_LEEWAY') {
    return z
      .string()
      .regex(/^\s*\d{1,6}\s*$/, 'a whole number of seconds, such as 2')
      .transform(Number);
  }
  return z.string();
}

function readDotenv(): Readonly<Record<string, string>> {
  let text: string;
  try {
    text = decodeFile(readFileSync('.env'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    // Python's virtual environments are often folders of this very name.
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return {};
    throw new InvalidInvocation(`.env: must be readable, but it is not (${code})`);
  }
  const { parse } = createRequire(import.meta.url)('dotenv') as typeof dotenv;
  return parse(text);
}

/** Windows PowerShell writes UTF-16, if it is not told otherwise. */
function decodeFile(bytes: Buffer): string {
  return bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.toString('utf16le', 2) : bytes.toString('utf8');
}

function warnOfFormerName(): void {
  const message = `${FORMER_API_URL} is the former name of ITKDB_API_URL; please rename it.`;
  warnOnce(FORMER_API_URL, message, 'DeprecationWarning');
}
