import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** They measure octets on the heap. */
const ALONE = ['src/netstack/forwarding-cost.test.ts', 'src/capture/recorder-cost.test.ts'];

/**
 * Two projects: `unit`, beside the sources, and `lab`, whole labs in process. Both can be sharded (`--shard=1/4`). Files share
 * their worker and its modules (`isolate: false`): loading them anew for each file would cost more than the tests do. So no test
 * may leave a module, the environment or the working folder other than it found them. `unit-alone` has what such neighbours
 * disturb without leaving anything: what the compiler makes of a function depends on who called it before.
 */
export default defineConfig({
  // Property tests can run by a fresh seed, and begin with what that found before.
  resolve: { alias: [{ find: /^fast-check$/, replacement: join(import.meta.dirname, 'test', 'support', 'property', 'fast-check.ts') }] },
  test: {
    // Many tests wait for programs that they start.
    maxWorkers: '100%',
    isolate: false,
    experimental: { fsModuleCache: true, fsModuleCachePath: join(import.meta.dirname, 'node_modules', '.cache', 'vitest') },
    setupFiles: ['test/support/equal-octets.ts'],
    // What hangs is told, and no more: how long a test takes is the machine's business.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A test that leaves a handle open must not hang the run.
    teardownTimeout: 5_000,
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'], exclude: ALONE } },
      { extends: true, test: { name: 'unit-alone', include: ALONE, isolate: true } },
      { extends: true, test: { name: 'lab', include: ['test/**/*.test.ts'], exclude: ['**/node_modules/**', 'test/kernel/**', 'test/bench/**'] } },
    ],
  },
});
