/**
 * Parity: the same flow on several substrates must give the same verdicts, segments, link groups and candidate types.
 * Times and counts may differ: one clock is virtual, the others are not.
 * @module
 */
import type { Observation } from '../analysis/legs.js';
import type { Plan } from '../topology/plan.js';
import { pathWords, pathsOf } from './baseline.js';
import type { Finding } from './finding.js';

export interface ParityRun {
  readonly substrate: string;
  readonly findings: readonly Finding[];
  readonly observation: Observation;
}

export interface ParityRow {
  readonly what: string;
  /** One per run, in their order. */
  readonly seen: readonly string[];
  readonly same: boolean;
}

/** Checks whose observed text is numbers that a clock decides. */
const MEASURED = /^quality\//;

/** A row per check and per leg of signalling and audio. */
export function parity(runs: readonly ParityRun[], plan: Plan): readonly ParityRow[] {
  const checks = new Set(runs.flatMap((run) => run.findings.map((finding) => finding.check)));
  const paths = runs.map((run) => pathsOf(run.observation, plan));
  const legs = new Set(paths.flatMap((path) => Object.keys(path)));
  return [
    ...[...checks].map((check) =>
      row(
        check,
        runs.map((run) =>
          findingText(
            run.findings.find((finding) => finding.check === check),
            check,
          ),
        ),
      ),
    ),
    ...[...legs].sort().map((leg) =>
      row(
        leg,
        paths.map((path) => {
          const seen = path[leg];
          return seen === undefined ? 'no such leg' : pathWords(seen);
        }),
      ),
    ),
  ];
}

function row(what: string, seen: readonly string[]): ParityRow {
  return { what, seen, same: seen.every((text) => text === seen[0]) };
}

function findingText(finding: Finding | undefined, check: string): string {
  if (finding === undefined) return 'not checked';
  return MEASURED.test(check) ? finding.status : `${finding.status}: ${finding.observed}`;
}
