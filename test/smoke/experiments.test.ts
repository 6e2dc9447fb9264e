/**
 * The experiments on the simulator: broken, the symptom and its reason are there; cured, all is well; and neither
 * variant's expectations hold for the other one.
 */
import { describe, expect, it } from 'vitest';
import { must } from '../../src/base/assert.js';
import { experimentJobs } from '../../src/library/load/experiments.js';
import { experimentIds } from '../../src/library/load/load.js';
import { judge } from '../../src/library/run/judge.js';
import type { FlowVerdict } from '../../src/library/run/flow-run.js';
import { play } from './support.js';

describe.each(experimentIds())('%s', (id) => {
  const [experiment] = experimentJobs([id]);
  const { jobs } = must(experiment, id);
  const [broken, cured] = [must(jobs[0], 'broken'), must(jobs[1], 'cured')];
  let runs: Promise<readonly [FlowVerdict, FlowVerdict]> | undefined;
  const played = () =>
    (runs ??= (async (): Promise<readonly [FlowVerdict, FlowVerdict]> => [await play(broken.flow, broken.plan), await play(cured.flow, cured.plan)])());

  it('ends as it should, broken and cured', async () => {
    for (const { flow, documented, error } of await played()) expect([flow.id, documented, error]).toEqual([flow.id, true, null]);
  });

  it('would not if it were the other one', async () => {
    // Both variants play one script, so that the run of one is what the other's expectations would have been held against.
    expect(broken.flow.steps).toEqual(cured.flow.steps);
    const [ill, well] = await played();
    expect(judge(cured.flow, broken.plan, ill.run.ledger).documented).toBe(false);
    expect(judge(broken.flow, cured.plan, well.run.ledger).documented).toBe(false);
    for (const { run } of [ill, well]) run.ledger.close();
  });
});
