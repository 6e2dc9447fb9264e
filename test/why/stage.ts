/**
 * A network of a plan without roles, on which a test sends datagrams at times that it names and then reads the ledger.
 *
 *     alice - lan - ce ==== er-1, er-2 (fwe) ---- ms - srv
 *               bob    `---- isp (fwi) ----------'
 */
import { must } from '../../src/base/assert.js';
import { randomRoot } from '../../src/base/rng.js';
import { type Nanos, seconds } from '../../src/base/time.js';
import { DecisionTable } from '../../src/capture/decision-table.js';
import type { Ledger } from '../../src/capture/ledger.js';
import { pointsOf } from '../../src/capture/points.js';
import { Recorder } from '../../src/capture/recorder.js';
import { MemorySink } from '../../src/capture/store/byte-store.js';
import { createScheduler } from '../../src/fabric/lab-scheduler.js';
import { KIND_INFOS } from '../../src/roles/kinds.js';
import { parseRuleset } from '../../src/nft/parse-ruleset.js';
import { buildNetwork } from '../../src/substrate/sim/sim-network.js';
import type { IpNode } from '../../src/netstack/ip-node.js';
import type { ImpairmentSpec } from '../../src/topology/impairment.js';
import { formatLabError } from '../../src/base/error.js';
import type { Plan } from '../../src/topology/plan.js';
import { parseTopology } from '../../src/topology/topology-file.js';

/** What differs from case to case: routes of the routers, as YAML lists. */
export interface Turns {
  readonly ce?: string;
  readonly ms?: string;
  readonly more?: string;
}

/** As an edge firewall has them: what inside began, and its answers. Private addresses stay inside where a pool is named. */
export function edgeRules(pool?: string): string {
  const nat =
    pool === undefined
      ? ''
      : `
table ip nat {
  chain post {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "out" ip saddr 10.0.0.0/16 snat to ${pool}
  }
}
`;
  return `table inet filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct state invalid drop comment "belongs to nothing"
    iifname "in" udp dport 5000-5999 jump relays
    iifname "in" accept comment "from inside"
  }
  chain relays {
    udp dport 5001 drop comment "no relay range"
    udp dport 5002 reject
  }
}
${nat}`;
}

const ROUTES: Required<Turns> = {
  ce: '[{ to: default, via: fwi }, { to: microsoft, via: fwe }]',
  ms: '[{ to: contoso, via: fwe }, { to: default, via: fwi }]',
  more: '',
};

export function topologyText(turns: Turns = {}): string {
  const { ce, ms, more } = { ...ROUTES, ...turns };
  return `
name: two-exits
organisations: { contoso: { domains: [contoso.example] }, microsoft: { domains: [online.example] } }
topology:
  addressing: { networks: { contoso: [10.0.0.0/16, "2001:db8:c::/48"], microsoft: [203.0.113.0/24, "2001:db8:365::/48"] } }
  defaults: { segment: customer }
  nodes:
    alice: { kind: stun }
    bob: { kind: stun }
    lan: { kind: bridge, prefixes: [10.0.1.0/24, "2001:db8:c:1::/64"] }
    ce: { kind: router, routes: ${ce} }
    fwe: { kind: router, routes: [{ to: microsoft, via: ms }, { to: contoso, via: ce }] }
    fwi: { kind: router, segment: internet, routes: [{ to: microsoft, via: ms }, { to: contoso, via: ce }] }
    ms: { kind: router, organisation: microsoft, segment: microsoft, routes: ${ms} }
    srv: { kind: stun, organisation: microsoft, segment: microsoft }
${more}
  links:
    - { endpoints: ["alice:eth0", "lan:p1"] }
    - { endpoints: ["bob:eth0", "lan:p2"] }
    - { endpoints: ["ce:lan", "lan:p3"] }
    - { name: er-1, segment: expressroute, endpoints: ["ce:er", "fwe:in"], prefixes: [198.18.0.0/30, "2001:db8:e:1::/64"] }
    - { name: er-2, segment: expressroute, endpoints: ["fwe:out", "ms:er"], prefixes: [198.18.0.4/30, "2001:db8:e:2::/64"] }
    - { name: net-1, segment: internet, endpoints: ["ce:net", "fwi:in"], prefixes: [192.0.2.0/30, "2001:db8:1:1::/64"] }
    - { name: net-2, segment: internet, endpoints: ["fwi:out", "ms:net"], prefixes: [192.0.2.4/30, "2001:db8:1:2::/64"] }
    - { endpoints: ["ms:srv", "srv:eth0"], segment: microsoft, prefixes: [203.0.113.0/26, "2001:db8:365:1::/64"] }
`;
}

