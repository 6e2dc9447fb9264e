/**
 * The simulator's side: one emulated node whose links end in a list.
 * @module
 */
import type { LinkId } from '../../../src/base/brand.js';
import { randomRoot } from '../../../src/base/rng.js';
import { DecisionTable } from '../../../src/capture/decision-table.js';
import { createScheduler, type LabScheduler } from '../../../src/fabric/lab-scheduler.js';
import { type LinkEnd, NULL_TAP } from '../../../src/fabric/link.js';
import type { Packet } from '../../../src/fabric/packet.js';
import { createPool } from '../../../src/fabric/pool.js';
import { AddressBook } from '../../../src/netstack/address-book.js';
import { IpNode } from '../../../src/netstack/ip-node.js';
import { conntrackLine } from '../../../src/netstack/testing/conntrack-line.js';
import { Netfilter, type NetfilterOptions } from '../../../src/netstack/netfilter/netfilter.js';
import { TcpLayer } from '../../../src/netstack/tcp/tcp-layer.js';
import { IPPROTO } from '../../../src/netstack/transport.js';
import type { Ruleset } from '../../../src/nft/ruleset.js';
import { type Bed, type BedName, bedPlan, type BedState, type Counted, type Emitted } from './bed.js';

const pool = createPool({ checked: true });

/** A link that keeps what is sent. */
class Spout implements LinkEnd {
  readonly link: LinkId;
  readonly side = 0;
  readonly mtu = 1500;
  readonly up = true;
  readonly #emitted: Emitted[];

  constructor(link: LinkId, emitted: Emitted[]) {
    this.link = link;
    this.#emitted = emitted;
  }

  send(p: Packet): void {
    this.#emitted.push({ iface: this.link, frame: p.buf.slice(p.off, p.off + p.len) });
    pool.release(p);
  }

  attach(): void {
    // Frames come in by the interface itself.
  }
}

export class SimBed implements Bed {
  readonly name = 'sim';
  readonly #bed: BedName;
  readonly #parse: (text: string) => Ruleset;
  readonly #options: NetfilterOptions;
  readonly #emitted: Emitted[] = [];
  #scheduler: LabScheduler = createScheduler();
  #node: IpNode | null = null;
  #netfilter: Netfilter | null = null;

  /** @param parse rule text, as the node would load it */
  constructor(bed: BedName, parse: (text: string) => Ruleset, options: NetfilterOptions = {}) {
    this.#bed = bed;
    this.#parse = parse;
    this.#options = options;
  }

  /** A new node: nothing of the case before is left. */
  reset(rules: string, seed: number): void {
    const plan = bedPlan(this.#bed);
    const scheduler = createScheduler();
    const random = randomRoot(seed).stream('bed');
    const ends = plan.interfaces.map((iface) => new Spout(iface.link, this.#emitted));
    const decisions = new DecisionTable(() => plan.name);
    const node = new IpNode(plan, ends, { scheduler, pool, tap: NULL_TAP, random, book: new AddressBook(), decisions });
    node.errors.rate.limits = false;
    node.registerTransport(IPPROTO.TCP, new TcpLayer({ output: node.output, scheduler, random }));
    const netfilter = new Netfilter(node, plan, this.#options);
    netfilter.load(this.#parse(rules));
    this.#scheduler = scheduler;
    this.#node = node;
    this.#netfilter = netfilter;
    this.#emitted.length = 0;
  }

  inject(iface: number, frame: Uint8Array): Emitted[] {
    const p = pool.take(frame.length);
    p.len = frame.length;
    p.buf.set(frame, p.off);
    this.#node!.frames.receive(p, this.#node!.interfaces[iface + 1]!);
    while (this.#scheduler.pending > 0 && this.#scheduler.next <= this.#scheduler.now) this.#scheduler.step();
    return this.#emitted.splice(0);
  }

  state(): BedState {
    const counters: Record<string, Counted> = {};
    const own = new Map<string, number>();
    for (const { name, rule, packets, bytes } of this.#netfilter!.rules.counters()) {
      if (name !== null) counters[name] = { packets, bytes };
      if (rule === null) continue;
      const place = `${rule.chain}#${rule.number}`;
      const n = own.get(place) ?? 0;
      own.set(place, n + 1);
      counters[`${place}#${n}`] = { packets, bytes };
    }
    const { conntrack, node } = this.#netfilter!;
    return { counters, connections: conntrack.entries().map((entry) => conntrackLine(entry, node.book, this.#scheduler.now)) };
  }

  /** Packets whose verdict was kept with their connection. */
  get cached(): number {
    return this.#netfilter!.rules.cached;
  }

  close(): void {
    this.#node = null;
  }
}
