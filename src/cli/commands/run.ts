/**
 * `callpath run`: runs flows, prints documented versus observed, leaves captures.
 * @module
 */
import { filesNamed, makeFolder, readText, requireWritable, writeText } from '../../library/load/files.js';
import { makeJobs } from '../../library/load/jobs.js';
import type { Job } from '../../library/load/jobs.js';
import { flowIds, overridesOf } from '../../library/load/load.js';
import type { PlayOptions } from '../../library/run/play.js';
import { flowText, lookText, totalText } from '../../report/console.js';
import type { FlowReport } from '../../report/model.js';
import { EMPTY_BASELINE, compareBaseline, formatBaseline, parseBaseline, pathsOf } from '../../verify/baseline.js';
import type { Baseline } from '../../verify/baseline.js';
import { ExitCode } from '../exit.js';
import { columns, paintFor, print, printError } from '../io.js';
import type { Io } from '../io.js';
import { seedOf } from '../numbers.js';
import { progressLine } from '../progress.js';
import { reportFiles, tellReports } from '../report-files.js';

/** Beside these there is one option for each format that has files. */
export interface RunOptions {
  readonly seed: string;
  readonly out: string;
  readonly topology?: string;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly verbose?: boolean;
  readonly strict?: boolean;
  readonly on: string;
  readonly with?: readonly string[];
  readonly json?: boolean;
}

export async function run(names: readonly string[], options: RunOptions, io: Io): Promise<ExitCode> {
  const seed = seedOf(options.seed);
  const jobs = makeJobs(names.length > 0 ? filesNamed(names, ['.flow.yaml']) : flowIds(), options.topology, overridesOf(options.with ?? []));
  const baseline = options.baseline === undefined ? null : parseBaseline(readText(options.baseline, 'baseline', 'json'), options.baseline);
  const files = reportFiles(options);
  if (options.writeBaseline !== undefined) requireWritable(options.writeBaseline);
  makeFolder(options.out);
  // Only now the lab itself: bad input is told without waiting for it.
  const [{ playJob }, { substrateNamed }] = await Promise.all([import('../../library/run/play.js'), import('../../library/substrates.js')]);
  const substrate = await substrateNamed(options.on, io.anew);
  const paint = paintFor(io);
  const reports: FlowReport[] = [];
  const paths: Baseline = { ...EMPTY_BASELINE, flows: {} };
  const look: PlayOptions['look'] = ({ flow, plan, observation }) => {
    paths.flows[flow.id] = pathsOf(observation, plan);
    return baseline === null ? [] : compareBaseline(baseline, flow.id, observation, plan).filter((finding) => finding.status !== 'pass');
  };
  try {
    await io.ending(async (signal) => {
      await playAll(jobs, { playJob, substrate, seed, out: options.out, signal, look, strict: options.strict === true, io }, (report) => {
        reports.push(report);
        if (options.json !== true) print(io, `${flowText(report, paint, options.verbose === true, columns(io))}\n`);
      });
    });
  } finally {
    // Also when a defect ends the runs: CI must not take what was not run for what passed.
    tellReports(files, { flows: reports, missing: jobs.slice(reports.length).map(({ flow }) => flow.id), experiments: null }, options, io);
  }
  if (jobs.length > 1 && options.json !== true) print(io, totalText(reports, paint));
  const hint = io.stdout.isTTY === true && options.json !== true ? lookText(reports, paint) : '';
  if (hint !== '') print(io, hint);
  const whole = reports.length === jobs.length && reports.every((report) => report.trouble === null);
  if (options.writeBaseline !== undefined) storeBaseline(options.writeBaseline, paths, whole, io);
  return exitCodeOf(reports, jobs.length);
}

export interface PlayAll extends Omit<PlayOptions, 'progress'> {
  readonly playJob: (job: Job, options: PlayOptions) => Promise<FlowReport>;
  readonly signal: AbortSignal;
  readonly io: Io;
}

/** One after the other, until one is interrupted. */
export async function playAll(jobs: readonly Job[], { playJob, io, ...options }: PlayAll, done: (report: FlowReport) => void): Promise<void> {
  for (const job of jobs) {
    if (options.signal.aborted) return;
    const progress = progressLine(io, job.flow.id);
    const report = await playJob(job, { ...options, ...(progress !== null && { progress: progress.show }) }).finally(() => progress?.clear());
    done(report);
  }
}

/** Of those that were asked for, what became of them. */
export function exitCodeOf(reports: readonly FlowReport[], asked: number): ExitCode {
  if (reports.length < asked || reports.some((report) => report.trouble !== null)) return ExitCode.LabFailed;
  return reports.every((report) => report.documented) ? ExitCode.Documented : ExitCode.Differs;
}

function storeBaseline(file: string, paths: Baseline, whole: boolean, io: Io): void {
  if (whole) writeText(file, formatBaseline(paths));
  else printError(io, `callpath: ${file} was not written: not every flow was run to its end`);
}
