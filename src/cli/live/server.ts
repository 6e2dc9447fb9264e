/**
 * A lab that stays up: takes requests of other terminals until it is told to go down.
 * @module
 */
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { LabError } from '../../base/error.js';
import type { Nanos } from '../../base/time.js';
import { linkChange } from '../../scenario/script.js';
import type { Json } from '../../roles/role.js';
import type { Lab } from '../../substrate/substrate.js';
import type { Plan, PlanUser } from '../../topology/plan.js';
import { didYouMean, listed } from '../../topology/source/suggest.js';
import { LineSplitter, parseRequest } from './protocol.js';
import type { LiveAnswer, LiveRequest } from './protocol.js';

export class LiveServer {
  readonly #lab: Lab;
  readonly #plan: Plan;
  readonly #down: () => void;
  readonly #signedIn = new Set<string>();
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  /** @param down called when somebody says so */
  constructor(lab: Lab, plan: Plan, down: () => void) {
    this.#lab = lab;
    this.#plan = plan;
    this.#down = down;
  }

  /** Errors: CLI_USAGE when the socket can't be made. */
  async listen(path: string): Promise<void> {
    const server = createServer((socket) => {
      this.#serve(socket);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(new LabError('CLI_USAGE', `can't make the lab's socket ${path}: ${cause.message}`, { cause }));
      });
      server.listen(path, resolve);
    });
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    const lines = new LineSplitter();
    this.#sockets.add(socket);
    socket.setEncoding('utf8');
    socket.on('close', () => this.#sockets.delete(socket));
    // A terminal that went away: its request is finished all the same.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      for (const line of lines.push(chunk)) void this.#answer(line).then((answer) => socket.write(`${JSON.stringify(answer)}\n`));
    });
  }

  async #answer(line: string): Promise<LiveAnswer> {
    try {
      return { ok: await this.#do(parseRequest(line)) };
    } catch (error) {
      const told = LabError.is(error) ? error : new LabError('LAB_ROLE_FAILED', error instanceof Error ? error.message : String(error));
      return { error: told.toJSON() };
    }
  }

  async #do(request: LiveRequest): Promise<Json> {
    switch (request.do) {
      case 'status':
        return this.#status();
      case 'call':
        return this.#call(request.from, request.to);
      case 'role':
        return this.#lab.role(request.node).call(request.command, request.argument as Json);
      case 'link':
        return this.#link(request.name, request.set);
      case 'enter':
        return [...this.#enter(request.node)];
      case 'down':
        this.#down();
        return {};
    }
  }

  #status(): Json {
    return {
      topology: this.#plan.name,
      time: this.#lab.clock.now,
      nodes: this.#plan.nodes.map((node) => ({ name: node.name, kind: node.kind })),
      links: this.#plan.links.map((link) => ({
        name: link.name,
        group: link.group,
        ends: link.ends.map((end) => `${end.nodeName}:${end.interface}`),
        packets: [0, 1].map((side) => this.#lab.linkStats(link.id, side as 0 | 1).offered),
      })),
    };
  }

  #user(name: string): PlanUser {
    const user = this.#plan.users.find((candidate) => [candidate.name, candidate.node, candidate.address].includes(name));
    if (user !== undefined) return user;
    const known = this.#plan.users.map((candidate) => candidate.name);
    throw new LabError('FLOW_ACTOR', `no user "${name}"`, { expected: `one of: ${listed(known)}`, ...didYouMean(name, known) });
  }

  async #call(from: string, to: string): Promise<Json> {
    const [caller, callee] = [this.#user(from), this.#user(to)];
    for (const user of [caller, callee]) {
      if (this.#signedIn.has(user.node)) continue;
      await this.#lab.role(user.node).call('sign-in', {});
      this.#signedIn.add(user.node);
    }
    return this.#lab.role(caller.node).call('call', { to: callee.address });
  }

  #link(name: string, set: string): Json {
    const links = this.#plan.links.filter((link) => link.name === name || link.group === name);
    if (links.length === 0) {
      const known = [...new Set(this.#plan.links.flatMap((link) => [link.name, link.group]))];
      throw new LabError('FLOW_STEP', `no link or link group "${name}"`, { expected: `one of: ${listed(known)}`, ...didYouMean(name, known) });
    }
    const change = linkChange(set, null);
    for (const link of links) this.#lab.links.set(link.id, 'both', change);
    return { links: links.map((link) => link.name), set, at: this.#lab.clock.now satisfies Nanos };
  }

  #enter(node: string): readonly string[] {
    const known = this.#plan.nodes.map((candidate) => candidate.name);
    if (!known.includes(node)) throw new LabError('ROLE_COMMAND', `no node "${node}"`, { expected: `one of: ${listed(known)}`, ...didYouMean(node, known) });
    const prefix = this.#lab.enter?.(node);
    if (prefix === undefined) throw new LabError('ROLE_COMMAND', 'on this substrate no command can be run inside a node', { hint: 'callpath up --on netns or docker' });
    return prefix;
  }
}
