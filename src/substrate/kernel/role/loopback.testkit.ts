/**
 * A plan of nodes on loopback addresses and their processes, for tests of what runs inside a role's process.
 * @module
 */
import { readFileSync } from 'node:fs';
import { must } from '../../../base/assert.js';
import type { LinkId, NodeId } from '../../../base/brand.js';
import { randomRoot } from '../../../base/rng.js';
import type { Nanos } from '../../../base/time.js';
import { createLabPki, type LabPki } from '../../../protocol/pki/lab-pki.js';
import type { Plan, PlanNode, PlanRecord } from '../../../topology/plan.js';
import type { ToldSecret } from '../rpc/frame.js';
import type { RoleListener, RpcClient } from '../rpc/rpc-client.js';
import { type Compiled, compileProduct } from './compiled.testkit.js';
import { epochNanos } from './kernel-clock.js';
import { spawnRole } from './role-process.js';
import { type KindRef, roleStartOf } from './role-start.js';

/** All of 127/8 is loopback on Linux: a node may have an IPv4 address of its own. IPv6 has one address only. */
export interface LoopbackNode {
  readonly name: string;
  readonly kind: string;
  readonly addresses: readonly string[];
  readonly resolvers?: readonly string[];
  readonly config?: unknown;
  readonly dscp?: PlanNode['dscp'];
}

const SRC = { file: 'loopback.lab.yaml', line: 1, column: 1 };

export function loopbackPlan(nodes: readonly LoopbackNode[], zones: { readonly server: string; readonly records: readonly PlanRecord[] } | null = null): Plan {
  return {
    name: 'loopback',
    file: SRC.file,
    hash: '00',
    organisations: [],
    nodes: nodes.map(
      (node, id): PlanNode => ({
        id: id as NodeId,
        name: node.name,
        kind: node.kind,
        traits: { is: 'server' },
        organisation: null,
        segment: 'customer',
        site: null,
        forwards: false,
        bridge: false,
        interfaces: [
          {
            index: 1,
            name: 'lo',
            mac: '00:00:00:00:00:00',
            link: 0 as LinkId,
            side: 0,
            mtu: 65536,
            addresses: node.addresses.map((address) => ({ family: address.includes(':') ? 6 : 4, address, prefixLength: address.includes(':') ? 128 : 8 })),
            neighbours: [],
          },
        ],
        routes: [],
        resolvers: node.resolvers ?? [],
        certificateNames: [`${node.name}.lab.example`, ...node.addresses],
        dscp: node.dscp ?? [],
        config: node.config ?? {},
        src: SRC,
      }),
    ),
    links: [],
    users: [],
    zones: zones === null ? [] : [{ name: 'lab.example', servers: [zones.server], records: zones.records, src: SRC }],
  };
}

/** What a role told, as it came. */
export class Heard implements RoleListener {
  readonly notes: { readonly at: Nanos; readonly name: string; readonly fields: Readonly<Record<string, string>> }[] = [];
  readonly secrets: ToldSecret[] = [];
  readonly lines: string[] = [];

  note(at: Nanos, name: string, fields: Readonly<Record<string, string>>): void {
    this.notes.push({ at, name, fields });
  }

  secret(_at: Nanos, secret: ToldSecret): void {
    this.secrets.push(secret);
  }

  stderr(line: string): void {
    this.lines.push(line);
  }
}

export class LoopbackLab {
  readonly compiled: Compiled = compileProduct();
  readonly plan: Plan;
  readonly origin = epochNanos();
  readonly #pki: LabPki;
  readonly #clients: RpcClient[] = [];

  private constructor(plan: Plan, pki: LabPki) {
    this.plan = plan;
    this.#pki = pki;
  }

  /** @param served nodes that get a certificate */
  static async create(plan: Plan, served: readonly string[] = []): Promise<LoopbackLab> {
    const names = plan.nodes.filter((node) => served.includes(node.name)).map((node) => [node.name, node.certificateNames] as const);
    return new LoopbackLab(plan, await createLabPki(new Map(names), randomRoot(1).stream('pki')));
  }

  /** A process whose role has not been started. */
  spawn(node: string, listener: RoleListener = new Heard()): RpcClient {
    const client = spawnRole({ node, listener, main: this.compiled.main });
    this.#clients.push(client);
    return client;
  }

  async start(name: string, kind?: KindRef, listener?: RoleListener): Promise<RpcClient> {
    const client = this.spawn(name, listener);
    await client.start(this.startOf(name, kind));
    return client;
  }

  startOf(name: string, kind?: KindRef): ReturnType<typeof roleStartOf> {
    const node = must(
      this.plan.nodes.find((one) => one.name === name),
      `node ${name}`,
    );
    return roleStartOf(node, { plan: this.plan, seed: 1, origin: this.origin, pki: this.#pki }, kind);
  }

  /** The contract suite's probe, compiled. */
  get probe(): KindRef {
    return { module: this.compiled.url('test/contract/probe/kind.ts'), export: 'probe' };
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    this.compiled.remove();
  }
}

/** True while a process of that id runs: one that has ended and that nobody asked about yet (a zombie) does not. */
export function alive(pid: number): boolean {
  try {
    // proc(5): state is what follows the name, which stands in brackets and may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return false;
    throw error;
  }
}
