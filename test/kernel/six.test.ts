/** The lab without IPv4 on the kernel's own stack: what sim says of it, it says too. */
import { afterAll, expect, it } from 'vitest';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { findings, runSix } from '../sip/six/run.js';

const compiled = compileProduct();
afterAll(() => {
  compiled.remove();
});

it('a whole call where nobody has an IPv4 address', async () => {
  const verdict = await runSix(createNetns({ main: compiled.main }));
  expect(findings(verdict).map(([check, status]) => [check, status])).toEqual(findings(verdict).map(([check]) => [check, 'pass']));
  verdict.run.ledger.close();
});
