/**
 * Plays a flow's steps on a running lab. What the network refuses is an outcome, written into the ledger; only trouble
 * of the lab itself is thrown.
 * @module
 */
import { LabError } from '../base/error.js';
import { formatDuration, millis, plus, ZERO } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import type { Plan } from '../topology/plan.js';
import type { Recorder } from '../capture/recorder.js';
import type { Lab, ScriptTime } from '../substrate/substrate.js';
import type { Actor, FlowSpec } from './flow.js';
import { stepsOf } from './script-tree.js';
import type { At, ScriptItem, StepList, Together } from './script-tree.js';
import type { Outcome, Stage, StepTable } from './steps/step-kind.js';
import { stepKindOf, type Step } from './steps/table.js';

export interface StepOutcome extends Outcome {
  /** Several side by side only where their time was over. */
  readonly step: Step | Together;
  readonly from: Nanos;
  readonly to: Nanos;
}

/** Into the ledger: what was done, and what came of it. @param nodes those that took part */
export function noteStep(
  recorder: Recorder,
  step: StepOutcome['step']['do'],
  nodes: readonly string[],
  { from, to, ok, says }: Omit<StepOutcome, 'step'>,
): void {
  const of = nodes.join(' ');
  recorder.event(null, to, 'step', { step, ...(of !== '' && { of }), ok: ok ? 'yes' : 'no', ...(says !== '' && { says }), since: String(from) });
}

/** Codes that mean the lab is broken, not that the network refused something. */
export function isOurs(error: LabError): boolean {
  return error.code.startsWith('LAB_') || error.code === 'ROLE_COMMAND' || error.code.startsWith('FLOW_') || error.code.startsWith('TOPOLOGY_');
}

const WALL_SLACK = millis(200);

export class Script {
  readonly #flow: FlowSpec;
  readonly #plan: Plan;
  readonly #lab: Lab;
  readonly #recorder: Recorder;
  readonly #table: StepTable;
  /** By so much may a step come late: a wall clock is never exact. */
  readonly #slack: Nanos;
  readonly outcomes: StepOutcome[] = [];
  #broken = false;

  /** @param table that the flow's steps are of */
  constructor(flow: FlowSpec, plan: Plan, lab: Lab, recorder: Recorder, table: StepTable) {
    this.#flow = flow;
    this.#plan = plan;
    this.#lab = lab;
    this.#recorder = recorder;
    this.#table = table;
    this.#slack = lab.lateness === null ? ZERO : WALL_SLACK;
  }

  /**
   * A step that the network refused ends its list and the script; what runs beside it is waited for. Outcomes are in the
   * order in which the steps ended. Errors: FLOW_* for a step that fits the topology badly; LAB_*.
   */
  async play(time: ScriptTime): Promise<void> {
    await this.#list(this.#flow.steps, this.#stage(time));
  }

  /** False: it ended before its end. */
  async #list(list: StepList, stage: Stage): Promise<boolean> {
    const began = this.#lab.clock.now;
    for (const item of list) {
      if (!(await this.#item(item, began, stage))) return false;
    }
    return true;
  }

  #item(item: ScriptItem, began: Nanos, stage: Stage): Promise<boolean> {
    if (item.do === 'at') return this.#at(item, began, stage);
    return item.do === 'together' ? this.#together(item, stage) : this.#step(item, stage);
  }

  async #at({ time, item }: At, began: Nanos, stage: Stage): Promise<boolean> {
    const { now } = this.#lab.clock;
    const delay = (plus(began, time) - now) as Nanos;
    if (delay < -this.#slack)
      return this.#note(item, now, { ok: false, says: `its time, ${formatDuration(time)}, was over since ${formatDuration(-delay as Nanos)}` });
    if (delay > 0) await stage.time.sleep(delay);
    return this.#item(item, began, stage);
  }

  async #together({ branches }: Together, stage: Stage): Promise<boolean> {
    const ended = await Promise.all(branches.map((branch) => this.#list(branch, stage)));
    return ended.every((whole) => whole);
  }

  async #step(step: Step, stage: Stage): Promise<boolean> {
    if (this.#broken) return false;
    const from = this.#lab.clock.now;
    try {
      return this.#note(step, from, await attempt(step, stage, this.#table));
    } catch (error) {
      // What runs beside it has nobody to tell any more.
      this.#broken = true;
      throw error;
    }
  }

  #note(step: StepOutcome['step'], from: Nanos, { ok, says }: Outcome): boolean {
    if (this.#broken) return false;
    const to = this.#lab.clock.now;
    const nodes = stepsOf([step]).flatMap((one) =>
      stepKindOf(one, this.#table)
        .actors(one)
        .map((actor) => this.#node(actor)),
    );
    this.outcomes.push({ step, from, to, ok, says });
    noteStep(this.#recorder, step.do, [...new Set(nodes)], { from, to, ok, says });
    return ok;
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

async function attempt(step: Step, stage: Stage, table: StepTable): Promise<Outcome> {
  try {
    return await stepKindOf(step, table).play(step, stage);
  } catch (error) {
    if (!LabError.is(error) || isOurs(error)) throw error;
    return { ok: false, says: `${error.code} ${error.message}` };
  }
}
