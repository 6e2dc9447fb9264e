/**
 * One flow, as it is and with a change of the topology, by the same seed: what moved and what broke.
 * @module
 */
import { join } from 'node:path';
import { difference } from '../../experiment/diff.js';
import type { Difference } from '../../experiment/diff.js';
import type { Substrate } from '../../substrate/substrate.js';
import type { Job } from '../load/jobs.js';
import { runFlow } from './flow-run.js';
import type { FlowVerdict } from './flow-run.js';

export interface DiffOptions {
  readonly substrate: Substrate;
  readonly seed: number;
  /** Folder of the captures; it is there. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

export interface DiffRuns {
  readonly difference: Difference;
  /** Ledgers of the two runs. */
  readonly files: { readonly before: string; readonly after: string };
}

/** Errors: trouble of the lab, which shows nothing of the network. */
export async function diffJobs(before: Job, after: Job, { out, ...options }: DiffOptions): Promise<DiffRuns> {
  const files = { before: join(out, `${before.flow.id}.before.pcapng`), after: join(out, `${after.flow.id}.after.pcapng`) };
  const was = await runWell(before, { ...options, captureFile: files.before });
  try {
    const is = await runWell(after, { ...options, captureFile: files.after });
    try {
      return { difference: difference(sideOf(was), sideOf(is)), files };
    } finally {
      is.run.ledger.close();
    }
  } finally {
    was.run.ledger.close();
  }
}

async function runWell({ flow, plan }: Job, options: Parameters<typeof runFlow>[2]): Promise<FlowVerdict> {
  const verdict = await runFlow(flow, plan, options);
  if (verdict.error === null) return verdict;
  verdict.run.ledger.close();
  throw verdict.error;
}

function sideOf({ plan, run, observation, findings }: FlowVerdict): Parameters<typeof difference>[0] {
  return { plan, ledger: run.ledger, observation, outcomes: run.outcomes, findings };
}
