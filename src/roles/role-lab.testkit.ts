/**
 * Roles of a topology in one process: datagrams and byte streams on one wire in virtual time, real TLS, the names of the
 * plan's zones. For tests of roles that speak SIP, below the floor of the substrates.
 * @module
 */
import { Duplex } from 'node:stream';
import { must } from '../base/assert.js';
import { NO_CAUSE } from '../base/brand.js';
import { LabError } from '../base/error.js';
import { randomRoot } from '../base/rng.js';
import { nanos } from '../base/time.js';
import type { DnsRecord, Endpoint, Host, TcpStream, TlsMaterial } from '../host/host.js';
import { secureContext } from '../host/tls.js';
import { createLabPki, type LabPki } from '../protocol/pki/lab-pki.js';
import type { Plan, PlanNode } from '../topology/plan.js';
import { parseTopology } from '../topology/topology-file.js';
import { ask, type ArgumentOf, type CommandName, type CommandTable, type ResultOf } from './commands.js';
import { KINDS } from './kinds.js';
import { TestHost, Wire } from './media/hosts.testkit.js';
import type { Json, RoleKind, RoleServer } from './role.js';

const TURNS = 4;

/** Keys take long to make: labs with the same servers share them. */
const PKIS = new Map<string, LabPki>();

class StreamWire extends Wire {
  readonly listeners = new Map<string, { readonly host: StreamHost; readonly accept: (stream: TcpStream) => void }>();
  touched = false;

  /** Promises go on within a turn of the event loop; TLS takes several, and has gone on when nothing was written for some in a row. */
  protected override async settled(): Promise<void> {
    do {
      const turns = this.touched ? TURNS : 1;
      this.touched = false;
      for (let turn = 0; turn < turns; turn++) {
        // eslint-disable-next-line no-restricted-syntax, no-restricted-globals -- this is the driver of these tests
        await new Promise((go) => setImmediate(go));
      }
    } while (this.touched);
  }
}

class WireStream extends Duplex implements TcpStream {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly cause = NO_CAUSE;
  because = NO_CAUSE;
  peer: WireStream | null = null;
  readonly #wire: StreamWire;

  constructor(wire: StreamWire, local: Endpoint, remote: Endpoint) {
    super();
    this.#wire = wire;
    this.local = local;
    this.remote = remote;
  }

  override _read(): void {
    this.#wire.touched = true;
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, done: () => void): void {
    const bytes = new Uint8Array(chunk);
    this.#carry((peer) => peer.push(bytes));
    done();
  }

  override _final(done: () => void): void {
    this.#carry((peer) => peer.push(null));
    done();
  }

  override _destroy(_: Error | null, done: (error?: Error | null) => void): void {
    this.#carry((peer) => {
      if (!peer.readableEnded) peer.push(null);
    });
    done(null);
  }

  #carry(go: (peer: WireStream) => void): void {
    const wire = this.#wire;
    wire.touched = true;
    if (wire.blocked(this.local.address, this.remote.address)) return;
    wire.book(wire.delay, () => {
      wire.touched = true;
      if (this.peer !== null && !this.peer.destroyed) go(this.peer);
    });
  }
}

class StreamHost extends TestHost {
  readonly #wire: StreamWire;
  readonly #plan: Plan;
  readonly #tls: TlsMaterial;
  #port = 40_000;

  constructor(wire: StreamWire, plan: Plan, node: PlanNode, pki: LabPki, seed: number) {
    super(
      wire,
      node.name,
      node.interfaces.flatMap((iface) => iface.addresses.map(({ address }) => address)),
      seed,
    );
    this.#wire = wire;
    this.#plan = plan;
    const { ca } = pki;
    const identity = pki.identities.get(node.name);
    this.#tls = { ca, trust: secureContext({ ca }), identity: secureContext({ ca, ...identity }) };
  }

  override get tls(): TlsMaterial {
    return this.#tls;
  }

  override readonly listen: Host['listen'] = (options, accept) => {
    const key = `${options.address}|${options.port}`;
    this.#wire.listeners.set(key, { host: this, accept });
    return Promise.resolve({
      local: this.endpoint(options.address, options.port),
      close: () => {
        this.#wire.listeners.delete(key);
      },
    });
  };

