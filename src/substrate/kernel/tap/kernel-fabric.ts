/**
 * The fabric with its ends in kernels: one process owns all links of a lab. Every interface of a node gets a
 * {@link TapPort}; one `ppoll` waits for all of them; lab time is read from the wall clock once per batch of frames.
 * Nodes that no kernel can be are emulated in this process, at the ends of the same links.
 * It is pumped from {@link KernelFabric.start} to {@link KernelFabric.close}, since kernels do not stand still between
 * two scripts.
 * @module
 */
import { must } from '../../../base/assert.js';
import type { RandomRoot } from '../../../base/rng.js';
import { NEVER, type Nanos } from '../../../base/time.js';
import type { Decisions } from '../../../capture/decisions.js';
import type { DriverOptions } from '../../../fabric/driver/driver-options.js';
import { WallDriver } from '../../../fabric/driver/wall-driver.js';
import { createFabric, type Fabric } from '../../../fabric/fabric.js';
import { createScheduler, type LabScheduler } from '../../../fabric/lab-scheduler.js';
import type { Tap } from '../../../fabric/link.js';
import type { PacketPool } from '../../../fabric/packet.js';
import { createPool } from '../../../fabric/pool.js';
import { AddressBook } from '../../../netstack/address-book.js';
import type { Plan, PlanNode } from '../../../topology/plan.js';
import { emulateNode, type EmulatedNode } from '../../emulated/emulated-node.js';
import type { CauseResolver } from '../identity/cause-resolver.js';
import { type IdentityCounts, PacketIdentity } from '../identity/packet-identity.js';
import { stationsOf } from '../identity/stations.js';
import type { KernelNode } from '../namespace/kernel-node.js';
import { inquestOf } from '../trace/inquest.js';
import { KernelClock } from '../role/kernel-clock.js';
import type { Libc } from './libc.js';
import { PpollIdle } from './ppoll-idle.js';
import { SparePacket, TapPort } from './tap-port.js';

export interface KernelFabricOptions {
  readonly libc: Libc;
  readonly plan: Plan;
  /** One per node of the plan, but for those that are emulated. */
  readonly nodes: readonly KernelNode[];
  readonly tap: Tap;
  readonly decisions: Decisions;
  readonly random: RandomRoot;
  /** CLOCK_REALTIME of lab time 0, in nanoseconds. */
  readonly origin: bigint;
  readonly driver?: DriverOptions;
  /** Who finds out what the role of a node sent because of what; null for a node without one. */
  readonly causes?: (node: PlanNode) => CauseResolver | null;
}

export class KernelFabric {
  readonly scheduler: LabScheduler;
  readonly links: Fabric;
  readonly driver: WallDriver;
  readonly emulated: readonly EmulatedNode[];
  readonly #ports: readonly TapPort[];
  /** By node; none of an emulated one, in which packets stay what they are. */
  readonly #identities: readonly (PacketIdentity | null)[];
  readonly #idle: PpollIdle;
  readonly #spare: SparePacket;
  #stop: () => void = () => undefined;
  #pump: Promise<void> | null = null;

  constructor(options: KernelFabricOptions) {
    const { plan, tap, decisions, random } = options;
    const clock = new KernelClock(options.origin);
    const time = { now: () => clock.now };
    const scheduler = createScheduler({ originSeconds: clock.originSeconds });
    scheduler.advance(clock.now);
    const pool = createPool();
    this.scheduler = scheduler;
    this.links = createFabric({ links: plan.links, scheduler, pool, tap, random });
    this.#spare = new SparePacket(pool, Math.max(0, ...plan.links.map((link) => link.mtu)));
    this.#identities = plan.nodes.map((node) => this.#identify(node, options, pool));
    const deps = { scheduler, pool, tap, decisions, book: new AddressBook() };
    this.emulated = plan.nodes
      .filter((node) => node.emulated === true)
      .map((node) => emulateNode(node, (iface) => this.links.end(iface.link, iface.side), deps, random));
    this.#ports = plan.nodes.flatMap((node) => this.#plug(node, options, pool));
    this.#idle = new PpollIdle(
      options.libc,
      this.#ports.map((port) => port.device.fd),
      () => this.driver.sample(),
      (index) => {
        this.#ports[index]?.drain();
      },
      time,
    );
    this.driver = new WallDriver(scheduler, { ...options.driver, time, idle: this.#idle });
  }

  #identify(node: PlanNode, { nodes, tap, decisions }: KernelFabricOptions, pool: PacketPool): PacketIdentity | null {
    if (node.emulated === true) return null;
    const sampled = (): Nanos => this.driver.sample();
    if (node.bridge) return new PacketIdentity(node, { pool, tap, now: sampled, stations: stationsOf(node) });
    const { namespace } = kernelNode(nodes, node);
    return new PacketIdentity(node, {
      pool,
      tap,
      now: sampled,
      inquest: inquestOf({ node, namespace, decisions, now: sampled }),
      filters: [node, ...node.interfaces].some(({ rpFilter }) => (rpFilter ?? 'off') !== 'off'),
      translated: (nat) => decisions.intern({ node: node.id, stage: 'postrouting', text: { nat }, reason: null }),
    });
  }

  /** Nothing for an emulated node, which has plugged itself in. */
  #plug(node: PlanNode, { nodes, libc, tap, causes: causesOf }: KernelFabricOptions, pool: PacketPool): readonly TapPort[] {
    if (node.emulated === true) return [];
    const { devices } = kernelNode(nodes, node);
    const identity = this.packetsIn(node.id);
    const causes = causesOf?.(node) ?? null;
    return node.interfaces.map((iface, index) => {
      const end = this.links.end(iface.link, iface.side);
      const device = must(devices[index], `device ${iface.name}`);
      const port = new TapPort({ libc, device, end, node: node.id, index, identity, causes, scheduler: this.scheduler, pool, tap, spare: this.#spare });
      end.attach(port);
      if (!end.up) device.setCarrier(false);
      return port;
    });
  }

  /** Pumps until {@link close}. Rejects with LAB_INTERRUPTED, or with a defect that an event showed. */
  start(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#stop = resolve;
    });
    this.#pump = this.driver.run(stopped, NEVER);
    return this.#pump;
  }

  /** What was known again at a node, and what was not. */
  identity(node: number): IdentityCounts {
    return { ...this.packetsIn(node).counts };
  }

  /** The packets that are inside a node's kernel. */
  packetsIn(node: number): PacketIdentity {
    return must(this.#identities[node] ?? undefined, `kernel node ${node}`);
  }

  /** Frames of kernels' own housekeeping that were kept off the links. */
  get withheld(): number {
    return this.#ports.reduce((sum, port) => sum + port.withheld, 0);
  }

  /** Nothing is read or written after it; the devices are the nodes' to close. Idempotent. */
  async close(): Promise<void> {
    this.#stop();
    // How the pump ended is told by `start`.
    await this.#pump?.catch(() => undefined);
    await this.#idle.close();
    await Promise.all(this.#identities.map((identity) => identity?.inquired()));
    for (const identity of this.#identities) identity?.flush(this.scheduler.now);
    this.#spare.release();
  }
}

function kernelNode(nodes: readonly KernelNode[], node: PlanNode): KernelNode {
  return must(
    nodes.find(({ plan }) => plan.id === node.id),
    `kernel node ${node.name}`,
  );
}
