/**
 * `callpath experiment`: field bugs made to happen and made to end; both runs leave their captures.
 * @module
 */
import { EXPERIMENT_WORDS, experimentText, flowText, totalText } from '../../report/console.js';
import type { FlowReport } from '../../report/console.js';
import { junit } from '../../report/junit.js';
import { withEnding } from '../defects.js';
import { ExitCode, columns, paintFor, print } from '../exit.js';
import { experimentJobs } from '../experiments.js';
import type { ExperimentJobs } from '../experiments.js';
import { experimentIds, loadExperiment, makeFolder, requireWritable, seedOf, writeText } from '../files.js';
import { playJob } from '../play.js';

export interface ExperimentOptions {
  readonly list?: boolean;
  readonly on: string;
  readonly seed: string;
  readonly out: string;
  readonly junit?: string;
  readonly json?: string;
}

export async function experiment(names: readonly string[], options: ExperimentOptions): Promise<void> {
  if (options.list === true) {
    list();
    return;
  }
  const seed = seedOf(options.seed);
  const all = experimentJobs(names.length > 0 ? names : experimentIds());
  for (const file of [options.junit, options.json]) if (file !== undefined) requireWritable(file);
  makeFolder(options.out);
  const [{ runFlow }, { substrateNamed }] = await Promise.all([import('../flow-run.js'), import('../substrates.js')]);
  const substrate = await substrateNamed(options.on);
  const paint = paintFor(process.stdout);
  const reports: FlowReport[] = [];
  try {
    await withEnding(async (signal) => {
      for (const {
        experiment: { id, title, symptom },
        jobs,
      } of all) {
        if (!signal.aborted) print(`${experimentText({ id, title, symptom }, paint, columns())}\n`);
        for (const job of jobs) {
          if (signal.aborted) return;
          const report = await playJob(job, { runFlow, substrate, seed, out: options.out, signal, words: EXPERIMENT_WORDS });
          reports.push(report);
          print(`${flowText(report, paint, false, columns())}\n`);
        }
      }
    });
  } finally {
    const asked = all.flatMap(({ jobs }) => jobs.map(({ flow }) => flow.id));
    if (options.junit !== undefined) writeText(options.junit, junit(reports, asked.slice(reports.length)));
    if (options.json !== undefined) writeText(options.json, `${JSON.stringify(verdicts(all, reports), null, 2)}\n`);
  }
  if (all.length > 1) print(totalText(reports, paint));
  process.exitCode = exitCodeOf(
    reports,
    all.reduce((sum, { jobs }) => sum + jobs.length, 0),
  );
}

function list(): void {
  const all = experimentIds().map(loadExperiment);
  const width = Math.max(0, ...all.map(({ id }) => id.length));
  for (const { id, title } of all) print(`${id.padEnd(width)}  ${title}`);
  print(`\n${all.length} experiments; run one with: callpath experiment ${all[0]?.id ?? 'NAME'}`);
}

function exitCodeOf(reports: readonly FlowReport[], asked: number): ExitCode {
  if (reports.length < asked || reports.some((report) => report.trouble !== null)) return ExitCode.LabFailed;
  return reports.every((report) => report.documented) ? ExitCode.Documented : ExitCode.Differs;
}

function verdicts(all: readonly ExperimentJobs[], reports: readonly FlowReport[]): object {
  const told = ({ documented, trouble, findings, files }: FlowReport): object => ({ expected: documented, trouble, findings, files });
  return Object.fromEntries(
    all.map(({ experiment: { id, variants } }) => [
      id,
      Object.fromEntries(variants.flatMap(({ name, flow }) => reports.filter((report) => report.id === flow.id).map((report) => [name, told(report)]))),
    ]),
  );
}
