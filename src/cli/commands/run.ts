/**
 * `callpath run`: runs flows, prints documented versus observed, leaves captures.
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError, formatLabError } from '../../base/error.js';
import type { formatDuration } from '../../base/time.js';
import { flowText, totalText } from '../../report/console.js';
import type { FlowReport } from '../../report/console.js';
import { junit } from '../../report/junit.js';
import { COLOURS, NO_COLOURS } from '../../report/table.js';
import type { Paint } from '../../report/table.js';
import type { FlowSpec } from '../../scenario/flow.js';
import { formatNetem } from '../../topology/netem/format-netem.js';
import type { Plan } from '../../topology/plan.js';
import { EMPTY_BASELINE, compareBaseline, formatBaseline, parseBaseline, pathsOf } from '../../verify/baseline.js';
import type { Baseline } from '../../verify/baseline.js';
import { ExitCode, print, printError } from '../exit.js';
import { flowIds, loadFlow, planOf, readText } from '../files.js';
import { runFlow } from '../flow-run.js';
import type { FlowVerdict } from '../flow-run.js';
import { DEFAULT_SUBSTRATE } from '../substrates.js';
import { writeEndpointCaptures } from './endpoint-captures.js';

export interface RunOptions {
  readonly seed: string;
  readonly out: string;
  readonly topology?: string;
  readonly junit?: string;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly verbose?: boolean;
}

export async function run(names: readonly string[], options: RunOptions): Promise<void> {
  const seed = seedOf(options.seed);
  const flows = (names.length > 0 ? names : flowIds()).map(loadFlow);
  const jobs = flows.map((flow) => ({ flow, plan: planOf(options.topology ?? flow.topology) }));
  const baseline = options.baseline === undefined ? null : parseBaseline(readText(options.baseline), options.baseline);
  makeFolder(options.out);
  const paint = process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? COLOURS : NO_COLOURS;
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    interrupt.abort();
  };
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  const reports: FlowReport[] = [];
  const paths: Baseline = { ...EMPTY_BASELINE, flows: {} };
  for (const { flow, plan } of jobs) {
    const report = await runOne(flow, plan, { seed, baseline, paths, paint, options, signal: interrupt.signal });
    reports.push(report);
    print(`${flowText(report, paint, options.verbose === true)}\n`);
    if (interrupt.signal.aborted) break;
  }
  process.removeListener('SIGINT', onInterrupt);
  process.removeListener('SIGTERM', onInterrupt);
  if (jobs.length > 1) print(totalText(reports, paint));
  if (options.junit !== undefined) writeText(options.junit, junit(reports));
  if (options.writeBaseline !== undefined) writeText(options.writeBaseline, formatBaseline(paths));
  process.exitCode = reports.some((report) => report.trouble !== null) ? ExitCode.LabFailed : reports.every((report) => report.documented) ? ExitCode.Documented : ExitCode.Differs;
}

interface Surroundings {
  readonly seed: number;
  readonly baseline: Baseline | null;
  readonly paths: Baseline;
  readonly paint: Paint;
  readonly options: RunOptions;
  readonly signal: AbortSignal;
}

async function runOne(flow: FlowSpec, plan: Plan, around: Surroundings): Promise<FlowReport> {
  const file = join(around.options.out, `${flow.id}.pcapng`);
  const began = performance.now();
  const progress = progressLine(flow);
  const verdict = await runFlow(flow, plan, { substrate: DEFAULT_SUBSTRATE, seed: around.seed, captureFile: file, signal: around.signal, ...(progress !== null && { progress: progress.show }) });
  progress?.clear();
  const single = writeEndpointCaptures(file, plan, flow);
  const moved = around.baseline === null ? [] : compareBaseline(around.baseline, flow.id, verdict.observation, plan).filter((finding) => finding.status !== 'pass');
  around.paths.flows[flow.id] = pathsOf(verdict.observation, plan);
  const report = reportOf(verdict, [file, ...single], (performance.now() - began) / 1000);
  verdict.run.ledger.close();
  return { ...report, findings: [...report.findings, ...moved], documented: report.documented && moved.length === 0 };
}

function reportOf({ flow, run, findings, error, documented }: FlowVerdict, files: readonly string[], wall: number): FlowReport {
  return {
    id: flow.id,
    title: flow.title,
    source: flow.source,
    findings,
    trouble: error === null ? null : formatLabError(error),
    documented,
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
function progressLine(flow: FlowSpec): { show: (p: { now: Parameters<typeof formatDuration>[0]; fired: number }) => void; clear: () => void } | null {
  if (!process.stderr.isTTY) return null;
  return {
    show: ({ now, fired }) => process.stderr.write(`\r${flow.id}: ${(now / 1e9).toFixed(1)} s of lab time, ${fired} events\u001b[K`),
    clear: () => process.stderr.write('\r\u001b[K'),
  };
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) throw new LabError('CLI_USAGE', `"${text}" is no seed`, { expected: 'a whole number, such as --seed 7' });
  return seed;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new LabError('CLI_USAGE', `can't make the folder ${folder}: ${(cause as Error).message}`, { expected: 'a folder that you may write to', cause });
  }
}

function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    printError(formatLabError(new LabError('CLI_USAGE', `can't write ${file}: ${(cause as Error).message}`, { expected: 'a file that you may write', cause })));
    process.exitCode = ExitCode.BadInput;
  }
}
