/**
 * Every documented flow and every experiment with a node that speaks noise to every port: the verdicts of the others stay
 * what they were, nothing ends before its end, and the ledger says who it was.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { experimentIds, loadExperiment } from '../../src/library/load/load.js';
import { runFlow } from '../../src/library/run/flow-run.js';
import type { FlowSpec } from '../../src/scenario/flow.js';
import type { FlowVerdict } from '../../src/library/run/flow-run.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import type { Plan } from '../../src/topology/plan.js';
import { flowWith, ROOT } from '../smoke/support.js';
import { DOCUMENTED_FLOWS } from '../support/documented-flows.js';
import { addressIn, findingsOfOthers, namedIn, planWithOffender, tables } from './offender.js';

function play(flow: FlowSpec, plan: Plan): Promise<FlowVerdict> {
  return runFlow(flow, plan, { substrate: sim, seed: 1, captureFile: null, tables });
}

function isNamed({ run: { ledger } }: FlowVerdict, address: string): void {
  const { discarded, refused } = namedIn(ledger, address);
  expect(discarded + refused).toBeGreaterThan(0);
  expect(ledger.events().filter(({ name }) => name === 'role-failed')).toEqual([]);
  ledger.close();
}

describe.each(DOCUMENTED_FLOWS)('$id beside a hostile node', ({ id, topology }) => {
  it('is as documented, and the ledger names the offender', async () => {
    const file = join(ROOT, 'topologies', `${topology}.lab.yaml`);
    const verdict = await play(flowWith(id), planWithOffender(file));
    expect(verdict.error).toBeNull();
    expect(findingsOfOthers(verdict).filter((one) => !one.endsWith(': pass'))).toEqual([]);
    isNamed(verdict, addressIn(file));
  });
});

describe.each(experimentIds())('%s beside a hostile node', (id) => {
  const { topology, variants } = loadExperiment(id);
  it.each(variants)('ends as it should, $name, and the ledger names the offender', async ({ flow, overrides }) => {
    const verdict = await play(flow, planWithOffender(topology, undefined, overrides));
    expect(verdict.error).toBeNull();
    expect(findingsOfOthers(verdict).filter((one) => !one.endsWith(': pass'))).toEqual([]);
    isNamed(verdict, addressIn(topology));
  });
});
