import { expect, it } from 'vitest';
import { sim } from '../../../src/substrate/sim/sim-lab.js';
import { findings, runSix } from './run.js';

it('a whole call where nobody has an IPv4 address', async () => {
  const verdict = await runSix(sim);
  expect(findings(verdict).map(([check, status]) => [check, status])).toEqual(findings(verdict).map(([check]) => [check, 'pass']));
  expect(findings(verdict)).toHaveLength(6);
  verdict.run.ledger.close();
});
