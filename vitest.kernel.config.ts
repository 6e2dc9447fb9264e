import { defineConfig } from 'vitest/config';

/**
 * Labs on the machine's own kernel, as root. Two projects: what shares nothing of the machine but its kernel stands side by side
 * (`kernel`: a lab has namespaces of its own, and nothing is asserted but what its packets say); after it, one file at a time,
 * what asserts on the machine, on its time (timeouts and rates beside a kernel's own: `conntrack`, `differential`), or on
 * containers and names that a user has once (`kernel-alone`).
 */
const SIDE_BY_SIDE = ['host-netns', 'masquerade', 'nat', 'nft/iptables', 'nft/language', 'routing', 'why'].map((name) => `test/kernel/${name}.test.ts`);

export default defineConfig({
  test: {
    globalSetup: ['test/kernel/global-setup.ts'],
    env: {
      // What testcontainers starts is stopped by the tests themselves; the image of its own reaper can't be had everywhere.
      TESTCONTAINERS_RYUK_DISABLED: process.env['TESTCONTAINERS_RYUK_DISABLED'] ?? 'true',
      // No test reaches a container by a published port; to find out where that would be, a network is asked that the daemon may lack.
      TESTCONTAINERS_HOST_OVERRIDE: process.env['TESTCONTAINERS_HOST_OVERRIDE'] ?? 'localhost',
    },
    testTimeout: 120_000,
    hookTimeout: 300_000,
    teardownTimeout: 10_000,
    projects: [
      { extends: true, test: { name: 'kernel', include: SIDE_BY_SIDE, sequence: { groupOrder: 1 } } },
      {
        extends: true,
        test: {
          name: 'kernel-alone',
          include: ['test/kernel/**/*.test.ts'],
          exclude: SIDE_BY_SIDE,
          fileParallelism: false,
          maxConcurrency: 3,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
