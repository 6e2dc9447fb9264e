import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Many tests wait for programs that they start.
    maxWorkers: '100%',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/kernel/**', 'test/bench/**'],
    // What hangs is told, and no more: how long a test takes is the machine's business.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A test that leaves a handle open must not hang the run.
    teardownTimeout: 5_000,
  },
});
