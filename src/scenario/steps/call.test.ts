import { expect, it } from 'vitest';
import { call } from './call.js';
import { NotingStage, misfits, played, readAs, stepOf } from './step.testkit.js';

const TALK = { from: 'ann', to: 'ben', for: '4s' };

it('talks when it is answered', async () => {
  const stage = new NotingStage({ answered: true, status: 200, reason: 'OK' });
  expect(await played(call, TALK, stage)).toEqual({ ok: true, says: '200' });
  expect(stage.asked).toEqual(['ann call {"to":"ben@contoso.example"}', 'sleep 4']);
});

it('is refused when it is not', async () => {
  const stage = new NotingStage({ answered: false, status: 603, reason: 'Decline' });
  expect(await played(call, TALK, stage)).toEqual({ ok: false, says: '603 Decline' });
  expect(stage.asked).toHaveLength(1);
});

it('lasts as long as its talk at least', () => {
  expect(call.lasts?.(stepOf(call, TALK) as Parameters<NonNullable<typeof call.lasts>>[0])).toBe(4e9);
});

it('of oneself does not fit', () => {
  expect(misfits(call, { ...TALK, to: 'ann' })).toEqual(['FLOW_STEP "ann" cannot call themselves; expected two actors']);
  expect(misfits(call, TALK)).toEqual([]);
  expect([readAs(call, { from: 'ann', to: 'ben' }), readAs(call, { ...TALK, for: 'long' })]).toEqual([null, null]);
});
