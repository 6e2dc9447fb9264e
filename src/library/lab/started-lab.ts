/**
 * A lab that runs in this process, until it is stopped.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Nanos } from '../../base/time.js';
import type { Ledger } from '../../capture/ledger.js';
import type { Json, RoleKind } from '../../roles/role.js';
import type { Step } from '../../scenario/flow.js';
import type { Recording } from '../../scenario/recording.js';
import { isOurs, noteStep } from '../../scenario/script.js';
import type { Lab, ScriptTime } from '../../substrate/substrate.js';
import type { Plan } from '../../topology/plan.js';
import { type EndCommand, type ExecRequest, finish, LiveLab } from '../live/live-lab.js';
import type { LiveCall, LiveStatus } from '../live/protocol.js';
import { durationOf } from './duration.js';
import { Judged } from './judged.js';
import { type ExecResult, runCommand } from './node-command.js';
import { Turns } from './turns.js';

export interface StartedLabDeps {
  readonly plan: Plan;
  readonly lab: Lab;
  readonly kinds: ReadonlyMap<string, RoleKind>;
  readonly recording: Recording;
  /** Of the signal that the lab was built with. */
  readonly ending: AbortController;
  /** Lab time that each thing asked of it may take. */
  readonly timeLimit: Nanos;
}

/**
 * On the simulator its time passes only while something is asked of it; elsewhere it is the wall's. What is asked at one
 * time goes on at one time. Errors of all that is asked: FLOW_ACTOR, FLOW_STEP, ROLE_COMMAND for what the lab does not
 * have; LAB_TIME_LIMIT, LAB_STALLED; LAB_INTERRUPTED once it is stopped.
 */
export class StartedLab extends Judged implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #live: LiveLab;
  readonly #recording: Recording;
  readonly #turns: Turns;
  /** What runs in nodes. */
  readonly #commands = new Set<Promise<ExecResult>>();
  readonly #ending: AbortController;
  #stopped: Promise<StoppedLab> | null = null;

  constructor({ plan, lab, kinds, recording, ending, timeLimit }: StartedLabDeps) {
    super(plan);
    this.#lab = lab;
    this.#live = new LiveLab(lab, plan, kinds);
    this.#recording = recording;
    this.#ending = ending;
    this.#turns = new Turns(lab, timeLimit);
  }

  /** Lab time now. */
  get time(): Nanos {
    return this.#lab.clock.now;
  }

  /** Signs both users in, where they are not, and calls. Settles when media flows or nobody answered. Errors: also those of sign-in. */
  call(from: string, to: string): Promise<LiveCall> {
    return this.#step(
      'call',
      [from, to],
      () => this.#live.call(from, to),
      ({ answered, status, reason }) => [answered, `${status} ${reason}`],
    );
  }

  /** Ends the calls of a user. */
  async hangUp(user: string): Promise<void> {
    await this.#step('hang-up', [user], () => this.#live.hangUp(user));
  }

  /** `up`, `down`, or netem's words such as `loss 5%`, for both directions of a link or of every link of a group. */
  async setLink(name: string, words: string): Promise<void> {
    await this.#step('link', [], () => Promise.resolve(this.#live.setLink(name, words)));
  }

  /** Lets lab time pass, such as `5s`. Errors: CLI_USAGE. */
  async wait(duration: string): Promise<void> {
    const delay = durationOf(duration);
    await this.#run((time) => time.sleep(delay));
  }

  /** Nodes, users, and links with what they carried and what was set on them. */
  status(): Promise<LiveStatus> {
    return this.#run(() => Promise.resolve(this.#live.status()));
  }

  /** A command of the node's kind, such as `statistics` of a client, `output` of a process. Errors: the command's own. */
  command(node: string, name: string, argument: Json = {}): Promise<Json> {
    return this.#run(() => this.#lab.role(node).call(name, argument));
  }

  /**
   * Runs a command in a node: on `docker` inside its container, on `netns` a program of this machine in its network.
   * @param options machineTools: a program of this machine on `docker` too. Errors: ROLE_COMMAND on `sim`, DOCKER_*, KERNEL_TOOL,
   * LAB_INTERRUPTED when the lab is stopped meanwhile
   */
  async exec(node: string, command: readonly string[], options: { readonly machineTools?: boolean } = {}): Promise<ExecResult> {
    this.#up();
    const task = this.#exec({ do: 'exec', node, words: [...command], terminal: null, machineTools: options.machineTools === true });
    this.#commands.add(task);
    void task.catch(() => undefined).then(() => this.#commands.delete(task));
    return task;
  }

  ledger(): Ledger {
    return this.#recording.ledger();
  }

  /** Takes the lab down; nothing of it is left then but its record. What is under way ends with LAB_INTERRUPTED. Idempotent. */
  stop(): Promise<StoppedLab> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<StoppedLab> {
    this.#recording.close(this.#lab.clock.now);
    this.#ending.abort();
    await this.#lab.close();
    await Promise.allSettled(this.#commands);
    return new StoppedLab(this.plan, this.#recording);
  }

  async #exec(request: ExecRequest): Promise<ExecResult> {
    const ends: EndCommand[] = [];
    try {
      const way = await this.#live.exec(request, (end) => ends.push(end));
      return await runCommand(way, request.words, this.#ending.signal);
    } finally {
      for (const end of ends) await finish(end);
    }
  }

  /** As a flow's step is: what was done, and what came of it, stands in the ledger. */
  #step<T>(
    step: Step['do'],
    users: readonly string[],
    act: () => Promise<T>,
    outcome: (result: T) => [ok: boolean, says: string] = () => [true, ''],
  ): Promise<T> {
    return this.#run(async () => {
      const from = this.#lab.clock.now;
      const nodes = this.plan.users.filter(({ name, node, address }) => [name, node, address].some((one) => users.includes(one))).map(({ node }) => node);
      const note = (ok: boolean, says: string): void => {
        noteStep(this.#recording.recorder, step, nodes, { from, to: this.#lab.clock.now, ok, says });
      };
      try {
        const result = await act();
        note(...outcome(result));
        return result;
      } catch (error) {
        if (LabError.is(error) && !isOurs(error)) note(false, `${error.code} ${error.message}`);
        throw error;
      }
    });
  }

  async #run<T>(script: (time: ScriptTime) => Promise<T>): Promise<T> {
    this.#up();
    return this.#turns.run(script);
  }

  #up(): void {
    if (this.#stopped !== null) throw new LabError('LAB_INTERRUPTED', `the lab "${this.plan.name}" was stopped`);
  }
}

/** The record of a lab that is gone. */
export class StoppedLab extends Judged {
  readonly #recording: Recording;

  constructor(plan: Plan, recording: Recording) {
    super(plan);
    this.#recording = recording;
  }

  ledger(): Ledger {
    return this.#recording.ledger();
  }
}
