/**
 * The peer workload on the simulator: N calls of two RTP-like streams (50 packets/s, 172 bytes of UDP payload) over
 * 5 links (100 Mbit/s, 5 ms) and 4 routers. One measurement per process; prints one line of JSON.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomRoot } from '../../src/base/rng.js';
import { millis, nanos, seconds } from '../../src/base/time.js';
import type { Nanos } from '../../src/base/time.js';
import { DecisionTable } from '../../src/capture/decision-table.js';
import { pointsOf } from '../../src/capture/points.js';
import { Recorder } from '../../src/capture/recorder.js';
import { FileSink } from '../../src/capture/store/byte-store.js';
import { createVirtualDriver } from '../../src/fabric/driver/virtual-driver.js';
import { createFabric } from '../../src/fabric/fabric.js';
import { createScheduler } from '../../src/fabric/lab-scheduler.js';
import { NULL_TAP } from '../../src/fabric/link.js';
import { createPool } from '../../src/fabric/pool.js';
import type { Scheduler, Target } from '../../src/fabric/scheduler.js';
import { AddressBook } from '../../src/netstack/address-book.js';
import { IpNode } from '../../src/netstack/ip-node.js';
import type { UdpBinding } from '../../src/netstack/udp-layer.js';
import type { Addr } from '../../src/netstack/transport.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import type { KindInfo } from '../../src/topology/plan.js';

const { values } = parseArgs({ options: { calls: { type: 'string', default: '100' }, seconds: { type: 'string', default: '20' }, mode: { type: 'string', default: 'off' } } });
const calls = Number(values.calls);
const length = Number(values.seconds);
const mode = values.mode as 'off' | 'ledger' | 'sent' | 'both';

const HOPS = 5;
const INTERVAL = millis(20);
const PAYLOAD = 172;

const config = { parse: (value: unknown) => ({ ok: true as const, value }), json: {} };
const kind = (name: string, forwards: boolean): [string, KindInfo] => [name, { kind: name, summary: name, forwards, bridge: false, schema: config }];
const kinds = new Map([kind('host', false), kind('router', true)]);

function topology(): string {
  const names = ['a', 'r1', 'r2', 'r3', 'r4', 'b'];
  const net = (i: number, side: number): string => `198.18.${i}.${side}`;
  const node = (name: string, i: number): string => {
    const left = i > 0 ? `eth0: [${net(i - 1, 2)}/24]` : '';
    const right = i < HOPS ? `${i > 0 ? 'eth1' : 'eth0'}: [${net(i, 1)}/24]` : '';
    const routes: string[] = [];
    for (let l = 0; l < HOPS; l++) {
      if (l === i || l === i - 1) continue;
      routes.push(`{ to: 198.18.${l}.0/24, via: ${l > i ? net(i, 2) : net(i - 1, 1)} }`);
    }
    return `    ${name}: { kind: ${i === 0 || i === HOPS ? 'host' : 'router'}, segment: customer, organisation: x, addresses: { ${[left, right].filter((t) => t !== '').join(', ')} }, routes: [${routes.join(', ')}] }`;
  };
  const link = (i: number): string => `    - { name: l${i}, segment: customer, organisation: x, endpoints: ["${names[i]}:eth${i > 0 ? 1 : 0}", "${names[i + 1]}:eth0"], impairments: delay 5ms rate 100mbit }`;
  return ['name: chain', 'organisations: { x: { domains: [x.example] } }', 'topology:', '  nodes:', ...names.map(node), '  links:', ...Array.from({ length: HOPS }, (_, i) => link(i)), ''].join('\n');
}

/** 50 packets a second until the end; no allocation per packet. */
class Sender implements Target {
  readonly #socket: UdpBinding;
  readonly #to: Addr;
  readonly #port: number;
  readonly #bytes = new Uint8Array(PAYLOAD).fill(0x55);
  #left: number;
  readonly #scheduler: Scheduler;

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

const parsed = parseTopology(topology(), 'chain.lab.yaml', kinds);
if (!parsed.ok) throw new Error(parsed.errors.map((e) => e.message).join('\n'));
const { plan } = parsed;
const folder = mkdtempSync(join(tmpdir(), 'callpath-bench-'));
const points = pointsOf(plan);
const decisions = new DecisionTable((node) => points.nodeName(node));
const captured = mode === 'sent' || mode === 'both';
const recorder =
  mode === 'off'
    ? null
    : new Recorder({
        points,
        decisions,
        sink: captured ? new FileSink(join(folder, 'chain.pcapng')) : null,
        originSeconds: 0,
        run: { version: '0', topology: plan.name, hash: plan.hash, seed: 1, records: mode === 'sent' ? 'sent' : 'both' },
      });
const tap = recorder ?? NULL_TAP;
const scheduler = createScheduler();
const random = randomRoot(1);
const pool = createPool();
const book = new AddressBook();
const fabric = createFabric({ links: plan.links, scheduler, pool, tap, random });
const nodes = plan.nodes.map((node) => new IpNode(node, node.interfaces.map((i) => fabric.end(i.link, i.side)), { scheduler, pool, tap, book, decisions, random: random.stream(node.name) }));
const [first, last] = [nodes.find((node) => node.name === 'a'), nodes.find((node) => node.name === 'b')];
if (first === undefined || last === undefined) throw new Error('no chain');
const ends = [book.parse('198.18.0.1'), book.parse(`198.18.${HOPS - 1}.2`)] as [Addr, Addr];
let received = 0;
for (let call = 0; call < calls; call++) {
  const port = 10000 + call;
  const [a, b] = [first.udp.bind(ends[0], port, () => void received++), last.udp.bind(ends[1], port, () => void received++)];
  for (const [i, socket] of [a, b].entries()) {
    const sender = new Sender(scheduler, socket, ends[i === 0 ? 1 : 0], port, length * 50);
    scheduler.at(nanos(1e6 + ((call * 2 + i) * 20e6) / (2 * calls)), sender, 0, null);
  }
}
const driver = createVirtualDriver(scheduler);
let finish: () => void = () => undefined;
const done = new Promise<void>((resolve) => {
  finish = resolve;
});
scheduler.at(seconds(length + 1), { fire: () => (scheduler.touch(), finish()) }, 0, null);
const began = performance.now();
const cpuBegan = process.cpuUsage();
await driver.run(done, seconds(length + 2));
recorder?.close(scheduler.now);
const wall = (performance.now() - began) / 1000;
const spent = process.cpuUsage(cpuBegan);
const cpu = (spent.user + spent.system) / 1e6;
rmSync(folder, { recursive: true });
const hops = received * HOPS;
const expected = calls * 2 * length * 50;
if (received !== expected) throw new Error(`${received} of ${expected} packets arrived`);
console.log(JSON.stringify({ engine: `callpath ${mode}`, hops, wall, cpu, hopsPerSecond: Math.round(hops / wall), rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20) }));
