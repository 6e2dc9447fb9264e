/**
 * `callpath experiment`: field bugs made to happen and made to end; both runs leave their captures.
 * @module
 */
import { experimentJobs } from '../../library/load/experiments.js';
import { filesNamed, makeFolder } from '../../library/load/files.js';
import { experimentIds, loadExperiment, overridesOf } from '../../library/load/load.js';
import { experimentText, flowText, totalText } from '../../report/console.js';
import { EXPERIMENT_WORDS } from '../../report/model.js';
import type { ExperimentReport, FlowReport } from '../../report/model.js';
import { ExitCode } from '../exit.js';
import { columns, paintFor, print } from '../io.js';
import type { Io } from '../io.js';
import { seedOf } from '../numbers.js';
import { reportFiles, tellReports } from '../report-files.js';
import { exitCodeOf, playAll } from './run.js';

/** Beside these there is one option for each format that has files. */
export interface ExperimentOptions {
  readonly list?: boolean;
  readonly on: string;
  readonly seed: string;
  readonly out: string;
  readonly with?: readonly string[];
  readonly json?: boolean;
}

export async function experiment(names: readonly string[], options: ExperimentOptions, io: Io): Promise<ExitCode> {
  if (options.list === true) return list(options.json === true, io);
  const text = options.json !== true;
  const seed = seedOf(options.seed);
  const all = experimentJobs(names.length > 0 ? filesNamed(names, ['.experiment.yaml']) : experimentIds(), overridesOf(options.with ?? []));
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
        if (!signal.aborted && text) print(io, `${experimentText(one, paint, columns(io))}\n`);
        await playAll(jobs, { playJob, substrate, seed, out: options.out, signal, words: EXPERIMENT_WORDS, io }, (report) => {
          reports.push(report);
          if (text) print(io, `${flowText(report, paint, false, columns(io))}\n`);
        });
      }
    });
  } finally {
    const experiments = all.map(({ experiment: { id, title, symptom, variants } }): ExperimentReport => {
      return { id, title, symptom, variants: variants.map(({ name, flow }) => ({ name, flow: flow.id })) };
    });
    tellReports(files, { flows: reports, missing: asked.slice(reports.length), experiments }, options, io);
  }
  if (all.length > 1 && text) print(io, totalText(reports, paint));
  return exitCodeOf(reports, asked.length);
}

function list(json: boolean, io: Io): ExitCode {
  const all = experimentIds().map(loadExperiment);
  if (json) {
    print(
      io,
      JSON.stringify(
        all.map(({ id, title, symptom, source, file }) => ({ id, title, symptom, source, file })),
        null,
        2,
      ),
    );
    return ExitCode.Documented;
  }
  const width = Math.max(0, ...all.map(({ id }) => id.length));
  for (const { id, title } of all) print(io, `${id.padEnd(width)}  ${title}`);
  print(io, `\n${all.length} experiments; run one with: callpath experiment ${all[0]?.id ?? 'NAME'}`);
  return ExitCode.Documented;
}
