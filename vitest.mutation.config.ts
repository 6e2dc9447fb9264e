import { defineConfig } from 'vitest/config';

// For test/mutation/run.mjs, which says which tests are near to what it changes.
export default defineConfig({
  test: {
    include: JSON.parse(process.env['CALLPATH_MUTATION_TESTS'] ?? '["src/**/*.test.ts"]') as string[],
    testTimeout: 120_000,
  },
});
