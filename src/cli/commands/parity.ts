/**
 * `callpath parity`: one flow on several substrates, side by side.
 * @module
 */
import { must } from '../../base/assert.js';
import { LabError, formatLabError } from '../../base/error.js';
import { ZERO } from '../../base/time.js';
import { makeFolder } from '../../library/load/files.js';
import { makeJobs } from '../../library/load/jobs.js';
import { overridesOf } from '../../library/load/load.js';
import { parityOf } from '../../library/run/parity.js';
import { SUBSTRATE_NAMES, substrateNamed } from '../../library/substrates.js';
import type { FlowReport } from '../../report/model.js';
import { table } from '../../report/table.js';
import type { FlowSpec } from '../../scenario/flow.js';
import type { Substrate } from '../../substrate/substrate.js';
import { NO_EVIDENCE } from '../../verify/finding.js';
import type { Finding } from '../../verify/finding.js';
import type { ParityRow } from '../../verify/parity.js';
import { ExitCode } from '../exit.js';
import { columns, paintFor, print, printError } from '../io.js';
import type { Io } from '../io.js';
import { seedOf } from '../numbers.js';
import { reportFiles, tellReports } from '../report-files.js';

/** Beside these there is one option for each format that has files. */
export interface ParityOptions {
  readonly on?: string;
  readonly seed: string;
  readonly out: string;
  readonly topology?: string;
  readonly with?: readonly string[];
  readonly json?: boolean;
}

/** Without `--on`: on every substrate that this machine can run; the others are named with the reason. */
export async function parity(name: string, options: ParityOptions, io: Io): Promise<ExitCode> {
  const seed = seedOf(options.seed);
  const [first] = makeJobs([name], options.topology, overridesOf(options.with ?? []));
  const job = must(first, 'the flow');
  const files = reportFiles(options);
  makeFolder(options.out);
  const substrates: Substrate[] = [];
  for (const wanted of options.on?.split(',') ?? SUBSTRATE_NAMES) {
    const substrate = await substrateNamed(wanted, io.anew).catch((error: unknown) => {
      if (!LabError.is(error) || options.on !== undefined) throw error;
      printError(io, `${wanted} is left out: ${formatLabError(error)}`);
      return null;
    });
    if (substrate !== null) substrates.push(substrate);
  }
  const began = performance.now();
  const rows = await io.ending((signal) => parityOf(job, { substrates, seed, out: options.out, signal }));
  const names = substrates.map((substrate) => substrate.name);
  if (options.json !== true) print(io, parityText(job.flow, names, rows, io));
  const report = reportOf(job.flow, names, rows, (performance.now() - began) / 1000);
  tellReports(files, { flows: [report], missing: [], experiments: null }, options, io);
  return report.documented ? ExitCode.Documented : ExitCode.Differs;
}

function parityText(flow: FlowSpec, names: readonly string[], rows: readonly ParityRow[], io: Io): string {
  const paint = paintFor(io);
  const cells = rows.map((row) => [row.same ? paint.good('=') : paint.bad('≠'), row.what, ...row.seen]);
  const different = rows.filter((row) => !row.same).length;
  const total = different === 0 ? `${rows.length} rows, the same on ${names.join(', ')}` : `${different} of ${rows.length} rows differ`;
  return `${table([['', flow.id, ...names], ...cells], '', columns(io))}\n${total}`;
}

/** As reports have it: what the first substrate showed is what the others shall show. */
function reportOf(flow: FlowSpec, names: readonly string[], rows: readonly ParityRow[], wall: number): FlowReport {
  const [first = '?', ...others] = names;
  const findings = rows.map(
    ({ what, seen, same }): Finding => ({
      status: same ? 'pass' : 'fail',
      check: what,
      subject: what,
      expected: `${first}: ${seen[0] ?? ''}`,
      observed: others.map((name, i) => `${name}: ${seen[i + 1] ?? ''}`).join('; '),
      evidence: NO_EVIDENCE,
      src: null,
    }),
  );
  return {
    words: { wanted: 'seen on', holds: 'the same everywhere', differs: 'not the same', noun: 'flow' },
    id: flow.id,
    title: flow.title,
    source: flow.source,
    findings,
    moved: [],
    trouble: null,
    documented: rows.every(({ same }) => same),
    observed: null,
    packets: 0,
    labTime: ZERO,
    wall,
    files: [],
    links: [],
    losses: null,
    lateness: null,
  };
}
