/**
 * The fabric with its ends in kernels: one process owns all links of a lab. Every interface of every node gets a
 * {@link TapPort}; one `ppoll` waits for all of them; lab time is read from the wall clock once per batch of frames.
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
import { createPool } from '../../../fabric/pool.js';
import type { Plan } from '../../../topology/plan.js';
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
  /** One per node of the plan, in its order. */
  readonly nodes: readonly KernelNode[];
  readonly tap: Tap;
  readonly decisions: Decisions;
  readonly random: RandomRoot;
  /** CLOCK_REALTIME of lab time 0, in nanoseconds. */
  readonly origin: bigint;
  readonly driver?: DriverOptions;
}

export class KernelFabric {
  readonly scheduler: LabScheduler;
  readonly links: Fabric;
  readonly driver: WallDriver;
  readonly #ports: readonly TapPort[];
  readonly #identities: readonly PacketIdentity[];
  readonly #idle: PpollIdle;
  readonly #spare: SparePacket;
  #stop: () => void = () => undefined;
  #pump: Promise<void> | null = null;

  constructor(options: KernelFabricOptions) {
    const { libc, plan, tap } = options;
    const clock = new KernelClock(options.origin);
    const time = { now: () => clock.now };
    const scheduler = createScheduler({ originSeconds: clock.originSeconds });
    scheduler.advance(clock.now);
    const pool = createPool();
    this.scheduler = scheduler;
    this.links = createFabric({ links: plan.links, scheduler, pool, tap, random: options.random });
    this.#spare = new SparePacket(pool, Math.max(0, ...plan.links.map((link) => link.mtu)));
    const sampled = (): Nanos => this.driver.sample();
    this.#identities = plan.nodes.map((node) => {
      const { decisions } = options;
      if (node.bridge) return new PacketIdentity(node, { pool, tap, now: sampled, stations: stationsOf(plan, node) });
      const { namespace } = must(options.nodes[node.id], `kernel node ${node.name}`);
      return new PacketIdentity(node, {
        pool,
        tap,
        now: sampled,
        inquest: inquestOf({ node, namespace, decisions, now: sampled }),
        filters: [node, ...node.interfaces].some(({ rpFilter }) => (rpFilter ?? 'off') !== 'off'),
        translated: (nat) => decisions.intern({ node: node.id, stage: 'postrouting', text: { nat }, reason: null }),
      });
    });
    this.#ports = plan.nodes.flatMap((node) => {
      const kernel = must(options.nodes[node.id], `kernel node ${node.name}`);
      const identity = must(this.#identities[node.id], `identity of ${node.name}`);
      return node.interfaces.map((iface, index) => {
        const end = this.links.end(iface.link, iface.side);
        const device = must(kernel.devices[index], `device ${iface.name}`);
        const port = new TapPort({ libc, device, end, node: node.id, index, identity, scheduler, pool, tap, spare: this.#spare });
        end.attach(port);
        if (!end.up) device.setCarrier(false);
        return port;
      });
    });
    this.#idle = new PpollIdle(
      libc,
      this.#ports.map((port) => port.device.fd),
      () => this.driver.sample(),
      (index) => {
        this.#ports[index]?.drain();
      },
      time,
    );
    this.driver = new WallDriver(scheduler, { ...options.driver, time, idle: this.#idle });
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
    return must(this.#identities[node], `node ${node}`);
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
    await Promise.all(this.#identities.map((identity) => identity.inquired()));
    for (const identity of this.#identities) identity.flush(this.scheduler.now);
    this.#spare.release();
  }
}
