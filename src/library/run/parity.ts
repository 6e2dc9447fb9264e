/**
 * One flow on several substrates, side by side.
 * @module
 */
import { join } from 'node:path';
import type { Substrate } from '../../substrate/substrate.js';
import { parity } from '../../verify/parity.js';
import type { ParityRow, ParityRun } from '../../verify/parity.js';
import type { Job } from '../load/jobs.js';
import { runFlow } from './flow-run.js';

export interface ParityOptions {
  readonly substrates: readonly Substrate[];
  readonly seed: number;
  /** Folder of the captures; it is there. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

/** Errors: trouble of a lab, which shows nothing of the network. */
export async function parityOf({ flow, plan }: Job, { substrates, seed, out, signal }: ParityOptions): Promise<readonly ParityRow[]> {
  const runs: ParityRun[] = [];
  for (const substrate of substrates) {
    const { run, error, findings, observation } = await runFlow(flow, plan, {
      substrate,
      seed,
      captureFile: join(out, `${flow.id}.${substrate.name}.pcapng`),
      ...(signal !== undefined && { signal }),
    });
    run.ledger.close();
    if (error !== null) throw error;
    runs.push({ substrate: substrate.name, findings, observation });
  }
  return parity(runs, plan);
}
