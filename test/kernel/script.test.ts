/**
 * Scripts that are trees, on kernels: steps side by side and at a time, and a route that a step changes.
 */
import { afterAll, expect, it } from 'vitest';
import { runFlow } from '../../src/library/run/flow-run.js';
import { parseFlow } from '../../src/library/flow-file.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { ROOT, planWith } from '../smoke/support.js';

const compiled = compileProduct([]);
afterAll(() => {
  compiled.remove();
});
const substrate = createNetns({ main: compiled.main });

const FLOW = `flow: tree
title: A fault in mid-call
source: s
deployment: hybrid
topology: ../../topologies/contoso.lab.yaml
actors: { caller: alice, callee: dave }
steps:
  - together: [{ sign-in: [caller] }, { sign-in: [callee] }]
  - together:
      - call: { from: caller, to: callee, for: 8s }
      - at: 3s
        route: { node: branch-rt, to: "2001:db8:c:10::/64", blackhole: true }
      - - at: 5500ms
          route: { node: branch-rt, to: "2001:db8:c:10::/64", delete: true }
        - wait: 500ms
  - hang-up: caller
expect:
  - call: { from: caller, to: callee }
  - silence: { from: callee, to: caller, for: '> 2s' }
`;

it('a route taken away in mid-call is silence, one way, until it is back', async () => {
  const parsed = parseFlow(FLOW, `${ROOT}/lab/flows/tree.flow.yaml`);
  if (!parsed.ok) throw new Error(parsed.errors.map((error) => error.message).join('\n'));
  const verdict = await runFlow(parsed.flow, planWith(), { substrate, seed: 1, captureFile: null });
  expect(verdict.error).toBeNull();
  expect(verdict.findings.map(({ check, status }) => `${check} ${status}`)).toEqual(['call/alice-dave pass', 'silence/dave-alice pass']);
  expect(verdict.run.outcomes.map(({ step, ok }) => `${step.do} ${ok}`)).toEqual([
    'sign-in true',
    'sign-in true',
    'route true',
    'route true',
    'wait true',
    'call true',
    'hang-up true',
  ]);
  verdict.run.ledger.close();
}, 200_000);
