import { expect, it } from 'vitest';
import { NotingStage, played, readAs } from './step.testkit.js';
import { DONE } from './step-kind.js';
import { wait } from './wait.js';

it('lets time pass', async () => {
  const stage = new NotingStage();
  expect(await played(wait, '1500ms', stage)).toEqual(DONE);
  expect(stage.asked).toEqual(['sleep 1.5']);
});

it.each(['soon', '5', '-1s', '2502h', 5])('%j is no time', (text) => {
  expect(readAs(wait, text)).toBeNull();
});
