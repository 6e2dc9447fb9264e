import { expect, it } from 'vitest';
import { hangUp } from './hang-up.js';
import { DONE } from './step-kind.js';
import { NotingStage, played, readAs } from './step.testkit.js';

it('ends the calls of one', async () => {
  const stage = new NotingStage();
  expect(await played(hangUp, 'ann', stage)).toEqual(DONE);
  expect(stage.asked).toEqual(['ann hang-up {}']);
});

it('wants an actor', () => {
  expect([readAs(hangUp, ''), readAs(hangUp, ['ann'])]).toEqual([null, null]);
});
