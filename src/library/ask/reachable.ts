/**
 * The reachability oracle of a plan, bound to the simulator.
 * @module
 */
import { Oracle } from '../../analysis/reach/reach.js';
import type { Reach, ReachQuery } from '../../analysis/reach/reach.js';
import type { Plan } from '../../topology/plan.js';
import { simProber } from '../substrates.js';

const oracles = new WeakMap<Plan, Map<number, Oracle>>();

/** The network of a plan is built once and may be asked thousands of things. @param seed of the run whose choice among equal paths is meant */
export function oracleOf(plan: Plan, seed = 1): Oracle {
  let bySeed = oracles.get(plan);
  if (bySeed === undefined) oracles.set(plan, (bySeed = new Map<number, Oracle>()));
  let oracle = bySeed.get(seed);
  if (oracle === undefined) bySeed.set(seed, (oracle = new Oracle(plan, simProber, seed)));
  return oracle;
}

/** What the network does with a packet and with the answer to it: a pure function of the plan. */
export function reachable(plan: Plan, query: ReachQuery, seed = 1): Reach {
  return oracleOf(plan, seed).reachable(query);
}
