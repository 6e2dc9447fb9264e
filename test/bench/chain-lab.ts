/**
 * The workload of the benchmark, and of the test of the hot path's heap: calls of two RTP-like streams (50 packets/s,
 * 172 octets of UDP payload, one each way) over a chain of links (100 Mbit/s, 5 ms) with a router between each two.
 * Built from a topology text by the same parser, plan, fabric, nodes and recorder that a run has.
 * @module
 */
import { assertInvariant, must } from '../../src/base/assert.js';
import { randomRoot } from '../../src/base/rng.js';
import { millis, nanos, type Nanos } from '../../src/base/time.js';
import { DecisionTable } from '../../src/capture/decision-table.js';
import { pointsOf } from '../../src/capture/points.js';
import { Recorder } from '../../src/capture/recorder.js';
import type { RunInfo } from '../../src/capture/run-info.js';
import type { ByteSink } from '../../src/capture/store/byte-store.js';
import { createFabric } from '../../src/fabric/fabric.js';
import { createScheduler, type LabScheduler } from '../../src/fabric/lab-scheduler.js';
import { NULL_TAP } from '../../src/fabric/link.js';
import { createPool } from '../../src/fabric/pool.js';
import type { Scheduler, Target } from '../../src/fabric/scheduler.js';
import { AddressBook } from '../../src/netstack/address-book.js';
import { IpNode } from '../../src/netstack/ip-node.js';
import type { Addr } from '../../src/netstack/transport.js';
import type { UdpBinding } from '../../src/netstack/udp-layer.js';
import type { KindInfo, Plan } from '../../src/topology/plan.js';
import { parseTopology } from '../../src/topology/topology-file.js';

const INTERVAL = millis(20);
const PAYLOAD = 172;
const FIRST_PORT = 10_000;

export interface ChainOptions {
  readonly links: number;
  readonly calls: number;
  /** Packets of each stream. */
  readonly packets: number;
  /** null = no recorder at all. `sink: null` = the ledger only. */
  readonly record: { readonly sink: ByteSink | null; readonly records: RunInfo['records'] } | null;
}

export interface Chain {
  readonly scheduler: LabScheduler;
  readonly recorder: Recorder | null;
  readonly nodes: readonly IpNode[];
  /** Datagrams that arrived so far. */
  received(): number;
}

/** 50 datagrams a second until all are sent, as a media source does it. */
class Sender implements Target {
  readonly #scheduler: Scheduler;
  readonly #socket: UdpBinding;
  readonly #to: Addr;
  readonly #port: number;
  readonly #bytes = new Uint8Array(PAYLOAD).fill(0x55);
  #left: number;

  constructor(scheduler: Scheduler, socket: UdpBinding, to: Addr, port: number, packets: number) {
    this.#scheduler = scheduler;
    this.#socket = socket;
    this.#to = to;
    this.#port = port;
    this.#left = packets;
  }

  fire(): void {
    if (this.#left-- <= 0) return;
    this.#socket.send(this.#bytes, 0, PAYLOAD, this.#to, this.#port);
    this.#scheduler.at((this.#scheduler.now + INTERVAL) as Nanos, this, 0, null);
  }
}

function topology(links: number): string {
  const names = ['a', ...Array.from({ length: links - 1 }, (_, i) => `r${i + 1}`), 'b'];
  const address = (link: number, side: number): string => `198.18.${link}.${side}`;
  const node = (name: string, i: number): string => {
    const left = i > 0 ? [`eth0: [${address(i - 1, 2)}/24]`] : [];
    const right = i < links ? [`${i > 0 ? 'eth1' : 'eth0'}: [${address(i, 1)}/24]`] : [];
    const far = Array.from({ length: links }, (_, l) => l).filter((l) => l !== i && l !== i - 1);
    const routes = far.map((l) => `{ to: 198.18.${l}.0/24, via: ${l > i ? address(i, 2) : address(i - 1, 1)} }`);
    const kind = i === 0 || i === links ? 'host' : 'router';
    return `    ${name}: { kind: ${kind}, segment: customer, organisation: x, addresses: { ${[...left, ...right].join(', ')} }, routes: [${routes.join(', ')}] }`;
  };
  const link = (i: number): string =>
    `    - { name: l${i}, segment: customer, organisation: x, endpoints: ["${names[i]}:eth${i > 0 ? 1 : 0}", "${names[i + 1]}:eth0"], impairments: delay 5ms rate 100mbit }`;
  return [
    'name: chain',
    'organisations: { x: { domains: [x.example] } }',
    'topology:',
    '  nodes:',
    ...names.map(node),
    '  links:',
    ...Array.from({ length: links }, (_, i) => link(i)),
    '',
  ].join('\n');
}

function planOf(links: number): Plan {
  const schema = { parse: (value: unknown) => ({ ok: true as const, value }), json: {} };
  const kind = (name: string, forwards: boolean): [string, KindInfo] => [
    name,
    { kind: name, summary: name, traits: { is: forwards ? 'equipment' : 'endpoint' }, forwards, bridge: false, schema },
  ];
  const parsed = parseTopology(topology(links), 'chain.lab.yaml', new Map([kind('host', false), kind('router', true)]));
  assertInvariant(parsed.ok, parsed.ok ? '' : parsed.errors.map((e) => e.message).join('\n'));
  return parsed.plan;
}

export function chainLab(options: ChainOptions): Chain {
  const plan = planOf(options.links);
  const points = pointsOf(plan);
  const decisions = new DecisionTable((node) => points.nodeName(node));
  const { record } = options;
  const run = { version: '0', topology: plan.name, hash: plan.hash, seed: 1 };
  const recorder = record === null ? null : new Recorder({ points, decisions, sink: record.sink, originSeconds: 0, run: { ...run, records: record.records } });
  const tap = recorder ?? NULL_TAP;
  const scheduler = createScheduler();
  const random = randomRoot(1);
  const pool = createPool();
  const book = new AddressBook();
  const fabric = createFabric({ links: plan.links, scheduler, pool, tap, random });
  const nodes = plan.nodes.map((node) => {
    const ends = node.interfaces.map((i) => fabric.end(i.link, i.side));
    return new IpNode(node, ends, { scheduler, pool, tap, book, decisions, random: random.stream(node.name) });
  });
  const named = (name: string): IpNode =>
    must(
      nodes.find((node) => node.name === name),
      name,
    );
  const address = (text: string): Addr => must(book.parse(text), text);
  const hosts = [
    { node: named('a'), own: address('198.18.0.1'), other: address(`198.18.${options.links - 1}.2`) },
    { node: named('b'), own: address(`198.18.${options.links - 1}.2`), other: address('198.18.0.1') },
  ];
  let received = 0;
  for (let call = 0; call < options.calls; call++) {
    const port = FIRST_PORT + call;
    for (const [side, { node, own, other }] of hosts.entries()) {
      const socket = node.udp.bind(own, port, () => void received++);
      // Spread evenly over one interval, both streams of a call one after the other.
      const start = nanos(1e6 + ((call * 2 + side) * INTERVAL) / (2 * options.calls));
      scheduler.at(start, new Sender(scheduler, socket, other, port, options.packets), 0, null);
    }
  }
  return { scheduler, recorder, nodes, received: () => received };
}
