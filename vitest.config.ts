import { availableParallelism } from 'node:os';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // This only guards against a test that hangs: on a busy computer a test may take several times as long as on an idle one.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // Most tests wait for something. So two workers are faster than one on two cores, where the default is one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // The type tests are checked, not run.
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'] },
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
