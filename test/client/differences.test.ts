import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Client, User } from '../../src/index.js';
import { startPdb } from '../../src/testing/index.js';
import { MockUser } from '../helpers/mock-user.js';

const pdb = await startPdb({ components: 10 });
const cache = await mkdtemp(join(tmpdir(), 'itkdb-differences-'));
afterAll(async () => {
  await pdb.close();
  await rm(cache, { recursive: true, force: true });
});

describe('Client, unlike the Python package,', () => {
  it('retries reads while the cache is on', async () => {
    await using client = new Client({
      ...{ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache },
      retry: { baseDelay: 1 },
    });
    pdb.fault({ on: 'listProjects', status: 503, times: 2 });
    expect((await client.get('listProjects')).data.length).toBeGreaterThan(0);
    expect(pdb.count('listProjects')).toBe(3);
  });

  it.each(['https://eosatlas.cern.ch/x', 'https://a.cern.ch.evil.example/x'])(
    'adds no Transfer-Encoding to a request without a body to %s',
    async (url) => {
      await using client = new Client({ user: new MockUser(), cache: false });
      const { headers } = await client.session.prepareRequest({ method: 'GET', url });
      expect(Object.keys(headers).map((name) => name.toLowerCase())).not.toContain('transfer-encoding');
      expect(Object.keys(headers).length).toBeGreaterThan(0);
    },
  );
});
