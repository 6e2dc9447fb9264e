/**
 * Impairments of one direction of a link, in netem's terms (tc-netem(8)). Probabilities are 0..1, times are Nanos,
 * rates are bit/s, limits are packets.
 * @module
 */
import type { Nanos } from '../base/time.js';

export type DelayDistribution = 'uniform' | 'normal' | 'pareto' | 'paretonormal';

/** netem's loss models: `loss random P` and `loss gemodel p [r [1-h [1-k]]]`. */
export type LossModel =
  | { readonly model: 'random'; readonly probability: number }
  | {
      /** Gilbert-Elliott: p good->bad, r bad->good, h probability of delivery while bad, k while good. */
      readonly model: 'gemodel';
      readonly p: number;
      readonly r: number;
      readonly h: number;
      readonly k: number;
    };

export interface ImpairmentSpec {
  readonly delay: Nanos;
  readonly jitter: Nanos;
  readonly distribution: DelayDistribution;
  readonly loss: LossModel | null;
  readonly corrupt: number;
  readonly duplicate: number;
  /** Probability that a packet is sent without delay, overtaking those before it (`reorder P`), every `gap`th one if given. */
  readonly reorder: number;
  readonly gap: number;
  /** bit/s, 0 = unlimited. */
  readonly rate: number;
  /** Queue limit in packets before the rate limiter. */
  readonly limit: number;
  /** Egress order: first in first out, or strict priority by DSCP (EF, then AF4x, CS3/AF2x, AF1x, rest). */
  readonly egress: 'fifo' | 'dscp-priority';
}

export const NO_IMPAIRMENT: ImpairmentSpec = {
  delay: 0 as Nanos,
  jitter: 0 as Nanos,
  distribution: 'uniform',
  loss: null,
  corrupt: 0,
  duplicate: 0,
  reorder: 0,
  gap: 0,
  rate: 0,
  limit: 1000,
  egress: 'fifo',
};
