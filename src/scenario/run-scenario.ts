/**
 * One run of a flow on a substrate: builds the lab, plays the script, closes everything. Whatever happens, what was
 * recorded until then is a complete file and a readable ledger.
 * @module
 */
import { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import { ZERO, seconds } from '../base/time.js';
import type { Ledger } from '../capture/ledger.js';
import type { Lateness } from '../fabric/driver/lateness.js';
import type { LinkPhase } from '../fabric/link-stats.js';
import type { LabPki } from '../protocol/pki/lab-pki.js';
import type { RoleKind } from '../roles/role.js';
import type { Lab, LabDeps, Substrate } from '../substrate/substrate.js';
import type { Plan, PlanLink } from '../topology/plan.js';
import { fitScript } from './fit.js';
import type { FlowSpec } from './flow.js';
import { Recording } from './recording.js';
import { Script } from './script.js';
import type { StepOutcome } from './script.js';
import type { StepTable } from './steps/step-kind.js';
import { STEPS } from './steps/table.js';

export interface ScenarioOptions {
  readonly substrate: Substrate;
  readonly kinds: ReadonlyMap<string, RoleKind>;
  /** That the flow's steps are of; default: the product's. */
  readonly steps?: StepTable;
  readonly pki: LabPki;
  readonly seed: number;
  /** Of callpath, for the capture's header. */
  readonly version: string;
  /** Where the ledger is written; null = in memory. */
  readonly captureFile: string | null;
  readonly signal: AbortSignal;
  readonly progress?: NonNullable<LabDeps['progress']>;
}

/** Lab time after the last step, so that what is under way arrives. */
const LINGER = seconds(1);

export interface AchievedLink {
  readonly link: PlanLink;
  /** From ends[0] to ends[1], and back. */
  readonly directions: readonly [readonly LinkPhase[], readonly LinkPhase[]];
}

export interface ScenarioRun {
  readonly ledger: Ledger;
  readonly outcomes: readonly StepOutcome[];
  /** What ended the run before its script did; what happened until then is in the ledger. */
  readonly error: LabError | null;
  readonly labTime: Nanos;
  readonly links: readonly AchievedLink[];
  /** How late the links' events fired; null in virtual time, and when there was no lab. */
  readonly lateness: Lateness | null;
}

/**
 * Errors: FLOW_* for a script that the topology cannot play and CAPTURE_WRITE, before anything ran. Everything later is
 * in the result's `error`, defects excepted.
 */
export async function runScenario(flow: FlowSpec, plan: Plan, options: ScenarioOptions): Promise<ScenarioRun> {
  const steps = options.steps ?? STEPS;
  const [fault] = fitScript(flow, plan, steps);
  if (fault !== undefined) throw fault;
  const recording = new Recording(plan, options);
  const { recorder } = recording;
  let lab: Lab | null = null;
  let script: Script | null = null;
  let error: LabError | null = null;
  try {
    lab = await options.substrate.build(plan, { ...options, ...recording.deps });
    const playing = new Script(flow, plan, lab, recorder, steps);
    script = playing;
    await lab.run(async (time) => {
      await playing.play(time);
      await time.sleep(LINGER);
    }, flow.limit);
  } catch (caught) {
    if (!LabError.is(caught)) {
      recording.close(lab?.clock.now ?? ZERO);
      await lab?.close();
      throw caught;
    }
    error = caught;
  }
  const labTime = lab?.clock.now ?? ZERO;
  if (error !== null) recorder.event(null, labTime, 'ended-early', { code: error.code, says: error.message });
  const links = lab === null ? [] : achieved(plan, lab);
  recording.close(labTime);
  await lab?.close();
  return { ledger: recording.ledger(), outcomes: script?.outcomes ?? [], error: error ?? recorder.error, labTime, links, lateness: lab?.lateness ?? null };
}

/** What the links of a lab did until now. */
export function achieved(plan: Plan, lab: Lab): readonly AchievedLink[] {
  return plan.links.map((link) => ({ link, directions: [lab.linkPhases(link.id, 0), lab.linkPhases(link.id, 1)] }));
}