  override readonly connect: Host['connect'] = ({ to, timeout }) => {
    const done = this.deferred<TcpStream>(`${this.name}: a connection`);
    const address = must(this.addresses[0], 'an address');
    if (this.#wire.blocked(address, to.address)) {
      this.after(timeout, () => {
        done.reject(new LabError('NET_TIMEOUT', `no answer of ${to.address}`));
      });
      return done.promise;
    }
    const from = this.endpoint(address, (this.#port += 1));
    this.after(nanos(2 * this.#wire.delay), () => {
      const listener = this.#wire.listeners.get(`${to.address}|${to.port}`);
      if (listener === undefined) {
        done.reject(new LabError('NET_REFUSED', `${to.address}:${to.port} refused`));
        return;
      }
      const near = new WireStream(this.#wire, from, to);
      const { host } = listener;
      const far = new WireStream(this.#wire, host.endpoint(to.address, to.port), host.endpoint(from.address, from.port));
      near.peer = far;
      far.peer = near;
      listener.accept(far);
      this.#wire.touched = true;
      done.resolve(near);
    });
    return done.promise;
  };

  override readonly resolve: Host['resolve'] = (name, type) => {
    const found = this.#plan.zones.flatMap((zone) => zone.records).filter((record) => record.name === name && record.type === type);
    if (found.length === 0) return Promise.reject(new LabError('DNS_NXDOMAIN', `${name} is no name`));
    return Promise.resolve(
      found.flatMap((record): DnsRecord[] => {
        const { ttl } = record;
        switch (record.type) {
          case 'SRV':
            return [{ type: 'SRV', ttl, ...record.data }];
          case 'CNAME':
            return [{ type: 'CNAME', ttl, target: record.data }];
          case 'A':
          case 'AAAA':
            return [{ type: record.type, ttl, address: record.data }];
          case 'NAPTR':
            return [];
        }
      }),
    );
  };
}

export class RoleLab {
  readonly plan: Plan;
  readonly wire = new StreamWire();
  /** What roles told the scenario, in order. */
  readonly told: { readonly node: string; readonly name: string; readonly data: Json }[] = [];
  readonly #kinds: ReadonlyMap<string, RoleKind>;
  readonly #pki: LabPki;
  readonly #hosts = new Map<string, StreamHost>();
  readonly #roles = new Map<string, RoleServer>();

  private constructor(plan: Plan, kinds: ReadonlyMap<string, RoleKind>, pki: LabPki) {
    this.plan = plan;
    this.#kinds = kinds;
    this.#pki = pki;
  }

  /** Nothing runs yet. @param text of a topology file */
  static async of(text: string, kinds = KINDS): Promise<RoleLab> {
    const parsed = parseTopology(text, 'roles.lab.yaml', kinds);
    if (!parsed.ok) throw new Error(parsed.errors.map((e) => `${e.where?.line ?? 0}: ${e.message}`).join('\n'));
    const { plan } = parsed;
    const served = plan.nodes.filter((node) => kinds.get(node.kind)?.tls === true);
    const names = served.map((node) => [node.name, node.certificateNames] as const);
    const known = PKIS.get(JSON.stringify(names));
    const pki = known ?? (await createLabPki(new Map(names), randomRoot(1).stream('pki')));
    PKIS.set(JSON.stringify(names), pki);
    return new RoleLab(plan, kinds, pki);
  }

  host(name: string): StreamHost {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const host = new StreamHost(this.wire, this.plan, this.node(name), this.#pki, this.#hosts.size + 1);
    this.#hosts.set(name, host);
    return host;
  }

  node(name: string): PlanNode {
    return must(
      this.plan.nodes.find((one) => one.name === name),
      name,
    );
  }

  /** Starts the roles of these nodes, one after the other. */
  async start(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.startBy(this.plan, name);
  }

  /** Starts one that takes this for the plan. */
  async startBy(plan: Plan, name: string): Promise<void> {
    const node = this.node(name);
    const { load } = must(this.#kinds.get(node.kind), node.kind);
    const { start } = await must(load, 'a role')();
    const emit = (event: string, data: Json): void => {
      this.told.push({ node: name, name: event, data });
    };
    this.#roles.set(name, await start(this.host(name), { node, plan, emit }));
  }

  role(name: string): RoleServer {
    return must(this.#roles.get(name), `a role on ${name}`);
  }

  /** Runs until the command has settled. */
  ask<C extends CommandTable, N extends CommandName<C>>(node: string, commands: C, name: N, argument: ArgumentOf<C, N>): Promise<ResultOf<C, N>> {
    return this.wire.finish(ask(this.role(node), commands, name, argument));
  }

  async stop(...names: readonly string[]): Promise<void> {
    for (const name of names.length > 0 ? names : [...this.#roles.keys()]) await this.role(name).stop();
    await this.wire.run(100);
  }
}
