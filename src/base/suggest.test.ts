import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, listed, nearest } from './suggest.js';

describe('editDistance', () => {
  // The textbook pairs of Levenshtein and Damerau.
  it.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['ab', 'ba', 1],
    ['ca', 'abc', 3],
    ['same', 'same', 0],
  ])('%s to %s is %i', (a, b, d) => {
    expect(editDistance(a, b)).toBe(d);
    expect(editDistance(b, a)).toBe(d);
  });
});

describe('nearest', () => {
  it('finds a slip, a swap and a wrong case', () => {
    expect(nearest('ruoter', ['router', 'bridge'])).toBe('router');
    expect(nearest('Client', ['client'])).toBe('client');
  });
  it('finds nothing where more than a third is wrong', () => {
    expect(nearest('gateway', ['router', 'bridge'])).toBeUndefined();
    expect(didYouMean('gateway', ['router'])).toEqual({});
  });
});

describe('listed', () => {
  it('sorts, and cuts long lists', () => {
    expect(listed(['b', 'a'])).toBe('a, b');
    expect(listed([])).toBe('none');
    expect(listed(['c', 'b', 'a'], 2)).toBe('a, b and 1 more');
  });
});
