/**
 * What a report says, apart from how it looks: plain data, made once of a judged run. Formats ({@link FORMATS}) are brothers
 * that read nothing else.
 * @module
 */
import type { Losses } from '../analysis/losses.js';
import { observationJson } from '../analysis/observation-json.js';
import type { ObservationJson } from '../analysis/observation-json.js';
import type { Observation } from '../analysis/legs.js';
import type { LabError } from '../base/error.js';
import { formatLabError } from '../base/error.js';
import { ZERO } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import type { Lateness } from '../fabric/driver/lateness.js';
import type { FlowSpec } from '../scenario/flow.js';
import type { ScenarioRun } from '../scenario/run-scenario.js';
import type { Plan } from '../topology/plan.js';
import { holds } from '../verify/finding.js';
import type { Finding } from '../verify/finding.js';
import { linkReports } from './links.js';
import type { LinkReport } from './links.js';

/** What a report calls things: flows are documented, experiments expect. */
export interface ReportWords {
  /** Head of the column, and the participle: `documented ExpressRoute, observed Internet`. */
  readonly wanted: string;
  readonly holds: string;
  readonly differs: string;
  readonly noun: string;
}
export const FLOW_WORDS: ReportWords = { wanted: 'documented', holds: 'as documented', differs: 'differs from its documentation', noun: 'flow' };
export const EXPERIMENT_WORDS: ReportWords = { wanted: 'expected', holds: 'as expected', differs: 'is not as expected', noun: 'variant' };

/** One flow, as it was run and judged. */
export interface FlowReport {
  readonly words: ReportWords;
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Each expectation: documented, observed, the links that were crossed, the packets that show it. */
  readonly findings: readonly Finding[];
  /** Where paths differ from those of a baseline. */
  readonly moved: readonly Finding[];
  /** Where they are those of the baseline. */
  readonly kept?: readonly Finding[];
  /** Trouble of the lab itself, as text, or null. */
  readonly trouble: string | null;
  /** True when the lab ran, every expectation was seen to hold and nothing moved. */
  readonly documented: boolean;
  /** Legs, labels, calls and drops, whether expected or not; null of a flow that did not start. */
  readonly observed: ObservationJson | null;
  /** What was lost and what broke; null of a flow that did not start. */
  readonly losses: Losses | null;
  readonly packets: number;
  readonly labTime: Nanos;
  /** Seconds that a person waited. */
  readonly wall: number;
  /** The ledger and the single-point files. */
  readonly files: readonly string[];
  /** What the links did, beside what they were asked to do. */
  readonly links: readonly LinkReport[];
  /** How late the links' events fired, on a clock on the wall. */
  readonly lateness: Lateness | null;
}

/** An experiment, and the flows that its variants are. */
export interface ExperimentReport {
  readonly id: string;
  readonly title: string;
  readonly symptom: string;
  readonly variants: readonly { readonly name: string; readonly flow: string }[];
}

export interface ReportModel {
  /** What was run, in order. */
  readonly flows: readonly FlowReport[];
  /** Ids of flows that were asked for, but not run: the runs ended before. */
  readonly missing: readonly string[];
  /** What the flows belong to; null where flows were asked for by themselves. */
  readonly experiments: readonly ExperimentReport[] | null;
}

/** A run, judged: what a report of a flow is made of. */
export interface JudgedRun {
  readonly flow: FlowSpec;
  readonly plan: Plan;
  readonly run: ScenarioRun;
  readonly observation: Observation;
  readonly findings: readonly Finding[];
}

export interface Circumstances {
  readonly words: ReportWords;
  /** Paths beside those of a baseline, and what else was held against the run; none without. */
  readonly paths: readonly Finding[];
  /** Default: not looked for. */
  readonly losses?: Losses;
  readonly error: LabError | null;
  readonly files: readonly string[];
  /** Seconds that a person waited. */
  readonly wall: number;
}

/** Reads the run while its ledger is open. */
export function flowReport({ flow, plan, run, observation, findings }: JudgedRun, around: Circumstances): FlowReport {
  const { words, paths, error, files, wall } = around;
  const moved = paths.filter(({ status }) => status !== 'pass');
  const kept = paths.filter(({ status }) => status === 'pass');
  return {
    words,
    id: flow.id,
    title: flow.title,
    source: flow.source,
    findings,
    moved,
    kept,
    trouble: error === null ? null : formatLabError(error),
    documented: error === null && holds(findings) && moved.length === 0,
    observed: observationJson(observation, plan),
    losses: around.losses ?? null,
    packets: run.ledger.packets,
    labTime: run.labTime,
    wall,
    files,
    links: linkReports(run.links),
    lateness: run.lateness,
  };
}

/** Of a flow that did not start. */
export function failedReport(
  { id, title, source }: FlowSpec,
  around: { readonly words: ReportWords; readonly error: LabError; readonly wall: number },
): FlowReport {
  const { words, error, wall } = around;
  return { ...NOTHING, words, id, title, source, trouble: formatLabError(error), wall };
}

const NOTHING = {
  findings: [],
  moved: [],
  documented: false,
  observed: null,
  losses: null,
  packets: 0,
  labTime: ZERO,
  files: [],
  links: [],
  lateness: null,
} as const;

/** All that was judged of a flow, in the order of reports. */
export function judgedOf({ findings, moved }: FlowReport): readonly Finding[] {
  return [...findings, ...moved];
}
