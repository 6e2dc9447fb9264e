/**
 * `callpath run`: runs flows, prints documented versus observed, leaves captures.
 * @module
 */
import { observationJson } from '../../analysis/observation-json.js';
import { flowText, lookText, totalText } from '../../report/console.js';
import type { FlowReport } from '../../report/console.js';
import { junit } from '../../report/junit.js';
import { linkJson, linkReports } from '../../report/links.js';
import { EMPTY_BASELINE, compareBaseline, formatBaseline, parseBaseline, pathsOf } from '../../verify/baseline.js';
import type { Baseline } from '../../verify/baseline.js';
import type { Finding } from '../../verify/finding.js';
import { withEnding } from '../defects.js';
import { ExitCode, columns, paintFor, print, printError } from '../exit.js';
import { flowIds, makeFolder, overridesOf, readText, requireWritable, seedOf, writeText } from '../files.js';
import type { FlowVerdict } from '../flow-run.js';
import { makeJobs } from '../jobs.js';
import { playJob } from '../play.js';

export interface RunOptions {
  readonly seed: string;
  readonly out: string;
  readonly topology?: string;
  readonly junit?: string;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly verbose?: boolean;
  readonly on: string;
  readonly json?: string;
  readonly with?: readonly string[];
}

export async function run(names: readonly string[], options: RunOptions): Promise<void> {
  const seed = seedOf(options.seed);
  const jobs = makeJobs(names.length > 0 ? names : flowIds(), options.topology, overridesOf(options.with ?? []));
  const baseline = options.baseline === undefined ? null : parseBaseline(readText(options.baseline), options.baseline);
  for (const file of [options.junit, options.writeBaseline, options.json]) if (file !== undefined) requireWritable(file);
  makeFolder(options.out);
  // Only now the lab itself: bad input is told without waiting for it.
  const [{ runFlow }, { substrateNamed }] = await Promise.all([import('../flow-run.js'), import('../substrates.js')]);
  const substrate = await substrateNamed(options.on);
  const paint = paintFor(process.stdout);
  const reports: FlowReport[] = [];
  const paths: Baseline = { ...EMPTY_BASELINE, flows: {} };
  const seen: Record<string, object> = {};
  const judge = ({ flow, plan, observation, findings, documented, run: { links } }: FlowVerdict): readonly Finding[] => {
    paths.flows[flow.id] = pathsOf(observation, plan);
    seen[flow.id] = {
      documented,
      findings,
      observed: observationJson(observation, plan),
      links: linkReports(links)
        .filter(({ stats }) => stats.offered > 0)
        .map(linkJson),
    };
    return baseline === null ? [] : compareBaseline(baseline, flow.id, observation, plan).filter((finding) => finding.status !== 'pass');
  };
  try {
    await withEnding(async (signal) => {
      for (const job of jobs) {
        if (signal.aborted) return;
        const report = await playJob(job, { runFlow, substrate, seed, out: options.out, signal, look: judge });
        reports.push(report);
        print(`${flowText(report, paint, options.verbose === true, columns())}\n`);
      }
    });
  } finally {
    // Also when a defect ends the runs: CI must not take what was not run for what passed.
    if (options.json !== undefined) writeText(options.json, `${JSON.stringify(seen, null, 2)}\n`);
    if (options.junit !== undefined)
      writeText(
        options.junit,
        junit(
          reports,
          jobs.slice(reports.length).map(({ flow }) => flow.id),
        ),
      );
  }
  if (jobs.length > 1) print(totalText(reports, paint));
  const look = process.stdout.isTTY ? lookText(reports, paint) : '';
  if (look !== '') print(look);
  if (options.writeBaseline !== undefined)
    storeBaseline(options.writeBaseline, paths, reports.length === jobs.length && reports.every((report) => report.trouble === null));
  process.exitCode = exitCodeOf(reports, jobs.length);
}

function exitCodeOf(reports: readonly FlowReport[], asked: number): ExitCode {
  if (reports.length < asked || reports.some((report) => report.trouble !== null)) return ExitCode.LabFailed;
  return reports.every((report) => report.documented) ? ExitCode.Documented : ExitCode.Differs;
}

function storeBaseline(file: string, paths: Baseline, whole: boolean): void {
  if (whole) writeText(file, formatBaseline(paths));
  else printError(`callpath: ${file} was not written: not every flow was run to its end`);
}
