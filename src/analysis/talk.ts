/**
 * The media between two nodes, both directions, whatever way it took: directly, through relays, through mixers.
 * @module
 */
import type { Plan, PlanNode } from '../topology/plan.js';
import type { TwoWay } from './direction.js';
import { labelOfDirections } from './label.js';
import { inOrder } from './leg-table.js';
import type { Observation } from './legs.js';
import type { MediaPath } from './media-paths.js';
import { mergeDirections } from './merge-directions.js';

export interface Talk extends TwoWay {
  /** From a to b. */
  readonly pathsThere: readonly MediaPath[];
  readonly pathsBack: readonly MediaPath[];
}

/** Null when neither said anything to the other. */
export function talkBetween(observation: Observation, plan: Plan, x: string, y: string): Talk | null {
  const paths = (from: string, to: string): readonly MediaPath[] => observation.media.filter((path) => path.from === from && path.to === to);
  const [one, other] = [x, y].map((name) => plan.nodes.find((node) => node.name === name)) as [PlanNode | undefined, PlanNode | undefined];
  if (one === undefined || other === undefined) return null;
  const [a, b] = inOrder(one, other);
  const [pathsThere, pathsBack] = [paths(a.name, b.name), paths(b.name, a.name)];
  if (pathsThere.length + pathsBack.length === 0) return null;
  const [there, back] = [pathsThere, pathsBack].map((some) => mergeDirections(some.map(({ whole }) => whole))) as [TwoWay['there'], TwoWay['back']];
  return { a, b, there, back, label: labelOfDirections([there, back], plan), pathsThere, pathsBack };
}
