import { defineConfig } from 'vitest/config';

/** Labs on the machine's own kernel: as root, one file after the other, since what they assert of the machine they share. */
export default defineConfig({
  test: {
    include: ['test/kernel/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    teardownTimeout: 10_000,
  },
});
