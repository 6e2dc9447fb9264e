/**
 * Inverse tables of delay distributions, as tc-netem(8) uses them: entry `i` of 4096 is the quantile at
 * `(i + 1/2) / 4096` of a distribution with mean 0, in units of the jitter, times 8192 (netem's NETEM_DIST_SCALE).
 * A draw picks an entry at random.
 *
 * - `normal`: the standard normal distribution. The tails beyond the last quantile (3.67 sigma) are cut: standard
 *   deviation 0.99984.
 * - `pareto`: as iproute2's netem/pareto.c: `(u^(-1/3) - 3/2) * 4/3`, cut at 32767/8192 = 4.0 (entries are 16 bits in
 *   netem). The cut makes the mean -0.0329 and the standard deviation 0.8209 of the jitter asked for.
 * - `paretonormal`: as iproute2's netem/paretonormal.c: a quarter of the normal and three quarters of the pareto
 *   quantile: mean -0.0247, standard deviation 0.8349.
 *
 * The tables are computed with additions, multiplications, divisions and square roots only: IEEE 754 defines these to the
 * last bit, so every engine makes the same tables. Against the exact quantiles they are right to the rounding of 1/8192.
 * @module
 */
import type { DelayDistribution } from '../../topology/impairment.js';

export const TABLE_SIZE = 4096;
export const TABLE_SCALE = 8192;
/** Entries are 16 bits wide in netem. */
const LARGEST = 32_767;

/** 1 / sqrt(2 pi). */
const PEAK = 0.398_942_280_401_432_7;

/** e^-x for x from 0 to 16: Taylor's series at x / 1024, squared ten times. */
function expNegative(x: number): number {
  const y = -x / 1024;
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 8; n++) {
    term = (term * y) / n;
    sum += term;
  }
  for (let i = 0; i < 10; i++) sum *= sum;
  return sum;
}

/** Phi(x) - 1/2 and the density at x: Marsaglia, "Evaluating the normal distribution" (2004), good to 1e-13 here. */
function normalAbove(x: number): { area: number; density: number } {
  const density = PEAK * expNegative((x * x) / 2);
  let term = x;
  let sum = x;
  for (let k = 3; term > 1e-17 * sum; k += 2) {
    term = (term * x * x) / k;
    sum += term;
  }
  return { area: sum * density, density };
}

/** The x >= 0 with Phi(x) = 1/2 + area, by Newton's method from the solution for a smaller area. */
function normalQuantile(area: number, from: number): number {
  let x = from;
  for (let i = 0; i < 40; i++) {
    const at = normalAbove(x);
    const step = (area - at.area) / at.density;
    x += step;
    if (step < 1e-12 && step > -1e-12) break;
  }
  return x;
}

function normalTable(): Int32Array {
  const table = new Int32Array(TABLE_SIZE);
  let x = 0;
  for (let i = TABLE_SIZE / 2; i < TABLE_SIZE; i++) {
    x = normalQuantile((i + 0.5) / TABLE_SIZE - 0.5, x);
    table[i] = Math.round(x * TABLE_SCALE);
    table[TABLE_SIZE - 1 - i] = -Math.round(x * TABLE_SCALE);
  }
  return table;
}

/** u^(-1/3) for u in (0, 1], by Newton's method on u * x^3 = 1. */
function inverseCubeRoot(u: number): number {
  let x = 1;
  // From below the iteration x * (4 - u x^3) / 3 converges without overshooting.
  for (let i = 0; i < 60; i++) x = (x * (4 - u * x * x * x)) / 3;
  return x;
}

function paretoTable(): Int32Array {
  const table = new Int32Array(TABLE_SIZE);
  for (let i = 0; i < TABLE_SIZE; i++) {
    const value = (inverseCubeRoot(1 - (i + 0.5) / TABLE_SIZE) - 1.5) * (4 / 3);
    table[i] = Math.min(LARGEST, Math.round(value * TABLE_SCALE));
  }
  return table;
}

function paretonormalTable(): Int32Array {
  const normal = jitterTable('normal');
  const pareto = jitterTable('pareto');
  return normal.map((n, i) => Math.round((n + 3 * (pareto[i] as number)) / 4));
}

const made = new Map<Exclude<DelayDistribution, 'uniform'>, Int32Array>();

/** The table of a distribution: made at first need, some milliseconds. Ascending. */
export function jitterTable(distribution: Exclude<DelayDistribution, 'uniform'>): Int32Array {
  let table = made.get(distribution);
  if (table === undefined) {
    table = distribution === 'normal' ? normalTable() : distribution === 'pareto' ? paretoTable() : paretonormalTable();
    made.set(distribution, table);
  }
  return table;
}
