/**
 * The documentation's word for the links that packets crossed.
 * @module
 */
import type { Plan, Segment } from '../topology/plan.js';
import { segmentsOf } from './direction.js';
import type { Direction } from './direction.js';

/** The article's word for a set of segments. Microsoft's own network alone counts as `local` to it. */
export function labelOf(segments: ReadonlySet<Segment>): string {
  if (segments.size === 0) return 'nothing';
  const words: string[] = [];
  if (segments.has('expressroute')) words.push('ExpressRoute');
  if (segments.has('internet')) words.push('Internet');
  return words.length === 0 ? 'local' : words.join(' and ');
}

export function labelOfDirections(directions: readonly Direction[], plan: Plan): string {
  return labelOf(new Set(directions.flatMap((direction) => [...segmentsOf(direction, plan)])));
}
