/**
 * The example of a step: what it reads and asks, and a flow in which it is heard.
 */
import { expect, it } from 'vitest';
import { parseFlow } from '../../../src/index.js';
import { NotingStage, misfits, played, readAs } from '../../../src/scenario/steps/step.testkit.js';
import { ROOT, planWith } from '../../smoke/support.js';
import { run, tables } from '../own-tables.js';
import { outage } from './outage.js';

const FLOW = `flow: restart
title: The switch of the head office is started anew in mid-call
source: an example
deployment: hybrid
topology: ../../topologies/contoso.lab.yaml
actors: { caller: alice, callee: bob }
steps:
  - sign-in: [caller, callee]
  - together:
      - call: { from: caller, to: callee, for: 9s }
      - at: 4s
        outage: { node: hq-lan, for: 2s }
expect:
  - call: { from: caller, to: callee }
  - silence: { from: callee, to: caller, for: '> 1900ms' }
  - silence: { from: callee, to: caller, for: '> 2100ms' }
`;

it('in a call it is the silence that is heard, and no longer', async () => {
  const verdict = await run(FLOW, `${ROOT}/lab/flows/restart.flow.yaml`, planWith());
  verdict.run.ledger.close();
  const step = verdict.run.outcomes.find(({ step: { do: key } }) => (key as string) === 'outage');
  expect(step).toMatchObject({ ok: true });
  expect(step!.to - step!.from).toBe(2e9);
  expect(verdict.findings.map(({ check, status }) => `${check} ${status}`)).toEqual([
    'call/alice-bob pass',
    'silence/bob-alice pass',
    'silence/bob-alice fail',
  ]);
});

it('is none of the steps that there are', () => {
  const parsed = parseFlow(FLOW, 'restart.flow.yaml');
  expect(parsed.ok ? [] : parsed.errors.map(({ code }) => code)).toEqual(['FLOW_SCHEMA']);
});

it('takes every link of the node down, and up after its time', async () => {
  const stage = new NotingStage();
  await played(outage, { node: 'r2', for: '250ms' }, stage);
  const set = (up: boolean): string[] => ['b--r2', 'one', 'two'].map((link) => `link ${link} both {"up":${up}}`);
  expect(stage.asked).toEqual([...set(false), 'sleep 0.25', ...set(true)]);
});

it('what the topology does not have is told, and so is what is no time', () => {
  expect(misfits(outage, { node: 'r3', for: '1s' })[0]).toMatch(/^FLOW_STEP the topology two has no node "r3"; expected one of: a, b, /);
  expect(misfits(outage, { node: 'r1', for: '1s' })).toEqual([]);
  expect(readAs(outage, { node: 'r1', for: 'long' })).toBeNull();
});

it('a time that is over when it has ended is told before the run', () => {
  const late = FLOW.replace('- at: 4s\n', '- - outage: { node: hq-lan, for: 5s }\n        - at: 4s\n').replace(/^ {8}outage/m, '          outage');
  const parsed = parseFlow(late, 'restart.flow.yaml', tables);
  expect(parsed.ok ? [] : parsed.errors.map(({ message }) => message)).toEqual([
    '"at: 4s" is over when the list comes to it: what stands before takes 5s at least',
  ]);
});
