import { expect, it } from 'vitest';
import { message } from './message.js';
import { NotingStage, misfits, played, readAs } from './step.testkit.js';

const HELLO = { from: 'ann', to: 'ben', text: 'hello' };

it.each([
  [200, true],
  [299, true],
  [199, false],
  [300, false],
  [404, false],
])('answered by %i is ok: %s', async (status, ok) => {
  const stage = new NotingStage({ status });
  expect(await played(message, HELLO, stage)).toEqual({ ok, says: `${status}` });
  expect(stage.asked).toEqual(['ann message {"to":"ben@contoso.example","text":"hello"}']);
});

it('to oneself does not fit, and an empty one is none', () => {
  expect(misfits(message, { ...HELLO, to: 'ann' })).toEqual(['FLOW_STEP "ann" cannot write to themselves; expected two actors']);
  expect(misfits(message, HELLO)).toEqual([]);
  expect(readAs(message, { ...HELLO, text: '' })).toBeNull();
});
