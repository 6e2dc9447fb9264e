/**
 * What other terminals can have a lab do while it is up.
 * @module
 */
import type { LinkId } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import { clientCommands } from '../../roles/client/commands.js';
import { ask } from '../../roles/commands.js';
import type { CommandName } from '../../roles/commands.js';
import { KINDS } from '../../roles/kinds.js';
import type { Json, RoleKind } from '../../roles/role.js';
import { actsAlone } from '../../scenario/script-programs.js';
import { linkChange } from '../../scenario/steps/link.js';
import type { Lab } from '../../substrate/substrate.js';
import type { Plan, PlanUser } from '../../topology/plan.js';
import { didYouMean, listed } from '../../base/suggest.js';
import type { LiveCall, LiveExec, LiveLinks, LiveRequest, LiveStatus } from './protocol.js';

/** What is asked of a lab by its requests; to go down is asked of who keeps it. */
export type LabRequest = Exclude<LiveRequest, { do: 'down' }>;
export type ExecRequest = Extract<LiveRequest, { do: 'exec' }>;

/** Ends a command. False: not started yet, ask again. */
export type EndCommand = () => Promise<boolean>;

/** A command whose terminal is gone may still be started by what that had asked for: so often and so long it is looked for, milliseconds. */
const LOOKS = 20;
const BETWEEN = 100;

/** What cannot be ended because the daemon is gone has ended with its container. */
export async function finish(end: EndCommand): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const ended = await end().catch((error: unknown) => {
      if (!LabError.is(error)) throw error;
      return true;
    });
    if (ended) return;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN));
  }
}

export class LiveLab {
  readonly #lab: Lab;
  readonly #plan: Plan;
  readonly #kinds: ReadonlyMap<string, RoleKind>;
  /** Of a node's user, under way or done; one that failed is forgotten, so that the next call tries anew. */
  readonly #signIns = new Map<string, Promise<Json>>();
  /** What was set, by link. */
  readonly #set = new Map<LinkId, readonly string[]>();

  /** @param kinds what the roles at the nodes can be asked to do */
  constructor(lab: Lab, plan: Plan, kinds: ReadonlyMap<string, RoleKind> = KINDS) {
    this.#lab = lab;
    this.#plan = plan;
    this.#kinds = kinds;
  }

  /**
   * What another terminal asks for. Errors: FLOW_ACTOR, FLOW_STEP, ROLE_COMMAND for what the lab does not have; those of the
   * roles.
   * @param atEnd is handed what must be called when whoever asked is gone
   */
  async do(request: LabRequest, atEnd: (end: EndCommand) => void = () => undefined): Promise<Json> {
    switch (request.do) {
      case 'status':
        return this.status();
      case 'call':
        return this.call(request.from, request.to);
      case 'hang-up':
        await this.hangUp(request.user);
        return {};
      case 'link':
        return this.setLink(request.name, request.set);
      case 'exec':
        return this.exec(request, atEnd);
    }
  }

