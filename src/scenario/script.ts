/**
 * Plays a flow's steps on a running lab. What the network refuses is an outcome, written into the ledger; only trouble
 * of the lab itself is thrown.
 * @module
 */
import { LabError } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import type { Plan } from '../topology/plan.js';
import type { Recorder } from '../capture/recorder.js';
import type { Lab, ScriptTime } from '../substrate/substrate.js';
import type { Actor, FlowSpec, Step } from './flow.js';
import type { Outcome, Stage } from './steps/step-kind.js';
import { stepKindOf } from './steps/table.js';

export interface StepOutcome extends Outcome {
  readonly step: Step;
  readonly from: Nanos;
  readonly to: Nanos;
}

/** Into the ledger: what was done, and what came of it. @param nodes those that took part */
export function noteStep(recorder: Recorder, step: Step['do'], nodes: readonly string[], { from, to, ok, says }: Omit<StepOutcome, 'step'>): void {
  const of = nodes.join(' ');
  recorder.event(null, to, 'step', { step, ...(of !== '' && { of }), ok: ok ? 'yes' : 'no', ...(says !== '' && { says }), since: String(from) });
}

/** Codes that mean the lab is broken, not that the network refused something. */
export function isOurs(error: LabError): boolean {
  return error.code.startsWith('LAB_') || error.code === 'ROLE_COMMAND' || error.code.startsWith('FLOW_') || error.code.startsWith('TOPOLOGY_');
}

export class Script {
  readonly #flow: FlowSpec;
  readonly #plan: Plan;
  readonly #lab: Lab;
  readonly #recorder: Recorder;
  readonly outcomes: StepOutcome[] = [];

  constructor(flow: FlowSpec, plan: Plan, lab: Lab, recorder: Recorder) {
    this.#flow = flow;
    this.#plan = plan;
    this.#lab = lab;
    this.#recorder = recorder;
  }

  /** Errors: FLOW_* for a step that fits the topology badly; LAB_*. Stops at the first step that the network refused. */
  async play(time: ScriptTime): Promise<void> {
    const stage = this.#stage(time);
    for (const step of this.#flow.steps) {
      const from = this.#lab.clock.now;
      const { ok, says } = await attempt(step, stage);
      const to = this.#lab.clock.now;
      this.outcomes.push({ step, from, to, ok, says });
      noteStep(
        this.#recorder,
        step.do,
        stepKindOf(step)
          .actors(step)
          .map((actor) => this.#node(actor)),
        { from, to, ok, says },
      );
      if (!ok) return;
    }
  }

  #stage(time: ScriptTime): Stage {
    return {
      plan: this.#plan,
      lab: this.#lab,
      time,
      role: (actor) => this.#lab.role(this.#node(actor)),
      address: (actor) => this.#address(actor),
    };
  }

  #node(actor: Actor): string {
    return this.#flow.actors[actor] ?? actor;
  }

  #address(actor: Actor): string {
    const node = this.#flow.actors[actor];
    const user = this.#plan.users.find((candidate) => candidate.node === node);
    if (user === undefined) throw new LabError('FLOW_ACTOR', `no user sits at "${node ?? actor}"`, { where: { file: this.#flow.file, line: 1, column: 1 } });
    return user.address;
  }
}

async function attempt(step: Step, stage: Stage): Promise<Outcome> {
  try {
    return await stepKindOf(step).play(step, stage);
  } catch (error) {
    if (!LabError.is(error) || isOurs(error)) throw error;
    return { ok: false, says: `${error.code} ${error.message}` };
  }
}
