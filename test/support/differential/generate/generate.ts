/**
 * A case from a seed: the same number gives the same rules and packets.
 * @module
 */
import { BEDS } from '../bed.js';
import type { Case } from '../case.js';
import { Dice } from './dice.js';
import { generateRules } from './rules.js';
import { generateTraffic } from './traffic.js';
import { Universe } from './universe.js';

export function generateCase(seed: number, number: number): Case {
  const dice = new Dice(seed, `case:${number}`);
  const bed = BEDS[number % BEDS.length]!;
  const tracked = dice.percent(88);
  const rules = generateRules(dice, bed, tracked);
  return { name: `seed ${seed} case ${number}`, bed, tracked: tracked ? 'both' : 'none', rules, steps: generateTraffic(dice, new Universe(bed), tracked) };
}
