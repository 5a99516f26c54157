import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { InvalidInvocation } from '../exceptions/base.js';
import { warnOnce } from '../util/warn-once.js';
import { type Check, checkValue, PREFIX_URL, STRING } from './check-options.js';
import { type DotenvFile, dotenvPath, readDotenv } from './dotenv.js';
import { findConfigFolder } from './places.js';

/** The settings, by the names of their environment variables. */
export interface Settings {
  /** The first of the two personal access codes. @defaultValue `''` */
  readonly ITKDB_ACCESS_CODE1: string;
  /** The second of the two personal access codes. @defaultValue `''` */
  readonly ITKDB_ACCESS_CODE2: string;
  /** The token of a `UserBearer`. @defaultValue `''` */
  readonly ITKDB_AUDREYTWO_API_KEY: string;
  /** The OAuth scope that is requested. @defaultValue `'openid https://itkpd.unicornuniversity.net'` */
  readonly ITKDB_ACCESS_SCOPE: string;
  /** The audience that id tokens must have. @defaultValue `'https://itkpd.unicornuniversity.net'` */
  readonly ITKDB_ACCESS_AUDIENCE: string;
  /** URL of the identity service. */
  readonly ITKDB_AUTH_URL: string;
  /** URL of the database. @defaultValue `'https://itkpd.unicornuniversity.net/'` */
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

/** Never in the user's settings file: people copy such files, and show them. */
const CREDENTIALS = ['ITKDB_ACCESS_CODE1', 'ITKDB_ACCESS_CODE2', 'ITKDB_AUDREYTWO_API_KEY'] as const;

/** Looks settings up; each is read and checked when it is first asked for, and then stays as it is. */
export class SettingsReader {
  readonly #known = new Map<keyof Settings, KnownSetting>();
  #file: DotenvFile | undefined;
  #userFile: UserFile | undefined;

  /**
   * Returns the value of a setting: from the environment, else from `.env` in the working directory, else from the user's
   * settings file, else its default. White space and line ends around it are left out. An empty variable counts as not set.
   *
   * @throws InvalidInvocation that names the file and the variable, and says what it should look like
   */
  get<Name extends keyof Settings>(name: Name): Settings[Name] {
    return this.#lookUp(name).value as Settings[Name];
  }

  /** Says where the value of a setting comes from, such as `ITKDB_API_URL in the environment`. */
  originOf(name: keyof Settings): string {
    return this.#lookUp(name).origin;
  }

  #lookUp(name: keyof Settings): KnownSetting {
    const known = this.#known.get(name) ?? this.#read(name);
    this.#known.set(name, known);
    return known;
  }

  #read(name: keyof Settings): KnownSetting {
    const raw = this.#find(name) ?? (name === 'ITKDB_API_URL' ? this.#formerApiUrl() : undefined);
    if (raw === undefined) return { value: DEFAULT_SETTINGS[name], origin: `the default of ${name}` };
    const { source } = raw;
    const value = checkValue(source, raw.name, raw.value, namingQuotes(CHECKS[name]));
    return { value, origin: `${raw.name} in ${source === 'environment' ? 'the environment' : source}` };
  }

  #formerApiUrl(): RawSetting | undefined {
    const raw = this.#find(FORMER_API_URL);
    if (raw !== undefined) warnOfFormerName();
    return raw;
  }

  #find(name: string): RawSetting | undefined {
    const fromEnvironment = process.env[name]?.trim();
    if (fromEnvironment) return { name, value: fromEnvironment, source: 'environment' };
    this.#file ??= readDotenv();
    const fromFile = this.#file.get(name)?.trim();
    if (fromFile) return { name, value: fromFile, source: dotenvPath() };
    this.#userFile ??= readUserFile();
    const fromUserFile = this.#userFile.file.get(name)?.trim();
    return fromUserFile ? { name, value: fromUserFile, source: this.#userFile.path } : undefined;
  }
}

interface KnownSetting {
  readonly value: unknown;
  readonly origin: string;
}

interface UserFile {
  readonly path: string;
  readonly file: DotenvFile;
}

/** Reads the user's settings file. There is none where there is no home folder, or where it is that of another user. */
function readUserFile(): UserFile {
  const path = join(findConfigFolder() ?? '', 'config.env');
  if (!isAbsolute(path) || !existsSync(path)) return { path, file: { get: () => undefined } };
  const file = readDotenv(path);
  const credentials = CREDENTIALS.filter((name) => file.get(name)?.trim());
  if (credentials.length === 0) return { path, file };
  throw new InvalidInvocation(
    `${path}: remove ${credentials.join(' and ')}, this file must not contain credentials: use \`npx itkdb login\`, which stores them safely`,
  );
}

interface RawSetting {
  readonly name: string;
  readonly value: string;
  /** `environment`, or the path of the file. */
  readonly source: string;
}

/** Whether a text has quotes around it, as `docker --env-file` leaves them. */
export function isQuoted(text: string): boolean {
  return /^(?:".*"|'.*'|`.*`|“.*”|‘.*’)$/s.test(text);
}

/** A check that says of a wrong value in quotes that it has some. */
function namingQuotes(check: Check): Check {
  return (value, name, faults) => {
    const before = faults.length;
    const checked = check(value, name, faults);
    if (faults.length > before && isQuoted(String(value))) faults.push('remove the quotes around it');
    return checked;
  };
}

const SECONDS: Check = (value, name, faults) => {
  if (!/^\s*\d{1,6}\s*$/.test(String(value)))
    faults.push(`\`${name}\` must be a whole number of seconds, such as 2`);
  return Number(value);
};

const CHECKS: Readonly<Record<keyof Settings, Check>> = {
  ITKDB_ACCESS_CODE1: STRING,
  ITKDB_ACCESS_CODE2: STRING,
  ITKDB_AUDREYTWO_API_KEY: STRING,
  ITKDB_ACCESS_SCOPE: STRING,
  ITKDB_ACCESS_AUDIENCE: STRING,
  ITKDB_AUTH_URL: PREFIX_URL,
  ITKDB_API_URL: PREFIX_URL,
  ITKDB_LEEWAY: SECONDS,
};

function warnOfFormerName(): void {
  const message = `${FORMER_API_URL} is the former name of ITKDB_API_URL; please rename it.`;
  warnOnce(FORMER_API_URL, message, 'DeprecationWarning');
}
