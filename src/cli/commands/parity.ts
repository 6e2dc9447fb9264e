/**
 * `callpath parity`: one flow on several substrates, side by side.
 * @module
 */
import { join } from 'node:path';
import { LabError, formatLabError } from '../../base/error.js';
import { table } from '../../report/table.js';
import type { Substrate } from '../../substrate/substrate.js';
import { parity as compare } from '../../verify/parity.js';
import type { ParityRun } from '../../verify/parity.js';
import { ExitCode, paintFor, print, printError } from '../exit.js';
import { loadFlow, makeFolder, planOf, seedOf } from '../files.js';
import { runFlow } from '../flow-run.js';
import { SUBSTRATE_NAMES, substrateNamed } from '../substrates.js';

export interface ParityOptions {
  readonly on?: string;
  readonly seed: string;
  readonly out: string;
}

/** Without `--on`: on every substrate that this machine can run; the others are named with the reason. */
export async function parity(name: string, options: ParityOptions): Promise<void> {
  const flow = loadFlow(name);
  const plan = planOf(flow.topology);
  makeFolder(options.out);
  const substrates: Substrate[] = [];
  for (const wanted of options.on?.split(',') ?? SUBSTRATE_NAMES) {
    const substrate = await substrateNamed(wanted).catch((error: unknown) => {
      if (!LabError.is(error) || options.on !== undefined) throw error;
      printError(`${wanted} is left out: ${formatLabError(error)}`);
      return null;
    });
    if (substrate !== null) substrates.push(substrate);
  }
  const runs: ParityRun[] = [];
  for (const substrate of substrates) {
    const wanted = substrate.name;
    const verdict = await runFlow(flow, plan, { substrate, seed: seedOf(options.seed), captureFile: join(options.out, `${flow.id}.${wanted}.pcapng`) });
    if (verdict.error !== null) throw verdict.error;
    runs.push({ substrate: wanted, findings: verdict.findings, observation: verdict.observation });
    verdict.run.ledger.close();
  }
  const rows = compare(runs, plan);
  const paint = paintFor(process.stdout);
  print(
    table([['', flow.id, ...runs.map((run) => run.substrate)], ...rows.map((row) => [row.same ? paint.good('=') : paint.bad('≠'), row.what, ...row.seen])]),
  );
  const different = rows.filter((row) => !row.same).length;
  print(different === 0 ? `${rows.length} rows, the same on ${runs.map((run) => run.substrate).join(', ')}` : `${different} of ${rows.length} rows differ`);
  process.exitCode = different === 0 ? ExitCode.Documented : ExitCode.Differs;
}
