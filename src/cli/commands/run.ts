/**
 * `callpath run`: runs flows, prints documented versus observed, leaves captures.
 * @module
 */
import { join } from 'node:path';
import { LabError, formatLabError } from '../../base/error.js';
import { observationJson } from '../../analysis/observation-json.js';
import { ZERO } from '../../base/time.js';
import type { Nanos } from '../../base/time.js';
import { flowText, lookText, totalText } from '../../report/console.js';
import type { FlowReport } from '../../report/console.js';
import { junit } from '../../report/junit.js';
import type { Substrate } from '../../substrate/substrate.js';
import { formatNetem } from '../../topology/netem/format-netem.js';
import { EMPTY_BASELINE, compareBaseline, formatBaseline, parseBaseline, pathsOf } from '../../verify/baseline.js';
import type { Baseline } from '../../verify/baseline.js';
import { withEnding } from '../defects.js';
import { ExitCode, columns, paintFor, print, printError } from '../exit.js';
import { flowIds, makeFolder, overridesOf, readText, requireWritable, seedOf, shown, writeText } from '../files.js';
import type { FlowVerdict, runFlow } from '../flow-run.js';
import { makeJobs } from '../jobs.js';
import type { Job } from '../jobs.js';
import { writeEndpointCaptures } from './endpoint-captures.js';

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
  try {
    await withEnding(async (signal) => {
      for (const job of jobs) {
        if (signal.aborted) return;
        const report = await runOne(job, { runFlow, substrate, seed, baseline, paths, seen, options, signal });
        reports.push(report);
        print(`${flowText(report, paint, options.verbose === true, columns())}\n`);
      }
    });
  } finally {
    // Also when a defect ends the runs: CI must not take what was not run for what passed.
    if (options.json !== undefined) writeText(options.json, `${JSON.stringify(seen, null, 2)}\n`);
    if (options.junit !== undefined) writeText(options.junit, junit(reports, jobs.slice(reports.length).map(({ flow }) => flow.id)));
  }
  if (jobs.length > 1) print(totalText(reports, paint));
  const look = process.stdout.isTTY ? lookText(reports, paint) : '';
  if (look !== '') print(look);
  if (options.writeBaseline !== undefined) storeBaseline(options.writeBaseline, paths, reports.length === jobs.length && reports.every((report) => report.trouble === null));
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

interface Surroundings {
  readonly runFlow: typeof runFlow;
  readonly substrate: Substrate;
  readonly seed: number;
  readonly baseline: Baseline | null;
  readonly paths: Baseline;
  /** What was observed, by flow, for `--json`. */
  readonly seen: Record<string, object>;
  readonly options: RunOptions;
  readonly signal: AbortSignal;
}

async function runOne(job: Job, around: Surroundings): Promise<FlowReport> {
  const { flow, plan } = job;
  const file = join(around.options.out, `${flow.id}.pcapng`);
  const began = performance.now();
  const wall = (): number => (performance.now() - began) / 1000;
  const progress = progressLine(flow.id);
  let verdict: FlowVerdict;
  try {
    verdict = await around.runFlow(flow, plan, { substrate: around.substrate, seed: around.seed, captureFile: file, signal: around.signal, ...(progress !== null && { progress: progress.show }) });
  } catch (error) {
    if (!LabError.is(error)) throw error;
    return { ...NOTHING, id: flow.id, title: flow.title, source: flow.source, trouble: formatLabError(error), wall: wall() };
  } finally {
    progress?.clear();
  }
  try {
    const { error, files } = filesOf(verdict, file);
    const moved = around.baseline === null ? [] : compareBaseline(around.baseline, flow.id, verdict.observation, plan).filter((finding) => finding.status !== 'pass');
    around.paths.flows[flow.id] = pathsOf(verdict.observation, plan);
    around.seen[flow.id] = { documented: verdict.documented, findings: verdict.findings, observed: observationJson(verdict.observation, plan) };
    const report = reportOf(verdict, error, files, wall());
    return { ...report, findings: [...report.findings, ...moved], documented: report.documented && moved.length === 0 };
  } finally {
    verdict.run.ledger.close();
  }
}

/** Of a flow that did not start. */
const NOTHING = { findings: [], documented: false, packets: 0, labTime: ZERO, files: [], links: [] } as const;

/** The ledger and one capture per endpoint; of a ledger that could not be written whole, none are made. */
function filesOf({ run, plan, flow, error }: FlowVerdict, ledger: string): { error: LabError | null; files: readonly string[] } {
  if (error?.code === 'CAPTURE_WRITE') return { error, files: [shown(ledger)] };
  try {
    return { error, files: [shown(ledger), ...(run.ledger.packets === 0 ? [] : writeEndpointCaptures(ledger, plan, flow).map(shown))] };
  } catch (caught) {
    if (!LabError.is(caught)) throw caught;
    return { error: error ?? caught, files: [shown(ledger)] };
  }
}

function reportOf({ flow, run, findings, documented }: FlowVerdict, error: LabError | null, files: readonly string[], wall: number): FlowReport {
  return {
    id: flow.id,
    title: flow.title,
    source: flow.source,
    findings,
    trouble: error === null ? null : formatLabError(error),
    documented: documented && error === null,
    packets: run.ledger.packets,
    labTime: run.labTime,
    wall,
    files,
    links: run.links.flatMap(({ link, directions }) =>
      directions.map((stats, side) => ({
        name: link.name,
        from: link.ends[side === 0 ? 0 : 1].nodeName,
        to: link.ends[side === 0 ? 1 : 0].nodeName,
        asked: formatNetem(link.impairments[side === 0 ? 0 : 1]),
        stats,
      })),
    ),
  };
}

/** Lab time and events, over and over on one line, when a person watches. */
function progressLine(id: string): { show: (p: { now: Nanos; fired: number }) => void; clear: () => void } | null {
  const { stderr } = process;
  if (!stderr.isTTY) return null;
  return {
    show: ({ now, fired }) => {
      // One column is left free: a full line would wrap, and the next \r would not reach its beginning.
      const text = `${id}: ${(now / 1e9).toFixed(1)} s of lab time, ${fired} events`.slice(0, stderr.columns - 1);
      stderr.write(`\r${text}\u001b[K`);
    },
    clear: () => stderr.write('\r\u001b[K'),
  };
}

