/**
 * Evidence out of legs, and of media by whatever way: which packets, over which links, and what became of those that did not arrive.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import { linksOf } from '../analysis/direction.js';
import type { Direction, Ending, TwoWay } from '../analysis/direction.js';
import type { DropGroup } from '../analysis/drops.js';
import type { Observation } from '../analysis/legs.js';
import type { Plan } from '../topology/plan.js';
import type { Evidence } from './finding.js';

/** Packets that evidence names. */
const NAMED = 10;

export function legEvidence(legs: readonly TwoWay[], observation: Observation, plan: Plan): Evidence {
  const directions = legs.flatMap((leg) => [leg.there, leg.back]);
  const lost = directions.flatMap((direction) => direction.endings).filter((ending) => ending.reason !== 'in-flight');
  return {
    // Both directions have a say: the first packets of each, in turns.
    packets: inTurns(directions.map((direction) => direction.evidence)).slice(0, NAMED),
    total: directions.reduce((sum, direction) => sum + direction.packets, 0),
    links: linkNames(legs, plan),
    ...(lost.length > 0 && { why: lost.map((ending) => endingWords(ending, observation.drops)).join(', ') }),
  };
}

/** Names of the links that the legs crossed, each once, in the order of crossing. */
export function linkNames(legs: readonly TwoWay[], plan: Plan): readonly string[] {
  return [...new Set(legs.flatMap((leg) => [leg.there, leg.back]).flatMap((direction) => linksOf(direction, plan).map((link) => link.name)))];
}

function inTurns(lists: readonly (readonly PacketId[])[]): readonly PacketId[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat();
}

/** `7 × firewall-rule at fw1 (chain=inet/filter/forward rule=7 src=fw1.nft:12)`. */
export function endingWords({ packets, reason, where, examples }: Ending, drops: readonly DropGroup[]): string {
  // A packet ends once.
  const group = drops.find((drop) => drop.examples.some((id) => examples.includes(id)));
  const said = (group?.decision ?? '')
    .split(' ')
    .filter((pair) => !/^(at|stage)=|^$/.test(pair))
    .join(' ');
  return `${packets} × ${reason} at ${where}${said === '' ? '' : ` (${said})`}`;
}

/** Who of a leg the other end heard nothing of, and why; empty when both were heard. */
export function silences(legs: readonly TwoWay[]): readonly string[] {
  return legs.flatMap((leg) => [...silence(leg.there, leg.a.name, leg.b.name), ...silence(leg.back, leg.b.name, leg.a.name)]);
}

function silence(direction: Direction, from: string, to: string): readonly string[] {
  if (direction.delivered > 0) return [];
  const ending = direction.endings[0];
  return [`nothing of ${from} reaches ${to}${ending === undefined ? '' : ` (${ending.reason} at ${ending.where})`}`];
}