export function planFor(text: string): Plan {
  const result = parseTopology(text, 'two-exits.lab.yaml', KIND_INFOS);
  if (result.ok) return result.plan;
  throw new Error(result.errors.map(formatLabError).join('\n'));
}

/** The plan with rules, in nftables' syntax, on some nodes: the file is `NODE.nft`. */
export function withRules(plan: Plan, rules: Readonly<Record<string, string>>): Plan {
  return {
    ...plan,
    nodes: plan.nodes.map((node) => {
      const text = rules[node.name];
      if (text === undefined) return node;
      const file = `${node.name}.nft`;
      const parsed = parseRuleset(file, (path) => (path === file ? text : null));
      if (!parsed.ok) throw new Error(parsed.errors.map(formatLabError).join('\n'));
      return { ...node, firewall: { file, ruleset: parsed.ruleset, src: node.src } };
    }),
  };
}

export function addressOf(plan: Plan, node: string, family: 4 | 6 = 4): string {
  const interfaces = must(
    plan.nodes.find(({ name }) => name === node),
    node,
  ).interfaces;
  return must(
    interfaces.flatMap(({ addresses }) => addresses).find((one) => one.family === family),
    `address of ${node}`,
  ).address;
}

export interface Datagram {
  /** Seconds. */
  readonly at: number;
  readonly from: string;
  readonly fromPort?: number;
  /** Node or address. */
  readonly to: string;
  readonly toPort?: number;
  readonly size?: number;
  readonly dontFragment?: boolean;
}

export class Stage {
  readonly plan: Plan;
  readonly #scheduler = createScheduler();
  readonly #recorder: Recorder;
  readonly #network: ReturnType<typeof buildNetwork>;

  constructor(plan: Plan) {
    this.plan = plan;
    const points = pointsOf(plan);
    const decisions = new DecisionTable((id) => points.nodeName(id));
    this.#recorder = new Recorder({
      points,
      decisions,
      sink: new MemorySink(),
      originSeconds: 0,
      run: { version: '0', topology: plan.name, hash: plan.hash, seed: 1, records: 'both' },
    });
    this.#network = buildNetwork(plan, { scheduler: this.#scheduler, tap: this.#recorder, decisions, random: randomRoot(1) });
  }

  /** A socket that sends every datagram back. */
  echo(node: string, port: number): this {
    const ip = this.#ip(node);
    for (const { addr } of ip.addresses.list()) {
      const socket = ip.udp.bind(addr, port, (buf, off, len, from, fromPort, cause) => {
        socket.send(buf, off, len, from, fromPort, cause);
      });
    }
    return this;
  }

  /** A socket that answers nothing. */
  listen(node: string, port: number): this {
    const ip = this.#ip(node);
    for (const { addr } of ip.addresses.list()) ip.udp.bind(addr, port, () => undefined);
    return this;
  }

  /** Ports 5000 > 3478 and 40 octets, where nothing else is said. The sender listens at its port. */
  send(what: Datagram): this {
    const { book } = this.#network;
    const ip = this.#ip(what.from);
    const to = must(book.parse(/[.:]/.test(what.to) ? what.to : addressOf(this.plan, what.to)), what.to);
    this.#at(what.at, () => {
      const from = must(ip.output.sourceFor(to), `source for ${what.to}`);
      const port = what.fromPort ?? 5000;
      const bound = ip.udp.bindings().find((one) => one.address === from && one.port === port);
      const socket = bound ?? ip.udp.bind(from, port, () => undefined, { dontFragment: what.dontFragment ?? false });
      socket.send(new Uint8Array(what.size ?? 40), 0, what.size ?? 40, to, what.toPort ?? 3478);
    });
    return this;
  }

  link(at: number, name: string, change: Partial<ImpairmentSpec> & { readonly up?: boolean }): this {
    const link = must(
      this.plan.links.find((one) => one.name === name),
      name,
    );
    this.#at(at, () => {
      this.#network.fabric.control.set(link.id, 'both', change);
    });
    return this;
  }

  ledger(until = 60): Ledger {
    const limit = seconds(until);
    while (this.#scheduler.stepUntil(limit)) continue;
    this.#recorder.close(limit);
    return this.#recorder.ledger();
  }

  #at(when: number, act: () => void): void {
    this.#scheduler.at(seconds(when) as Nanos, { fire: act }, 0, null);
  }

  #ip(node: string): IpNode {
    return must(this.#network.nodes.find(({ plan }) => plan.name === node)?.ip, node);
  }
}
