import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Cause, NO_CAUSE } from './brand.js';
import { CauseSets, KEPT, MEMBERS } from './cause-sets.js';

const causes = (...ids: number[]): Cause[] => ids as Cause[];

it('none is no cause, one is itself', () => {
  const sets = new CauseSets();
  expect([sets.of([]), sets.of([NO_CAUSE]), sets.of(causes(7)), sets.of(causes(0, 7, 0, 7))]).toEqual([NO_CAUSE, NO_CAUSE, 7, 7]);
  expect([sets.ids(NO_CAUSE), sets.ids(7), sets.ids(-1)]).toEqual([[], [7], []]);
});

it('the same members are the same cause, whatever their order and however they were put together', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 0xffffffff }), { minLength: 2, maxLength: 12 }), fc.nat(12), (ids, cut) => {
      const sets = new CauseSets();
      const whole = sets.of(causes(...ids));
      const parts = sets.of([sets.of(causes(...ids.slice(0, cut))), sets.of(causes(...ids.slice(cut).reverse()))]);
      expect(parts).toBe(whole);
      expect(sets.ids(whole)).toEqual([...new Set(ids)].sort((a, b) => a - b));
      expect(whole < 0).toBe(new Set(ids).size > 1);
    }),
  );
});

it('the oldest sets are forgotten, and are then no cause but never another one', () => {
  const sets = new CauseSets();
  const first = sets.of(causes(1, 2));
  for (let i = 1; i < KEPT; i++) sets.of(causes(1, 2 + i));
  expect(sets.ids(first)).toEqual([1, 2]);
  const latest = sets.of(causes(5, 6));
  expect([sets.ids(first), sets.ids(latest)]).toEqual([[], [5, 6]]);
  expect(sets.of(causes(1, 2))).not.toBe(first);
  expect(sets.of([first, latest, 9 as Cause])).toBe(sets.of(causes(5, 6, 9)));
});

it('more members than a file can name are a mistake', () => {
  const sets = new CauseSets();
  const many = Array.from({ length: MEMBERS + 1 }, (_, i) => i + 1);
  expect(sets.ids(sets.of(causes(...many.slice(1))))).toHaveLength(MEMBERS);
  expect(() => sets.of(causes(...many))).toThrow('at most');
});
