/**
 * The example of an expectation, judged on runs: it passes, fails, and is not proved by silence.
 */
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/index.js';
import type { Plan } from '../../../src/topology/plan.js';
import { readAs } from '../../../src/verify/checks/check.testkit.js';
import { ROOT, planOverridden, planWith, swap } from '../../smoke/support.js';
import { run } from '../own-tables.js';
import { dscp } from './dscp.js';

/** A call of alice's to dave, in the other office, judged. */
async function judged(plan: Plan, expectation: string): Promise<readonly Finding[]> {
  const text = `flow: marks
title: The marks of a call between two offices
source: an example
deployment: hybrid
topology: ../../topologies/contoso.lab.yaml
actors: { caller: alice, callee: dave, third: bob }
steps: [{ sign-in: [caller, callee] }, { call: { from: caller, to: callee, for: 1s } }]
expect: [${expectation}]
`;
  const verdict = await run(text, `${ROOT}/lab/flows/marks.flow.yaml`, plan);
  verdict.run.ledger.close();
  return verdict.findings;
}

describe('dscp', () => {
  it('passes when every packet arrived with the mark: RFC 3246 has EF as 101110', async () => {
    const [found] = await judged(planWith(), 'dscp: { between: [caller, callee], is: EF }');
    expect(found).toMatchObject({ check: 'dscp/alice-dave', expected: 'EF', status: 'pass' });
    expect(found?.observed).toMatch(/^46: \d+ packets$/);
    expect(found?.evidence.total).toBeGreaterThan(90);
  });

  it('fails when they bear another one, and names packets that do', async () => {
    const plan = planWith(swap('ports: 50000-50019, dscp: EF', 'ports: 50000-50019, dscp: AF41'));
    const [found] = await judged(plan, 'dscp: { between: [caller, callee], is: EF }');
    // RFC 2597: AF41 is 100010.
    expect(`${found?.status} ${found?.observed}`).toMatch(/^fail 34: \d+ packets$/);
    expect(found?.evidence.packets).toHaveLength(10);
  });

  it('fails when a router on the way takes the mark off', async () => {
    const [found] = await judged(planOverridden('branch-rt.config.quirks.dscp=strip'), 'dscp: { between: [caller, callee], is: EF }');
    expect(`${found?.status} ${found?.observed}`).toMatch(/^fail 0: \d+ packets$/);
  });

  it('is not proved by silence', async () => {
    const [found] = await judged(planWith(), 'dscp: { between: [caller, third], is: EF }');
    expect(found).toMatchObject({ status: 'unproved', observed: 'no packet' });
  });

  it('refuses what is no code point', () => {
    expect(readAs(dscp, { between: ['a', 'b'], is: 'CS3' })).toEqual([{ between: ['a', 'b'], is: 'CS3', value: 24 }]);
    expect(readAs(dscp, { between: ['a', 'b'], is: '64' })).toBeNull();
    expect(readAs(dscp, { between: ['a', 'b'], is: 'fast' })).toBeNull();
  });
});
