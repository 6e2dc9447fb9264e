import { expect, it } from 'vitest';
import { link } from './link.js';
import { NotingStage, misfits, played, readAs } from './step.testkit.js';

it('sets a link, or each of a group, in both directions', async () => {
  const stage = new NotingStage();
  await played(link, { name: 'one', set: 'up' }, stage);
  await played(link, { name: 'spine', set: 'down' }, stage);
  expect(stage.asked).toEqual(['link one both {"up":true}', 'link one both {"up":false}', 'link two both {"up":false}']);
});

it('changes what netem words name, and nothing else', async () => {
  const stage = new NotingStage();
  await played(link, { name: 'one', set: 'delay 80ms' }, stage);
  expect(stage.asked).toEqual([expect.stringMatching(/^link one both \{.*80000000/)]);
  expect(stage.asked[0]).not.toMatch(/loss|rate|"up"/);
});

it('tells an unknown link with the nearest, and words that are no netem', async () => {
  expect(misfits(link, { name: 'spone', set: 'down' })).toEqual([
    'FLOW_STEP the topology two has no link or link group "spone"; expected one of: a--left, b--r2, fe--r1, one, r1--left, spine, two; did you mean "spine"?',
  ]);
  expect(misfits(link, { name: 'one', set: 'lots of loss' })).toEqual([expect.stringMatching(/^FLOW_STEP .*up, down, or words of netem/)]);
  await expect(async () => played(link, { name: 'spone', set: 'down' }, new NotingStage())).rejects.toMatchObject({ code: 'FLOW_STEP' });
  expect(readAs(link, { name: 'one' })).toBeNull();
});
