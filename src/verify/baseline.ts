/**
 * Baselines: the paths of a run, stored, so that a later run that moved says which leg moved and where to.
 * Link groups, not links: the hash that picks one of two circuits decides nothing.
 * @module
 */
import { z } from 'zod';
import { LabError } from '../base/error.js';
import { groupsOf } from '../analysis/direction.js';
import type { Direction } from '../analysis/direction.js';
import type { Observation } from '../analysis/legs.js';
import type { Plan } from '../topology/plan.js';
import { readIssues } from '../topology/source/zod-issues.js';
import { legEvidence } from './evidence.js';
import { NO_EVIDENCE } from './finding.js';
import type { Evidence, Finding } from './finding.js';

const legSchema = z.strictObject({ label: z.string(), there: z.array(z.string()), back: z.array(z.string()) });
const baselineSchema = z.strictObject({
  format: z.literal('callpath-baseline-1'),
  flows: z.record(z.string(), z.record(z.string(), legSchema)),
});

/** Link groups of each direction of each leg, sorted: the order of crossing follows from the topology. */
export type LegPaths = z.infer<typeof legSchema>;
export type Baseline = z.infer<typeof baselineSchema>;

export const EMPTY_BASELINE: Baseline = { format: 'callpath-baseline-1', flows: {} };

/** Errors: BASELINE_INVALID. */
export function parseBaseline(text: string, file: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new LabError('BASELINE_INVALID', `${file} is no JSON`, { where: { file, line: 1, column: 1 }, cause });
  }
  const result = baselineSchema.safeParse(value);
  if (result.success) return result.data;
  const [trouble] = readIssues(result.error.issues, value, z.toJSONSchema(baselineSchema, { io: 'input' }));
  throw new LabError('BASELINE_INVALID', `${file}: ${trouble === undefined ? 'not as a baseline is' : `${trouble.path.join('.')} ${trouble.message}`.trim()}`, {
    where: { file, line: 1, column: 1 },
    expected: 'a file made by callpath run --write-baseline',
    hint: 'make it anew: callpath run --write-baseline FILE',
  });
}

export function formatBaseline(baseline: Baseline): string {
  const flows = Object.fromEntries(Object.entries(baseline.flows).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ ...baseline, flows }, null, 2)}\n`;
}

/** Paths of the legs that carry calls; discovery and checks may differ from run to run. */
export function pathsOf(observation: Observation, plan: Plan): Record<string, LegPaths> {
  const legs = observation.legs.filter((leg) => leg.medium === 'signalling' || leg.medium === 'rtp').sort((a, b) => (a.id < b.id ? -1 : 1));
  return Object.fromEntries(legs.map((leg) => [leg.id, { label: leg.label, there: groups(leg.there, plan), back: groups(leg.back, plan) }]));
}

function groups(direction: Direction, plan: Plan): string[] {
  return [...groupsOf(direction, plan)].sort();
}

/** One finding per leg that is in the baseline or in the run. */
export function compareBaseline(baseline: Baseline, flow: string, observation: Observation, plan: Plan): readonly Finding[] {
  const stored = baseline.flows[flow];
  if (stored === undefined) {
    return [finding('fail', `baseline/${flow}`, flow, 'paths in the baseline', 'the baseline does not have this flow', NO_EVIDENCE)];
  }
  const now = pathsOf(observation, plan);
  const ids = [...new Set([...Object.keys(stored), ...Object.keys(now)])].sort();
  return ids.map((id) => {
    const leg = observation.legs.find((candidate) => candidate.id === id);
    const [before, after] = [stored[id], now[id]];
    const expected = before === undefined ? 'no such leg' : pathWords(before);
    const observed = after === undefined ? 'no such leg' : pathWords(after);
    return finding(
      expected === observed ? 'pass' : 'fail',
      `baseline/${id}`,
      `${id} path`,
      expected,
      observed,
      leg === undefined ? NO_EVIDENCE : legEvidence([leg], observation, plan),
    );
  });
}

/** `ExpressRoute: er, rt--ce; back by ce--isp`. */
export function pathWords({ label, there, back }: LegPaths): string {
  const by = (links: readonly string[]): string => (links.length === 0 ? 'nothing' : links.join(', '));
  return `${label}: ${by(there)}${there.join() === back.join() ? '' : `; back by ${by(back)}`}`;
}

function finding(status: Finding['status'], check: string, subject: string, expected: string, observed: string, evidence: Evidence): Finding {
  return { status, check, subject, expected, observed, evidence, src: null };
}
