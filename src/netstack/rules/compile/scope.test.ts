import { describe, expect, it } from 'vitest';
import { scopeOf } from './testing.js';

const TABLE = `counter n { packets 3 bytes 180 }
  limit l { rate 5/second; }
  set s { type inet_service; elements = { 80, 443 } }`;

describe('a table', () => {
  it('compiles a named set once, a set in braces each time', () => {
    const { scope } = scopeOf(TABLE);
    const first = scope.set({ is: 'named', name: 's' });
    expect(scope.set({ is: 'named', name: 's' })).toBe(first);
    const body = { types: ['mark'], gives: null, elements: [] } as const;
    expect([scope.set({ is: 'anonymous', set: body }).number, scope.set({ is: 'anonymous', set: body }).number]).toEqual([1, 2]);
  });

  it('has its counters with their start values, and its limits', () => {
    const { scope, out } = scopeOf(TABLE);
    expect(out.counters[scope.counter('n')]).toMatchObject({ name: 'inet/t/n', rule: null, packets: 3, bytes: 180 });
    expect(out.limits[scope.limit('l')]?.passes(100)).toBe(true);
  });

  it.each([
    ['inet', null],
    ['ip', 4],
    ['ip6', 6],
  ])('of the family %s', (family, expected) => {
    const { scope } = scopeOf('', family);
    expect([scope.family, scope.prefix]).toEqual([expected, `${family}/t/`]);
  });

  it('what it has not is a broken invariant', () => {
    const { scope } = scopeOf(TABLE);
    expect(() => scope.set({ is: 'named', name: 'x' })).toThrow('set x');
    expect(() => scope.counter('x')).toThrow('counter x');
    expect(() => scope.limit('x')).toThrow('limit x');
  });
});
