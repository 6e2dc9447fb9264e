/**
 * What the network of a plan does with a packet, asked of the simulator: the nodes, routes, rules and translations of a
 * run, without its roles and dice. A hook behind all others at each node's input takes what arrives, and answers.
 * @module
 */
import { must } from '../../base/assert.js';
import type { PacketId } from '../../base/brand.js';
import { NO_CAUSE } from '../../base/brand.js';
import { randomRoot } from '../../base/rng.js';
import { type Nanos, seconds } from '../../base/time.js';
import { DecisionTable } from '../../capture/decision-table.js';
import { pointsOf } from '../../capture/points.js';
import type { Points } from '../../capture/points.js';
import type { Probe, ProbeOutcome, Prober, ProberFactory, Taken } from '../../capture/probe.js';
import { ShortLedger } from '../../capture/short-ledger.js';
import { createScheduler } from '../../fabric/lab-scheduler.js';
import type { LabScheduler } from '../../fabric/lab-scheduler.js';
import type { Packet } from '../../fabric/packet.js';
import { ACCEPT, PRIORITY, STOLEN } from '../../netstack/hook.js';
import type { IpNode } from '../../netstack/ip-node.js';
import { DEFAULT_TTL } from '../../netstack/ip/output.js';
import { type ImpairmentSpec, NO_IMPAIRMENT } from '../../topology/impairment.js';
import type { Plan } from '../../topology/plan.js';
import { forgetFlows } from '../emulated/emulated-node.js';
import { arrivedOf, requestOf } from './probe-messages.js';
import type { Arrived, Message } from './probe-messages.js';
import { buildNetwork } from './sim-network.js';
import type { SimNetwork } from './sim-network.js';
import { familyOf, hostPort } from '../../wire/address.js';

export const simProber: ProberFactory = (plan, seed) => new SimProber(plan, seed);

/** Behind all other hooks: of equal ones the last that was installed comes first. */
const BEHIND_ALL = PRIORITY.CONFIRM + 1;
/** Longer than anything holds a packet: reassembly gives up after 30 s (ipfrag_time), a neighbour after 3 s. */
const PATIENCE = seconds(60);
/** Between questions, so that limits of rates (ICMP errors, `limit rate`) have forgotten the one before. */
const PAUSE = seconds(60);
/** A network is built anew before lab time runs out (104 days). */
const LATEST = seconds(100 * 86400) as number;

/** A network to be asked, and what it tells. */
interface Asked {
  readonly scheduler: LabScheduler;
  readonly network: SimNetwork;
  readonly record: ShortLedger;
}

class SimProber implements Prober {
  readonly #plan: Plan;
  readonly #seed: number;
  readonly #points: Points;
  #asked: Asked;
  /** Id of the last packet before this question. */
  #before = 0;
  #probe: Probe | null = null;
  #taken: Taken | null = null;
  #answer: PacketId | null = null;
  #answered: Taken | null = null;

  constructor(plan: Plan, seed: number) {
    this.#plan = withoutDice(plan);
    this.#seed = seed;
    this.#points = pointsOf(plan);
    this.#asked = this.#build();
  }

  ask(probe: Probe): ProbeOutcome {
    if (this.#asked.scheduler.now > LATEST) this.#asked = this.#build();
    const { scheduler, network, record } = this.#asked;
    record.reset(scheduler.now, network.pool.taken);
    this.#before = network.pool.taken;
    network.nodes.forEach(forgetFlows);
    this.#probe = probe;
    this.#taken = this.#answer = this.#answered = null;
    const node = must(network.nodes.find(({ plan }) => plan.name === probe.node)?.ip, `node ${probe.node} with addresses`);
    const sent = this.#send(node, requestOf(probe.transport, familyOf(probe.to)), probe.from, probe.to);
    const until = (scheduler.now + PATIENCE) as Nanos;
    while (network.pool.live > 0 && scheduler.stepUntil(until)) continue;
    this.#probe = null;
    scheduler.advance((scheduler.now + PAUSE) as Nanos);
    return { ledger: record.ledger(), sent, taken: this.#taken, answer: this.#answer, answered: this.#answered };
  }

  /** hot for nobody: a probe has two packets. */
  #arrive(p: Packet, node: IpNode): number {
    const probe = this.#probe;
    const arrived = probe === null ? null : arrivedOf(p);
    if (arrived === null || arrived.refuses) return ACCEPT;
    if (this.#taken === null) {
      this.#taken = takenAt(node, arrived);
      node.core.end(p);
      if (arrived.answer !== null) this.#answer = this.#send(node, arrived.answer, arrived.to, arrived.from);
      return STOLEN;
    }
    this.#answered ??= takenAt(node, arrived);
    node.core.end(p);
    return STOLEN;
  }

  #send(node: IpNode, { protocol, bytes }: Message, from: string, to: string): PacketId {
    const { pool, book } = this.#asked.network;
    const id = (pool.taken + 1 - this.#before) as PacketId;
    const tos = (this.#probe?.dscp ?? 0) << 2;
    node.output.datagram(protocol, must(book.parse(from), from), must(book.parse(to), to), bytes, 0, bytes.length, tos, DEFAULT_TTL, true, NO_CAUSE);
    return id;
  }

  #build(): Asked {
    const scheduler = createScheduler();
    const decisions = new DecisionTable((id) => this.#points.nodeName(id));
    const { name, hash } = this.#plan;
    const record = new ShortLedger(this.#points, decisions, { version: '0', topology: name, hash, seed: this.#seed, records: 'both' });
    const network = buildNetwork(this.#plan, { scheduler, tap: record, decisions, random: randomRoot(this.#seed) });
    for (const { ip } of network.nodes) ip?.install({ point: 'input', priority: BEHIND_ALL, family: 0, run: (p) => this.#arrive(p, ip) });
    return { scheduler, network, record };
  }
}

function withoutDice(plan: Plan): Plan {
  const calm = ({ delay }: ImpairmentSpec): ImpairmentSpec => ({ ...NO_IMPAIRMENT, delay });
  return { ...plan, links: plan.links.map((link) => ({ ...link, impairments: [calm(link.impairments[0]), calm(link.impairments[1])] })) };
}

function takenAt(node: IpNode, { from, to, fromPort, toPort }: Arrived): Taken {
  const text = (address: string, port: number): string => (port === 0 ? address : hostPort(address, port));
  return { node: node.name, from: text(from, fromPort), to: text(to, toPort) };
}
