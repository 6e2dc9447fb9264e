/**
 * Whether the simulator differs from the kernel in a case.
 * @module
 */
import type { Bed } from './bed.js';
import { type Case, runCase } from './case.js';
import { compareRuns } from './compare.js';
import { namedPorts } from './drawn.js';

/** So often a case is run in which chance has a part: what differs each time is no chance. Where rules name half of a class of ports, few are not enough. */
const ATTEMPTS = 24;

/** What differs, one line each; none: the two are alike. */
export function differences(c: Case, sim: Bed, kernel: Bed): string[] {
  const named = namedPorts(c);
  let found: string[] = [];
  // Of two that draw, one may draw a port that a rule names; and a kernel's time goes on while others run.
  const chance = /snat|dnat|masquerade|redirect/.test(c.rules) || c.steps.some((step) => 'wait' in step || 'load' in step);
  const attempts = chance ? ATTEMPTS : 1;
  for (let seed = 1; seed <= attempts; seed++) {
    found = compareRuns(runCase(sim, c, seed), runCase(kernel, c, seed), [sim.name, kernel.name], named);
    if (found.length === 0) break;
  }
  return found;
}
