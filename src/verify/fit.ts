/**
 * What an expectation needs of the script and of the topology, so that something can be seen: asked before a run.
 * @module
 */
import { LabError } from '../base/error.js';
import type { SourceRef } from '../base/error.js';
import type { ScriptFacts } from '../scenario/description/expectation-kind.js';
import type { Plan } from '../topology/plan.js';
import { SEGMENT_OF } from './path-check.js';
import type { PathLabel } from './path-check.js';

/** Media can be seen of those who take part in a call, on whatever way. */
export function needsCalls(between: readonly string[], script: ScriptFacts, where: SourceRef): readonly LabError[] {
  const silent = between.find((actor) => !script.may('call', actor) && !script.may('call', undefined, actor));
  if (silent === undefined) return [];
  return [new LabError('FLOW_EXPECTATION', `"${silent}" takes part in no call of this flow`, { where, expected: 'a step "call" in which they do' })];
}

/** Somebody does it, to that other. @param step key of a kind of steps */
export function needsStep(step: 'call' | 'message', from: string, to: string, script: ScriptFacts, where: SourceRef): readonly LabError[] {
  if (script.may(step, from, to)) return [];
  return [
    new LabError('FLOW_EXPECTATION', `no step has "${from}" ${step === 'call' ? 'call' : 'write to'} "${to}"`, {
      where,
      expected: `- ${step}: { from: ${from}, to: ${to}, ... }`,
    }),
  ];
}

/** A path can be called so only where a link of that segment is. */
export function needsSegment(is: PathLabel, plan: Plan, where: SourceRef): readonly LabError[] {
  const segment = SEGMENT_OF[is];
  if (segment === null || plan.links.some((link) => link.segment === segment)) return [];
  return [
    new LabError('FLOW_EXPECTATION', `no path of the topology ${plan.name} can be ${is}: no link is of segment "${segment}"`, {
      where,
      expected: `another label, or a link with segment: ${segment}`,
    }),
  ];
}
