import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/kernel/**', 'test/bench/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A test that leaves a handle open must not hang the run.
    teardownTimeout: 5_000,
  },
});
