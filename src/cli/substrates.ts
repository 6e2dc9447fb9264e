/**
 * The one place that names substrates.
 * @module
 */
import { sim } from '../substrate/sim/sim-lab.js';
import type { Substrate } from '../substrate/substrate.js';

export const SUBSTRATES: ReadonlyMap<string, Substrate> = new Map([[sim.name, sim]]);
export const DEFAULT_SUBSTRATE = sim;