  status(): LiveStatus {
    return {
      topology: this.#plan.name,
      time: this.#lab.clock.now,
      nodes: this.#plan.nodes.map((node) => ({
        name: node.name,
        kind: node.kind,
        users: this.#plan.users.filter((user) => user.node === node.name).map((user) => user.name),
        failed: this.#lab.failures.get(node.name)?.message.split('\n')[0] ?? null,
      })),
      links: this.#plan.links.map((link) => ({
        name: link.name,
        group: link.group,
        ends: link.ends.map((end) => `${end.nodeName}:${end.interface}`),
        set: this.#set.get(link.id) ?? [],
        packets: ([0, 1] as const).map((side) => this.#lab.linkStats(link.id, side).offered),
      })),
    };
  }

  /**
   * Signs both users in, where they are not, and calls. Who is called may sit at a program that is not the lab's: it signs in
   * by itself. Errors: FLOW_ACTOR; those of sign-in and call.
   */
  async call(from: string, to: string): Promise<LiveCall> {
    const [caller, callee] = [this.#user(from), this.#user(to)];
    if (caller === callee) throw new LabError('FLOW_ACTOR', `"${from}" and "${to}" are the same user`, { expected: 'two users' });
    this.#mustTake('call', caller);
    await Promise.all([this.#signIn(caller), this.#signIn(callee)]);
    return ask(this.#lab.role(caller.node), clientCommands, 'call', { to: callee.address });
  }

  /** Ends the calls of a user. Errors: FLOW_ACTOR. */
  async hangUp(user: string): Promise<void> {
    const found = this.#user(user);
    this.#mustTake('hang-up', found);
    await ask(this.#lab.role(found.node), clientCommands, 'hang-up', {});
  }

  #takes(command: CommandName<typeof clientCommands>, { node }: PlanUser): boolean {
    return !actsAlone(node, command, this.#plan, this.#kinds);
  }

  #mustTake(command: CommandName<typeof clientCommands>, user: PlanUser): void {
    if (this.#takes(command, user)) return;
    const others = this.#plan.users.filter((other) => this.#takes(command, other)).map(({ name }) => name);
    throw new LabError('FLOW_ACTOR', `"${user.name}" sits at a program of its own, "${user.node}": nobody can have it ${command.replace('-', ' ')}`, {
      expected: `one of: ${listed(others, 40)}; ${user.name} can be called`,
    });
  }

  #signIn(user: PlanUser): Promise<Json> {
    if (!this.#takes('sign-in', user)) return Promise.resolve({});
    const begun = this.#signIns.get(user.node);
    if (begun !== undefined) return begun;
    const signIn = ask(this.#lab.role(user.node), clientCommands, 'sign-in', {});
    this.#signIns.set(user.node, signIn);
    signIn.catch(() => this.#signIns.delete(user.node));
    return signIn;
  }

  /** @param set `up`, `down`, or netem's words for both directions. Errors: FLOW_STEP. */
  setLink(name: string, set: string): LiveLinks {
    const links = this.#plan.links.filter((link) => link.name === name || link.group === name);
    if (links.length === 0)
      throw unknown(
        'FLOW_STEP',
        'link or link group',
        name,
        this.#plan.links.flatMap((link) => [link.name, link.group]),
      );
    const change = linkChange(set, null);
    for (const link of links) {
      this.#lab.links.set(link.id, 'both', change);
      this.#set.set(link.id, setWords(this.#set.get(link.id) ?? [], set, link.up ? 'up' : 'down'));
    }
    return { links: links.map((link) => link.name) };
  }

  /**
   * How to start a command in a node. Errors: ROLE_COMMAND, DOCKER_*.
   * @param atEnd is handed what must be called when whoever asked is gone
   */
  async exec({ node, words, terminal, machineTools }: ExecRequest, atEnd: (end: EndCommand) => void): Promise<LiveExec> {
    const known = this.#plan.nodes.map((candidate) => candidate.name);
    if (!known.includes(node)) throw unknown('CLI_USAGE', 'node', node, known);
    if (!machineTools && this.#lab.inside !== undefined) {
      const command = await this.#lab.inside(node, { words, terminal });
      atEnd(() => command.end());
      return { how: 'attach', socket: command.socket, exec: command.exec };
    }
    const prefix = this.#lab.enter?.(node);
    if (prefix === undefined)
      throw new LabError('ROLE_COMMAND', 'on this substrate no command can be run inside a node', { expected: 'a lab on netns or docker' });
    return { how: 'prefix', user: `/proc/${process.pid}/ns/user`, words: prefix };
  }

  /** By name, by node or by address. */
  #user(name: string): PlanUser {
    const user = this.#plan.users.find((candidate) => [candidate.name, candidate.node, candidate.address].includes(name));
    if (user === undefined)
      throw unknown(
        'FLOW_ACTOR',
        'user',
        name,
        this.#plan.users.map((candidate) => candidate.name),
      );
    return user;
  }
}

/**
 * What is in force of what was set: `up` and `down` replace each other, words of netem those that begin alike.
 * @param usual the topology's own, which need not be told
 */
function setWords(before: readonly string[], set: string, usual: 'up' | 'down'): readonly string[] {
  const kind = (text: string): string => (text === 'up' || text === 'down' ? 'carrier' : (text.split(' ')[0] ?? ''));
  return [...before.filter((text) => kind(text) !== kind(set)), set].filter((text) => text !== usual);
}

function unknown(code: 'FLOW_ACTOR' | 'FLOW_STEP' | 'CLI_USAGE', what: string, name: string, known: readonly string[]): LabError {
  return new LabError(code, `the lab has no ${what} "${name}"`, { expected: `one of: ${listed(known, 40)}`, ...didYouMean(name, known) });
}
