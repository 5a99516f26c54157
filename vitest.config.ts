import { randomUUID } from 'node:crypto';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * The tests that share a process, and so load the source once: they leave it as it was. The ones left out replace modules or
 * measure memory.
 */
const SHARED = [
  'test/client/!(files-place).test.ts',
  'test/{commands,http,session}/*.test.ts',
  'test/recipes.test.ts',
  'test/testing-!(bytes).test.ts',
];

/** The tests of the command line, which share one installation of the packed package. */
const CLI = 'test/cli/*.test.ts';

const config: ViteUserConfig = defineConfig({
  test: {
    // This only guards against a test that hangs: on a busy computer a test may take several times as long as on an idle one.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // Most tests wait for something. So two workers are faster than one on two cores, where the default is one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'isolated',
          include: ['test/**/*.test.ts'],
          exclude: [...SHARED, CLI],
        },
      },
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      {
        extends: true,
        test: {
          name: 'cli',
          include: [CLI],
          isolate: false,
          globalSetup: 'test/helpers/cli-installation.ts',
        },
      },
    ],
    restoreMocks: true,
    unstubEnvs: true,
    // The tests must not depend on the environment of the person who runs them.
    env: {
      ...Object.fromEntries(
        Object.keys(process.env)
          .filter((name) => /^ITKDB_(?!TEST_)|^NODE_DEBUG$|_proxy$/i.test(name))
          .map((name) => [name, '']),
      ),
      // A folder that does not exist: nor must they find the settings and the sign-in of that person.
      ITKDB_CONFIG_DIR: join(tmpdir(), `itkdb-no-config-${randomUUID()}`),
    },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'html'],
    },
  },
});

export default config;
