import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SettingsReader } from '../../src/config/settings.js';
import { parsePrefix } from '../../src/http/url.js';
import {
  DEFAULT_SETTINGS,
  InvalidInvocation,
  ITkDBException,
  Session,
  type Settings,
  UserBearer,
} from '../../src/index.js';
import { Origin } from '../helpers/origin.js';
import { expectNoPollution, outcomeOf } from '../helpers/outcome.js';

const NAMES = Object.keys(DEFAULT_SETTINGS) as (keyof Settings)[];

/** Text as an environment can hold it. */
const text = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc
      .array(
        fc.constantFrom(
          'https',
          'http',
          ':',
          '/',
          '//',
          '\\',
          '@',
          '?',
          '#',
          'h',
          '[::1]',
          ':8080',
          ':99999',
          '\t',
          '\n',
          ' ',
          '%',
          'é',
          '-1',
          '1e3',
          '12',
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join('')),
  )
  .map((value) => value.replaceAll('\0', ''));

// Those of URLs without TLS.
beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

afterEach(expectNoPollution);

describe('a setting of any text', () => {
  it.each(NAMES)('%s is read or refused by name, and never shown', async (name) => {
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        vi.stubEnv(name, value);
        const outcome = await outcomeOf(() => new SettingsReader().get(name));
        if (outcome instanceof ITkDBException) {
          expect(outcome).toBeInstanceOf(InvalidInvocation);
          expect(outcome.message).toContain(name);
        } else if (name.endsWith('_URL')) {
          const { protocol, username, password, search, hash, pathname } = parsePrefix(String(outcome));
          expect(protocol).toMatch(/^https?:$/);
          expect(username + password + search + hash).toBe('');
          expect(pathname).toMatch(/\/$/);
        } else if (name === 'ITKDB_LEEWAY') expect(outcome).toBeGreaterThanOrEqual(0);
        else expect(outcome).toBe(process.env[name]?.trim() || DEFAULT_SETTINGS[name]);
      }),
      { numRuns: 200 },
    );
  });

  it('ITKDB_AUDREYTWO_API_KEY is a bearer, or refused before anything is sent', async () => {
    await using origin = await Origin.start();
    await fc.assert(
      fc.asyncProperty(text, async (bearer) => {
        vi.stubEnv('ITKDB_AUDREYTWO_API_KEY', bearer);
        await using session = new Session({ user: new UserBearer(), prefixUrl: origin.url, retry: false });
        origin.requests.length = 0;
        const outcome = await outcomeOf(() => session.get('x'));
        const sent = origin.requests.map(({ headers }) => headers.authorization);
        expect(sent).toEqual(outcome instanceof ITkDBException ? [] : [`Bearer ${bearer.trim()}`]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a .env of any bytes', () => {
  const before = process.cwd();
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'itkdb-env-'));
    process.chdir(folder);
  });

  afterEach(async () => {
    process.chdir(before);
    await rm(folder, { recursive: true });
  });

  it('gives settings, or an exception', async () => {
    const line = fc
      .tuple(
        fc.constantFrom(...NAMES, '__proto__', 'constructor', 'export ITKDB_LEEWAY'),
        fc.constantFrom('=', ': ', ' = '),
        text,
      )
      .map((parts) => parts.join(''));
    const lines = fc.array(line).map((all) => Buffer.from(all.join('\n')));
    const bytes = fc.oneof(lines, fc.uint8Array({ maxLength: 200 }).map(Buffer.from));
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom(...NAMES), async (content, name) => {
        await writeFile('.env', content);
        await outcomeOf(() => new SettingsReader().get(name));
      }),
      { numRuns: 200 },
    );
  });
});
