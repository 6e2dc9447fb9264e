/**
 * One job played and told: the run, its captures, and the report of it.
 * @module
 */
import { join } from 'node:path';
import { LabError, formatLabError } from '../base/error.js';
import { ZERO } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import { FLOW_WORDS } from '../report/console.js';
import type { FlowReport, ReportWords } from '../report/console.js';
import { linkReports } from '../report/links.js';
import type { Substrate } from '../substrate/substrate.js';
import type { Finding } from '../verify/finding.js';
import { writeEndpointCaptures } from './commands/endpoint-captures.js';
import { shown } from './files.js';
import type { FlowVerdict, runFlow } from './flow-run.js';
import type { Job } from './jobs.js';

export interface Surroundings {
  readonly runFlow: typeof runFlow;
  readonly substrate: Substrate;
  readonly seed: number;
  /** Folder of the captures. */
  readonly out: string;
  readonly signal: AbortSignal;
  /** Default: those of documented flows. */
  readonly words?: ReportWords;
  /** Looks at a run while its ledger is open; findings that it adds count as the flow's own. */
  readonly look?: (verdict: FlowVerdict) => readonly Finding[];
}

export async function playJob(job: Job, around: Surroundings): Promise<FlowReport> {
  const { flow, plan } = job;
  const file = join(around.out, `${flow.id}.pcapng`);
  const began = performance.now();
  const wall = (): number => (performance.now() - began) / 1000;
  const progress = progressLine(flow.id);
  const words = around.words ?? FLOW_WORDS;
  let verdict: FlowVerdict;
  try {
    verdict = await around.runFlow(flow, plan, {
      substrate: around.substrate,
      seed: around.seed,
      captureFile: file,
      signal: around.signal,
      ...(progress !== null && { progress: progress.show }),
    });
  } catch (error) {
    if (!LabError.is(error)) throw error;
    return { ...NOTHING, words, id: flow.id, title: flow.title, source: flow.source, trouble: formatLabError(error), wall: wall() };
  } finally {
    progress?.clear();
  }
  try {
    const { error, files } = filesOf(verdict, file);
    const more = around.look?.(verdict) ?? [];
    const report = { ...reportOf(verdict, error, files, wall()), words };
    return { ...report, findings: [...report.findings, ...more], documented: report.documented && more.length === 0 };
  } finally {
    verdict.run.ledger.close();
  }
}

/** Of a flow that did not start. */
const NOTHING = { findings: [], documented: false, packets: 0, labTime: ZERO, files: [], links: [], lateness: null } as const;

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

function reportOf({ flow, run, findings, documented }: FlowVerdict, error: LabError | null, files: readonly string[], wall: number): Omit<FlowReport, 'words'> {
  return {
    id: flow.id,
    title: flow.title,
    source: flow.source,
    findings,
    trouble: error === null ? null : formatLabError(error),
    documented: documented && error === null,
    packets: run.ledger.packets,
    labTime: run.labTime,
    wall,
    files,
    links: linkReports(run.links),
    lateness: run.lateness,
  };
}

/** Lab time and events, over and over on one line, when a person watches. */
function progressLine(id: string): { show: (p: { now: Nanos; fired: number }) => void; clear: () => void } | null {
  const { stderr } = process;
  if (!stderr.isTTY) return null;
  return {
    show: ({ now, fired }) => {
      // One column is left free: a full line would wrap, and the next \r would not reach its beginning.
      const text = `${id}: ${(now / 1e9).toFixed(1)} s of lab time, ${fired} events`.slice(0, stderr.columns - 1);
      stderr.write(`\r${text}\u001b[K`);
    },
    clear: () => stderr.write('\r\u001b[K'),
  };
}
