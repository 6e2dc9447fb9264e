/**
 * The experiments on the simulator: broken, the symptom and its reason are there; cured, all is well; and neither
 * variant's expectations hold for the other one.
 */
import { describe, expect, it } from 'vitest';
import { must } from '../../src/base/assert.js';
import { experimentJobs } from '../../src/library/load/experiments.js';
import { experimentIds } from '../../src/library/load/load.js';
import { play } from './support.js';

async function asExpected(flow: Parameters<typeof play>[0], plan: Parameters<typeof play>[1]): Promise<boolean> {
  const { documented, error, run } = await play(flow, plan);
  run.ledger.close();
  return documented && error === null;
}

describe.each(experimentIds())('%s', (id) => {
  const [experiment] = experimentJobs([id]);
  const [broken, cured] = must(experiment, id).jobs;

  it('ends as it should, broken and cured', async () => {
    for (const { flow, plan } of [must(broken, 'broken'), must(cured, 'cured')]) expect([flow.id, await asExpected(flow, plan)]).toEqual([flow.id, true]);
  });

  it('would not if it were the other one', async () => {
    expect(await asExpected(must(broken, 'broken').flow, must(cured, 'cured').plan)).toBe(false);
    expect(await asExpected(must(cured, 'cured').flow, must(broken, 'broken').plan)).toBe(false);
  });
});
