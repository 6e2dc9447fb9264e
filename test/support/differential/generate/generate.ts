/**
 * A case from a seed: the same number gives the same rules and packets.
 * @module
 */
import { BEDS } from '../bed.js';
import type { Case, Step } from '../case.js';
import { Dice } from './dice.js';
import { generateRules } from './rules.js';
import { generateTraffic } from './traffic.js';
import { Universe } from './universe.js';

export function generateCase(seed: number, number: number): Case {
  const dice = new Dice(seed, `case:${number}`);
  const bed = BEDS[number % BEDS.length]!;
  const tracked = dice.percent(88);
  const rules = generateRules(dice, bed, tracked);
  const steps = generateTraffic(dice, new Universe(bed), tracked);
  const name = `seed ${seed} case ${number}`;
  const common = { name, bed, tracked: tracked ? 'both' : 'none' } as const;
  if (dice.percent(2)) return { ...common, rules: `${PACED}\n${rules}`, steps: paced(dice, steps) };
  return { ...common, rules, steps: dice.percent(5) ? inserted(dice, steps, { load: generateRules(dice, bed, tracked) }) : steps };
}

/** Before everything else, in both families: one packet each 250 ms, two at once. */
const PACED = `table inet pace {
  chain paced {
    type filter hook prerouting priority -310
    limit rate 4/second burst 2 packets counter accept
    counter drop
  }
}`;

/** After a wait one more packet may come, or two: nearer than 100 ms to where a token is due nothing is tried. */
function paced(dice: Dice, steps: readonly Step[]): Step[] {
  return inserted(dice, inserted(dice, steps, { wait: 380 }), { wait: dice.pick([130, 620]) });
}

/** Numbers of steps that others refer to move on. */
function inserted(dice: Dice, steps: readonly Step[], one: Step): Step[] {
  const at = dice.between(1, steps.length);
  const moved = (n: number): number => (n >= at ? n + 1 : n);
  const renumbered = steps.map((step): Step => {
    if ('answer' in step) return { ...step, answer: moved(step.answer) };
    return 'error' in step ? { ...step, error: moved(step.error) } : step;
  });
  return [...renumbered.slice(0, at), one, ...renumbered.slice(at)];
}
