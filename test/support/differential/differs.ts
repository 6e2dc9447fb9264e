/**
 * Whether the simulator differs from the kernel in a case.
 * @module
 */
import type { Bed } from './bed.js';
import { type Case, runCase } from './case.js';
import { compareRuns } from './compare.js';
import { namedPorts } from './drawn.js';

/** So often a case is run in which chance has a part: what differs each time is no chance. */
const ATTEMPTS = 6;

/** What differs, one line each; none: the two are alike. */
export function differences(c: Case, sim: Bed, kernel: Bed): string[] {
  const named = namedPorts(c);
  let found: string[] = [];
  // Of two that draw, one may draw a port that a rule names.
  const attempts = /snat|dnat|masquerade|redirect/.test(c.rules) ? ATTEMPTS : 1;
  for (let seed = 1; seed <= attempts; seed++) {
    found = compareRuns(runCase(sim, c, seed), runCase(kernel, c, seed), [sim.name, kernel.name], named);
    if (found.length === 0) break;
  }
  return found;
}
