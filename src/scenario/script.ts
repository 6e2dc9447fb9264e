/**
 * Plays a flow's steps on a running lab: calls commands of roles, changes links. What the network refuses is an
 * outcome, written into the ledger; only trouble of the lab itself is thrown.
 * @module
 */
import { LabError } from '../base/error.js';
import type { SourceRef } from '../base/error.js';
import type { LinkId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import { parseNetemChange } from '../topology/netem/parse-netem.js';
import type { Plan } from '../topology/plan.js';
import type { Recorder } from '../capture/recorder.js';
import type { Lab, RoleHandle, ScriptTime } from '../substrate/substrate.js';
import { clientCommands } from '../roles/client/commands.js';
import { ask } from '../roles/commands.js';
import type { Actor, FlowSpec, Step } from './flow.js';

export interface StepOutcome {
  readonly step: Step;
  readonly from: Nanos;
  readonly to: Nanos;
  readonly ok: boolean;
  /** What the network or the other side said, for people. */
  readonly says: string;
}

/** Into the ledger: what was done, and what came of it. */
export function noteStep(recorder: Recorder, step: Step['do'], { from, to, ok, says }: Omit<StepOutcome, 'step'>): void {
  recorder.event(null, to, 'step', { step, ok: ok ? 'yes' : 'no', ...(says !== '' && { says }), since: String(from) });
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
    for (const step of this.#flow.steps) {
      const from = this.#lab.clock.now;
      const [ok, says] = await this.#attempt(step, time);
      const to = this.#lab.clock.now;
      this.outcomes.push({ step, from, to, ok, says });
      noteStep(this.#recorder, step.do, { from, to, ok, says });
      if (!ok) return;
    }
  }

  async #attempt(step: Step, time: ScriptTime): Promise<[boolean, string]> {
    try {
      return await this.#do(step, time);
    } catch (error) {
      if (!LabError.is(error) || isOurs(error)) throw error;
      return [false, `${error.code} ${error.message}`];
    }
  }

  async #do(step: Step, time: ScriptTime): Promise<[boolean, string]> {
    switch (step.do) {
      case 'sign-in':
      case 'sign-out':
      case 'mute':
      case 'unmute':
        for (const actor of step.actors) await ask(this.#role(actor), clientCommands, step.do, {});
        return [true, ''];
      case 'message': {
        const { status } = await ask(this.#role(step.from), clientCommands, 'message', { to: this.#address(step.to), text: step.text });
        return [status >= 200 && status < 300, `${status}`];
      }
      case 'call': {
        const { answered, status, reason } = await ask(this.#role(step.from), clientCommands, 'call', { to: this.#address(step.to) });
        if (answered) await time.sleep(step.talk);
        return [answered, answered ? `${status}` : `${status} ${reason}`];
      }
      case 'hang-up':
        await ask(this.#role(step.actor), clientCommands, 'hang-up', {});
        return [true, ''];
      case 'wait':
        await time.sleep(step.time);
        return [true, ''];
      case 'link':
        this.#setLink(step);
        return [true, ''];
    }
  }

  #role(actor: Actor): RoleHandle {
    return this.#lab.role(this.#flow.actors[actor] ?? actor);
  }

  /** Address of record of the user at the actor's node. */
  #address(actor: Actor): string {
    const node = this.#flow.actors[actor];
    const user = this.#plan.users.find((candidate) => candidate.node === node);
    if (user === undefined) throw new LabError('FLOW_ACTOR', `no user sits at "${node ?? actor}"`, { where: { file: this.#flow.file, line: 1, column: 1 } });
    return user.address;
  }

  #setLink(step: Extract<Step, { do: 'link' }>): void {
    const links = this.#plan.links.filter((link) => link.name === step.link || link.group === step.link);
    if (links.length === 0) throw new LabError('FLOW_STEP', `the topology has no link or link group "${step.link}"`, { where: step.src });
    const change = linkChange(step.set, step.src);
    for (const link of links) this.#lab.links.set(link.id as LinkId, 'both', change);
  }
}

/** `up`, `down`, or netem's words. Errors: FLOW_STEP. @param src where a person wrote it, if in a file */
export function linkChange(set: string, src: SourceRef | null): Parameters<Lab['links']['set']>[2] {
  if (set === 'up' || set === 'down') return { up: set === 'up' };
  const parsed = parseNetemChange(set);
  if (parsed.ok) return parsed.value;
  throw new LabError('FLOW_STEP', parsed.faults[0]?.message ?? `can't read "${set}"`, {
    ...(src !== null && { where: src }),
    expected: 'down, up, or words of netem such as "loss 5%"',
  });
}
