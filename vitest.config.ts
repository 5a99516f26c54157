import { availableParallelism } from 'node:os';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A test that hangs is a failed test; none of ours waits for longer than this.
    testTimeout: 20_000,
    // Most tests wait for something: on two cores, two at a time take half as long as one, which is the default there.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // The type tests are checked, not run.
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'] },
    restoreMocks: true,
    unstubEnvs: true,
    // Settings of the person who runs the tests must not reach them.
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
