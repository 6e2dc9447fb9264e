/**
 * Jobs played and told: each run, its captures, and the report of it.
 * @module
 */
import { join } from 'node:path';
import { lossesOf } from '../../analysis/losses.js';
import { LabError } from '../../base/error.js';
import { FLOW_WORDS, failedReport, flowReport } from '../../report/model.js';
import type { FlowReport, ReportWords } from '../../report/model.js';
import type { Substrate } from '../../substrate/substrate.js';
import type { Finding } from '../../verify/finding.js';
import { strictFindings } from '../../verify/strict.js';
import { shown } from '../load/files.js';
import type { Job } from '../load/jobs.js';
import { writeEndpointCaptures } from './endpoint-captures.js';
import { runFlow } from './flow-run.js';
import type { FlowRunOptions, FlowVerdict } from './flow-run.js';

export interface PlayOptions {
  readonly substrate: Substrate;
  readonly seed: number;
  /** Folder of the captures; it is there. */
  readonly out: string;
  /** Ends the run that is under way; what was recorded until then is whole. */
  readonly signal?: AbortSignal;
  /** Default: those of documented flows. */
  readonly words?: ReportWords;
  /** Looks at a run while its ledger is open, and holds its paths against others. */
  readonly look?: (verdict: FlowVerdict) => readonly Finding[];
  /** A flow of which signalling or media broke fails, whatever it expected. */
  readonly strict?: boolean;
  readonly progress?: NonNullable<FlowRunOptions['progress']>;
}

/** The run leaves `FLOW.pcapng` and one single-point capture per endpoint. What the lab has trouble with stands in the report. */
export async function playJob({ flow, plan }: Job, options: PlayOptions): Promise<FlowReport> {
  const { substrate, seed, signal, progress, words = FLOW_WORDS } = options;
  const captureFile = join(options.out, `${flow.id}.pcapng`);
  const began = performance.now();
  const wall = (): number => (performance.now() - began) / 1000;
  let verdict: FlowVerdict;
  try {
    verdict = await runFlow(flow, plan, { substrate, seed, captureFile, ...(signal !== undefined && { signal }), ...(progress !== undefined && { progress }) });
  } catch (error) {
    if (!LabError.is(error)) throw error;
    return failedReport(flow, { words, error, wall: wall() });
  }
  try {
    const { error, files } = filesOf(verdict, captureFile);
    const losses = lossesOf(verdict.run.ledger, plan, verdict.observation);
    const paths = [...(options.look?.(verdict) ?? []), ...(options.strict === true ? strictFindings(losses) : [])];
    return flowReport(verdict, { words, paths, losses, error, files, wall: wall() });
  } finally {
    verdict.run.ledger.close();
  }
}

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
