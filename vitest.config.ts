import { availableParallelism } from 'node:os';
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
          exclude: SHARED,
          // The type tests are checked, not run.
          typecheck: { enabled: true, include: ['test/**/*.test-d.ts'] },
        },
      },
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
    ],
    restoreMocks: true,
    unstubEnvs: true,
    // The tests must not depend on the environment of the person who runs them.
    env: Object.fromEntries(
      Object.keys(process.env)
        .filter((name) => /^ITKDB_|^NODE_DEBUG$|_proxy$/i.test(name))
        .map((name) => [name, '']),
    ),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'html'],
    },
  },
});

export default config;
