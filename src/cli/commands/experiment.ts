/**
 * `callpath experiment`: field bugs made to happen and made to end; both runs leave their captures.
 * @module
 */
import { experimentJobs } from '../../library/load/experiments.js';
import { makeFolder } from '../../library/load/files.js';
import { experimentIds, loadExperiment } from '../../library/load/load.js';
import { experimentText, flowText, totalText } from '../../report/console.js';
import { EXPERIMENT_WORDS } from '../../report/model.js';
import type { ExperimentReport, FlowReport } from '../../report/model.js';
import { ExitCode } from '../exit.js';
import { columns, paintFor, print } from '../io.js';
import type { Io } from '../io.js';
import { seedOf } from '../numbers.js';
import { reportFiles, writeReports } from '../report-files.js';
import { exitCodeOf, playAll } from './run.js';

/** Beside these there is one option for each format that has files. */
export interface ExperimentOptions {
  readonly list?: boolean;
  readonly on: string;
  readonly seed: string;
  readonly out: string;
}

export async function experiment(names: readonly string[], options: ExperimentOptions, io: Io): Promise<ExitCode> {
  if (options.list === true) return list(io);
  const seed = seedOf(options.seed);
  const all = experimentJobs(names.length > 0 ? names : experimentIds());
  const files = reportFiles(options);
  makeFolder(options.out);
  const [{ playJob }, { substrateNamed }] = await Promise.all([import('../../library/run/play.js'), import('../../library/substrates.js')]);
  const substrate = await substrateNamed(options.on, io.anew);
  const paint = paintFor(io);
  const asked = all.flatMap(({ jobs }) => jobs.map(({ flow }) => flow.id));
  const reports: FlowReport[] = [];
  try {
    await io.ending(async (signal) => {
      for (const { experiment: one, jobs } of all) {
        if (!signal.aborted) print(io, `${experimentText(one, paint, columns(io))}\n`);
        await playAll(jobs, { playJob, substrate, seed, out: options.out, signal, words: EXPERIMENT_WORDS, io }, (report) => {
          reports.push(report);
          print(io, `${flowText(report, paint, false, columns(io))}\n`);
        });
      }
    });
  } finally {
    const experiments = all.map(({ experiment: { id, title, symptom, variants } }): ExperimentReport => {
      return { id, title, symptom, variants: variants.map(({ name, flow }) => ({ name, flow: flow.id })) };
    });
    writeReports(files, { flows: reports, missing: asked.slice(reports.length), experiments });
  }
  if (all.length > 1) print(io, totalText(reports, paint));
  return exitCodeOf(reports, asked.length);
}

function list(io: Io): ExitCode {
  const all = experimentIds().map(loadExperiment);
  const width = Math.max(0, ...all.map(({ id }) => id.length));
  for (const { id, title } of all) print(io, `${id.padEnd(width)}  ${title}`);
  print(io, `\n${all.length} experiments; run one with: callpath experiment ${all[0]?.id ?? 'NAME'}`);
  return ExitCode.Documented;
}
