import { defineConfig } from 'vitest/config';

/** Labs on the machine's own kernel: as root, one file after the other, since what they assert of the machine they share. */
export default defineConfig({
  test: {
    include: ['test/kernel/**/*.test.ts'],
    globalSetup: ['test/kernel/global-setup.ts'],
    env: {
      // What testcontainers starts is stopped by the tests themselves; the image of its own reaper can't be had everywhere.
      TESTCONTAINERS_RYUK_DISABLED: process.env['TESTCONTAINERS_RYUK_DISABLED'] ?? 'true',
      // No test reaches a container by a published port; to find out where that would be, a network is asked that the daemon may lack.
      TESTCONTAINERS_HOST_OVERRIDE: process.env['TESTCONTAINERS_HOST_OVERRIDE'] ?? 'localhost',
    },
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    teardownTimeout: 10_000,
  },
});
