import { expect, it } from 'vitest';
import { node } from './node.js';
import { NotingStage, misfits, played, readAs } from './step.testkit.js';

it('sets every link of the node', async () => {
  const stage = new NotingStage();
  await played(node, { name: 'r2', set: 'down' }, stage);
  expect(stage.asked).toEqual(['link b--r2 both {"up":false}', 'link one both {"up":false}', 'link two both {"up":false}']);
});

it('that the topology does not have is told, and so is what cannot be set', () => {
  expect(misfits(node, { name: 'r3', set: 'up' })[0]).toMatch(/^FLOW_STEP the topology two has no node "r3"; expected one of: a, b, fe, left, r1, r2/);
  expect(misfits(node, { name: 'left', set: 'up' })).toEqual([]);
  expect(readAs(node, { name: 'r1', set: 'loss 5%' })).toBeNull();
});
