/**
 * The legs on which two actors talk.
 * @module
 */
import { legsOf } from '../analysis/legs.js';
import type { Leg } from '../analysis/legs.js';
import type { Context } from './context.js';

export type Pair = readonly [string, string];

export function mediaLegs(c: Context, between: Pair): readonly Leg[] {
  return legsOf(c.observation, 'audio', c.node(between[0]), c.node(between[1]));
}
