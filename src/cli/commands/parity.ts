/**
 * `callpath parity`: one flow on several substrates, side by side.
 * @module
 */
import { LabError, formatLabError } from '../../base/error.js';
import { makeFolder } from '../../library/load/files.js';
import { loadFlow, planOf } from '../../library/load/load.js';
import { parityOf } from '../../library/run/parity.js';
import { SUBSTRATE_NAMES, substrateNamed } from '../../library/substrates.js';
import { table } from '../../report/table.js';
import type { Substrate } from '../../substrate/substrate.js';
import { ExitCode } from '../exit.js';
import { paintFor, print, printError } from '../io.js';
import type { Io } from '../io.js';
import { seedOf } from '../numbers.js';

export interface ParityOptions {
  readonly on?: string;
  readonly seed: string;
  readonly out: string;
}

/** Without `--on`: on every substrate that this machine can run; the others are named with the reason. */
export async function parity(name: string, options: ParityOptions, io: Io): Promise<ExitCode> {
  const flow = loadFlow(name);
  const plan = planOf(flow.topology);
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
  const rows = await parityOf({ flow, plan }, { substrates, seed: seedOf(options.seed), out: options.out });
  const names = substrates.map((substrate) => substrate.name);
  const paint = paintFor(io);
  print(io, table([['', flow.id, ...names], ...rows.map((row) => [row.same ? paint.good('=') : paint.bad('≠'), row.what, ...row.seen])]));
  const different = rows.filter((row) => !row.same).length;
  print(io, different === 0 ? `${rows.length} rows, the same on ${names.join(', ')}` : `${different} of ${rows.length} rows differ`);
  return different === 0 ? ExitCode.Documented : ExitCode.Differs;
}
