/**
 * `link: { name: er, set: down }`: changes a link, or all links of a group, in both directions.
 * @module
 */
import { z } from 'zod';
import { LabError } from '../../base/error.js';
import type { SourceRef } from '../../base/error.js';
import { didYouMean } from '../../base/suggest.js';
import type { LinkControl } from '../../fabric/link.js';
import { parseNetemChange } from '../../topology/netem/parse-netem.js';
import type { Plan, PlanLink } from '../../topology/plan.js';
import { unknownNames } from '../description/faults.js';
import { DONE, stepKind } from './step-kind.js';

export const link = stepKind({
  key: 'link',
  schema: z.strictObject({ name: z.string(), set: z.string() }),
  form: '{ name, set }',
  doc: 'changes a link, or all links of a group, in both directions: `down`, `up`, or netem words',
  read: ({ name, set }) => ({ link: name, set }),
  actors: () => [],
  fit(step, plan) {
    const known = [...new Set(plan.links.flatMap(({ name, group }) => [name, group]))];
    const unknown = unknownNames('FLOW_STEP', [step.link], known, step.src, (name) => `the topology ${plan.name} has no link or link group "${name}"`);
    const unreadable = changeOf(step.set, step.src);
    return [...unknown, ...(LabError.is(unreadable) ? [unreadable] : [])];
  },
  play(step, { plan, lab }) {
    const links = linksOf(step.link, plan);
    if (links.length === 0) throw new LabError('FLOW_STEP', `the topology has no link or link group "${step.link}"`, { where: step.src });
    const change = linkChange(step.set, step.src);
    for (const { id } of links) lab.links.set(id, 'both', change);
    return Promise.resolve(DONE);
  },
});

function linksOf(name: string, plan: Plan): readonly PlanLink[] {
  return plan.links.filter((one) => one.name === name || one.group === name);
}

type LinkChange = Parameters<LinkControl['set']>[2];

/** `up`, `down`, or netem's words. Errors: FLOW_STEP. @param src where a person wrote it, if in a file */
export function linkChange(set: string, src: SourceRef | null): LinkChange {
  const change = changeOf(set, src);
  if (LabError.is(change)) throw change;
  return change;
}

/** What a link is set to, and the words by which netem's clauses begin. */
const SETTINGS = ['up', 'down', 'delay', 'loss', 'corrupt', 'duplicate', 'reorder', 'rate', 'limit'];

function changeOf(set: string, src: SourceRef | null): LinkChange | LabError {
  if (set === 'up' || set === 'down') return { up: set === 'up' };
  const parsed = parseNetemChange(set);
  if (parsed.ok) return parsed.value;
  return new LabError('FLOW_STEP', parsed.faults[0]?.message ?? `can't read "${set}"`, {
    ...(src !== null && { where: src }),
    expected: 'up, down, or words of netem such as "loss 5%"',
    ...didYouMean(set.split(/\s/)[0] ?? '', SETTINGS),
  });
}
