/**
 * What a direction of a link achieved beside what it was asked: delay, loss and rate, each as measured, and whether the
 * difference is more than chance and a clock on the wall explain.
 *
 * - *delay*: mean time on the way after queue, line and the wait for frames that must not be overtaken.
 * - *loss*: share of the frames about which the dice were thrown; full queues and links that are down are not asked for.
 * - *rate*: octets by time at the far end while the line was backlogged (see link-stats.ts); Ethernet frames without
 *   preamble and check sequence, as the rate counts them. A line that was never full has shown no rate.
 * @module
 */
import type { Nanos } from '../base/time.js';
import type { ImpairmentSpec, LossModel } from '../topology/impairment.js';
import { LONG_PERIOD, type LinkStats } from './link-stats.js';
import { TABLE_SCALE, TABLE_SIZE, jitterTable } from './links/jitter-table.js';

export interface Achieved {
  /** Null: no frame was timed. */
  readonly delay: Nanos | null;
  /** 0..1; null: no frame was tried. */
  readonly loss: number | null;
  /** bit/s; null: the line was never backlogged for long enough. */
  readonly rate: number | null;
}

export type Quantity = keyof Achieved;

export function achieved(stats: LinkStats): Achieved {
  return {
    delay: stats.timed === 0 ? null : (Math.round(stats.transitSum / stats.timed) as Nanos),
    loss: stats.tried === 0 ? null : stats.lost / stats.tried,
    rate: stats.busyPeriods === 0 ? null : (stats.busyBytes * 8e9) / stats.busyTime,
  };
}

/**
 * The rate, where the line was backlogged for so long that it shows: octets that the line passes in less than half of a long
 * busy period were held up by something else, such as a clock on the wall that was late. Null: it was never so.
 */
export function shownRate(spec: ImpairmentSpec, stats: LinkStats): number | null {
  const { rate } = achieved(stats);
  const nominal = spec.rate === 0 ? Infinity : (stats.busyBytes * 8e9) / spec.rate;
  return rate === null || nominal < (stats.busyPeriods * LONG_PERIOD) / 2 ? null : rate;
}

/** Standard deviations that chance is given: one direction in sixteen thousand is told wrongly. */
const CHANCE = 4;
/** What a clock on the wall is given: an absolute time, or a share of what was asked. */
const LATE = 1e6;
const SHARE = 0.05;

/** The quantities that are not what was asked. */
export function deviations(spec: ImpairmentSpec, stats: LinkStats): readonly Quantity[] {
  const { delay, loss } = achieved(stats);
  const rate = shownRate(spec, stats);
  const off: Quantity[] = [];
  if (delay !== null && !nearDelay(spec, delay, stats.timed)) off.push('delay');
  if (loss !== null && !nearLoss(spec.loss, stats.lost, stats.tried)) off.push('loss');
  if (rate !== null && spec.rate > 0) {
    // The ends of a period may be late, and jittered, each by itself.
    const blur = (stats.busyPeriods * (LATE + 2 * spec.jitter)) / stats.busyTime;
    if (Math.abs(rate / spec.rate - 1) > SHARE + blur) off.push('rate');
  }
  return off;
}

function nearDelay(spec: ImpairmentSpec, delay: Nanos, frames: number): boolean {
  const { mean, deviation, most } = jitterMoments(spec);
  const expected = spec.delay + mean;
  const room = Math.max(LATE, SHARE * spec.delay) + (CHANCE * deviation) / Math.sqrt(frames);
  // A jitter larger than the delay is cut at zero, which lifts the mean.
  const cut = most > spec.delay ? most : 0;
  return delay >= expected - room && delay <= expected + room + cut;
}

/** Of the jitter around the delay, nanoseconds; `most` = the largest that it can take from the delay. */
function jitterMoments({ jitter, distribution }: ImpairmentSpec): { mean: number; deviation: number; most: number } {
  if (jitter === 0) return { mean: 0, deviation: 0, most: 0 };
  // Uniform in [-j, j): variance j^2 / 3.
  if (distribution === 'uniform') return { mean: 0, deviation: jitter / Math.sqrt(3), most: jitter };
  const table = jitterTable(distribution);
  const over = (of: (entry: number) => number): number => table.reduce((sum, entry) => sum + of(entry / TABLE_SCALE), 0) / TABLE_SIZE;
  const mean = over((x) => x);
  return {
    mean: mean * jitter,
    deviation: Math.sqrt(over((x) => (x - mean) ** 2)) * jitter,
    most: table.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0) * (jitter / TABLE_SCALE),
  };
}

function nearLoss(loss: LossModel | null, lost: number, tried: number): boolean {
  if (loss === null) return lost === 0;
  const { mean, clumping, settling } = lossMoments(loss);
  return Math.abs(lost - tried * mean) <= CHANCE * Math.sqrt(tried * mean * (1 - mean) * clumping) + settling + 1;
}

/**
 * Mean of a loss model; factor by which losses that come in bursts widen the spread of their count; frames until the
 * good state, in which it starts, is forgotten.
 */
function lossMoments(loss: LossModel): { mean: number; clumping: number; settling: number } {
  if (loss.model === 'random') return { mean: loss.probability, clumping: 1, settling: 0 };
  const { p, r, h, k } = loss;
  // A chain that never leaves the good state.
  if (p === 0) return { mean: 1 - k, clumping: 1, settling: 0 };
  const share = p / (p + r);
  // Two states: their correlation over n frames is (1 - p - r)^n; summed over all n that is this factor.
  const clumping = Math.max(1, (2 - p - r) / (p + r));
  return { mean: share * (1 - h) + (1 - share) * (1 - k), clumping, settling: 1 / (p + r) };
}
