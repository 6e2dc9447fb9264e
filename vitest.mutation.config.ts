import { defineConfig } from 'vitest/config';

// For test/mutation/run.mjs, which says which tests are near to what it changes.
const near = JSON.parse(process.env['CALLPATH_MUTATION_TESTS'] ?? '{ "tests": ["src/**/*.test.ts"] }') as { readonly tests: string[]; readonly not?: string[] };

export default defineConfig({
  test: {
    include: near.tests,
    exclude: near.not ?? [],
    // Loading the modules anew for each file would cost more than the tests do.
    isolate: false,
    setupFiles: ['test/mutation/reached.ts'],
    testTimeout: 120_000,
  },
});
