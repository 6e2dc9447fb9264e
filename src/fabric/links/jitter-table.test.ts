import { describe, expect, it } from 'vitest';
import { jitterTable, TABLE_SCALE, TABLE_SIZE } from './jitter-table.js';

function moments(table: Int32Array): { mean: number; sigma: number } {
  let sum = 0;
  let squares = 0;
  for (const v of table) {
    sum += v / TABLE_SCALE;
    squares += (v / TABLE_SCALE) ** 2;
  }
  const mean = sum / table.length;
  return { mean, sigma: Math.sqrt(squares / table.length - mean * mean) };
}

/** The entry whose quantile lies just below `u`. */
const at = (table: Int32Array, u: number): number => table[Math.floor(u * TABLE_SIZE)]! / TABLE_SCALE;

describe('inverse tables', () => {
  it('ascend, and have 4096 entries of 16 bits', () => {
    for (const d of ['normal', 'pareto', 'paretonormal'] as const) {
      const table = jitterTable(d);
      expect(table.length).toBe(4096);
      expect([...table]).toEqual([...table].sort((a, b) => a - b));
      expect(Math.max(...table)).toBeLessThanOrEqual(32_767);
      expect(Math.min(...table)).toBeGreaterThanOrEqual(-32_768);
      expect(jitterTable(d)).toBe(table);
    }
  });

  it('normal: symmetric, mean 0, sigma 1, quantiles as in printed tables', () => {
    const table = jitterTable('normal');
    expect(table.filter((entry, i) => entry + table[TABLE_SIZE - 1 - i]! !== 0)).toHaveLength(0);
    const { mean, sigma } = moments(table);
    expect(mean).toBe(0);
    expect(sigma).toBeCloseTo(1, 3);
    // Phi(1) = 0.8413447, Phi(1.6448536) = 0.95, Phi(1.9599640) = 0.975, Phi(2.5758293) = 0.995, Phi(3.0902323) = 0.999.
    for (const [u, z] of [
      [0.8413447, 1],
      [0.95, 1.6448536],
      [0.975, 1.959964],
      [0.995, 2.5758293],
      [0.999, 3.0902323],
    ] as const) {
      const below = Math.floor(u * TABLE_SIZE - 0.5);
      expect(table[below]! / TABLE_SCALE).toBeLessThanOrEqual(z + 1 / TABLE_SCALE);
      expect(table[below + 1]! / TABLE_SCALE).toBeGreaterThanOrEqual(z - 1 / TABLE_SCALE);
    }
  });

  it('pareto: entries are the rounded quantiles of shape 3, cut at 16 bits', () => {
    const table = jitterTable('pareto');
    // The closed form in the engine's own functions, which tests may use.
    const exact = (i: number): number => Math.min(32_767 / TABLE_SCALE, ((1 - (i + 0.5) / TABLE_SIZE) ** (-1 / 3) - 1.5) * (4 / 3));
    const errors = [...table].map((entry, i) => Math.abs(entry / TABLE_SCALE - exact(i)));
    expect(Math.max(...errors)).toBeLessThanOrEqual(0.5 / TABLE_SCALE + 1e-9);
    const { mean, sigma } = moments(table);
    expect(mean).toBeCloseTo(-0.0329, 3);
    expect(sigma).toBeCloseTo(0.8209, 3);
    // Long to the right, short to the left: never earlier than 2/3 of the jitter.
    expect([at(table, 0), at(table, 0.9999)]).toEqual([-5461 / TABLE_SCALE, 32_767 / TABLE_SCALE]);
  });

  it('paretonormal: a quarter normal, three quarters pareto', () => {
    const table = jitterTable('paretonormal');
    const normal = jitterTable('normal');
    const pareto = jitterTable('pareto');
    for (const i of [0, 1, 2047, 4095]) expect(table[i]).toBe(Math.round(0.25 * normal[i]! + 0.75 * pareto[i]!));
    const { mean, sigma } = moments(table);
    expect(mean).toBeCloseTo(-0.0247, 3);
    expect(sigma).toBeCloseTo(0.8349, 3);
  });
});
