// Stryker's runner reads from the results of each test file which mutants its tests reached. Its own hook cannot tell it
// there: Vitest 4.1 hands the suite to `afterAll` as the second argument, no longer as the first. Without it every mutant meets
// every test, and what runs only once, when a module is loaded, counts.
import { afterAll } from 'vitest';

interface Told {
  readonly mutantCoverage?: object;
  readonly hitCount?: number;
}

// eslint-disable-next-line no-empty-pattern -- Vitest asks for a pattern, the fixtures that a hook wants
afterAll(({}, suite) => {
  const { mutantCoverage, hitCount } = (globalThis as { __stryker__?: Told }).__stryker__ ?? {};
  Object.assign(suite.file.meta, { mutantCoverage, hitCount });
});
