/**
 * BIRD 2 daemons for tests: a configuration from a node of a plan, a daemon in the node's namespace, what it knows.
 * @see https://bird.network.cz/?get_doc&f=bird-6.html
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { must } from '../../src/base/assert.js';
import type { Lab } from '../../src/substrate/substrate.js';
import type { BgpNeighbor, BgpPolicy, BgpStatement, PlanBgp } from '../../src/topology/bgp/bgp.js';
import type { PlanNode } from '../../src/topology/plan.js';

/** IPv4 alone: BIRD asks for sessions of their own per family where the next hops are to be right. */
export function birdConfig(node: PlanNode): string {
  const bgp = must(node.bgp, `BGP of ${node.name}`);
  const statics = node.routes.filter((route) => route.family === 4 && route.origin === 'static');
  return [
    `router id ${bgp.routerId};`,
    'protocol device {}',
    'protocol direct { ipv4; }',
    `protocol static inner { ipv4; ${statics.map((route) => `route ${route.prefix} via ${route.via ?? ''} { igp_metric = ${route.metric}; };`).join(' ')} }`,
    `protocol static nets { ipv4; ${bgp.networks
      .filter((n) => n.family === 4)
      .map((n) => `route ${n.prefix} blackhole;`)
      .join(' ')} }`,
    ...bgp.neighbors.map((neighbor, i) => protocol(bgp, neighbor, i)),
    '',
  ].join('\n');
}

function protocol(bgp: PlanBgp, neighbor: BgpNeighbor, i: number): string {
  const { local, peer } = must(neighbor.addresses[0], 'addresses of a session');
  const internal = neighbor.as === bgp.as;
  return `protocol bgp n${i} {
  local ${local} as ${bgp.as};
  neighbor ${peer} as ${neighbor.as};
  connect delay time 1; connect retry time 2; error wait time 1, 4; hold time 90;
  deterministic med on;
  ipv4 {
    ${internal ? 'gateway recursive;' : ''}
    ${neighbor.nextHopSelf ? 'next hop self;' : ''}
    import filter { ${policy(neighbor.import)} };
    export filter { if !(proto = "nets" || source = RTS_BGP) then reject; ${policy(neighbor.export)} };
  };
}`;
}

function policy(statements: BgpPolicy | null): string {
  return statements === null ? 'accept;' : `${statements.map(words).join(' ')} reject;`;
}

function words({ match, set, permit }: BgpStatement): string {
  const any = (conditions: readonly string[]): string => `(${conditions.join(' || ')})`;
  const conditions = [
    ...(match.prefixes === undefined ? [] : [any(match.prefixes.map((p) => `net ~ [ ${p.prefix}{${p.min},${p.max}} ]`))]),
    ...(match.communities === undefined ? [] : [any(match.communities.map((c) => `bgp_community ~ ${communities(c)}`))]),
    ...(match.as === undefined ? [] : [any(match.as.map((as) => `bgp_path ~ [= * ${as} * =]`))]),
  ];
  const actions = [
    ...(set.origin === undefined ? [] : [`bgp_origin = ORIGIN_${set.origin.toUpperCase()};`]),
    ...(set.localPref === undefined ? [] : [`bgp_local_pref = ${set.localPref};`]),
    ...(set.med === undefined ? [] : [`bgp_med = ${set.med};`]),
    ...(set.communities === undefined ? [] : ['bgp_community.empty;', ...set.communities.map((c) => `bgp_community.add(${pair(c)});`)]),
    ...(set.removeCommunities ?? []).map((c) => `bgp_community.delete(${communities(c)});`),
    ...(set.addCommunities ?? []).map((c) => `bgp_community.add(${pair(c)});`),
    ...(set.removePrivateAs === true ? ['bgp_path.delete([64512..65534, 4200000000..4294967294]);'] : []),
    ...[...(set.prepend ?? [])].reverse().map((as) => `bgp_path.prepend(${as});`),
  ];
  return `if ${conditions.length === 0 ? 'true' : conditions.join(' && ')} then { ${actions.join(' ')} ${permit ? 'accept' : 'reject'}; }`;
}

const pair = (community: string): string => `(${community.replace(':', ',')})`;
const communities = (community: string): string => `[${pair(community)}]`;

export class Bird {
  readonly node: string;
  readonly #child: ChildProcess;
  readonly #socket: string;

  private constructor(node: string, child: ChildProcess, socket: string) {
    this.node = node;
    this.#child = child;
    this.#socket = socket;
  }

  static start(lab: Lab, node: PlanNode, folder: string): Bird {
    const file = join(folder, `${node.name}.conf`);
    const socket = join(folder, `${node.name}.ctl`);
    writeFileSync(file, birdConfig(node));
    const [command = '', ...args] = [...(lab.enter?.(node.name) ?? []), 'bird', '-f', '-c', file, '-s', socket, '-P', join(folder, `${node.name}.pid`)];
    return new Bird(node.name, spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }), socket);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.once('close', () => {
        resolve();
      });
      this.#child.kill('SIGKILL');
    });
  }

  /** Sessions that are established, of all. */
  async established(): Promise<number> {
    return [...(await this.#ask('show protocols')).matchAll(/^n\d+\s+BGP\s.*Established/gm)].length;
  }

  /** Every route of BGP and every network of its own, by prefix. */
  async routes(): Promise<ReadonlyMap<string, readonly BirdRoute[]>> {
    return parseRoutes(await this.#ask('show route all'));
  }

  /** One command over the control socket; lines without their reply codes. */
  #ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(this.#socket);
      socket.on('error', reject);
      socket.setEncoding('utf8');
      socket.on('connect', () => socket.write(`${command}\n`));
      socket.on('data', (chunk: string) => {
        text += chunk;
        // The end of an answer: a reply code of class 0, 8 or 9 with a blank behind it. The first is the greeting.
        if ([...text.matchAll(/^(0|8|9)\d{3} .*$/gm)].length < 2) return;
        socket.end();
        resolve(
          text
            .split('\n')
            .map((line) => line.replace(/^\d{4}[- ]| /, ''))
            .join('\n'),
        );
      });
    });
  }
}

export interface BirdRoute {
  /** Index of the neighbour; null: its own. */
  readonly neighbor: number | null;
  readonly best: boolean;
  readonly nextHop: string | null;
  readonly asPath: readonly number[];
  readonly origin: string;
  readonly med: number | null;
  readonly localPref: number;
  readonly communities: readonly string[];
}

/** What `show route all` prints of BGP (protocols n0, n1 ...) and of the node's own networks (nets). */
export function parseRoutes(text: string): ReadonlyMap<string, readonly BirdRoute[]> {
  const found = new Map<string, BirdRoute[]>();
  let prefix = '';
  const parts = text.split(/^(?=(?:\S+)?\s+(?:unicast|blackhole|unreachable|prohibited) \[)/m);
  for (const part of parts) {
    const head = /^(\S*)\s+(?:unicast|blackhole|unreachable|prohibited) \[(\w+) [^\]]*\]( \*)?/.exec(part);
    if (head === null) continue;
    if (head[1] !== '') prefix = head[1] ?? '';
    const [, , name = '', star] = head;
    const neighbor = /^n(\d+)$/.exec(name)?.[1];
    if (neighbor === undefined && name !== 'nets') continue;
    const value = (key: string): string | undefined => new RegExp(`BGP\\.${key}: ?(.*)$`, 'm').exec(part)?.[1]?.trim();
    const route: BirdRoute = {
      neighbor: neighbor === undefined ? null : Number(neighbor),
      best: star !== undefined,
      nextHop: value('next_hop') ?? null,
      asPath: (value('as_path') ?? '')
        .split(' ')
        .filter((as) => as !== '')
        .map(Number),
      origin: (value('origin') ?? 'IGP').toLowerCase(),
      med: value('med') === undefined ? null : Number(value('med')),
      localPref: Number(value('local_pref') ?? 100),
      communities: [...(value('community') ?? '').matchAll(/\((\d+),(\d+)\)/g)].map(([, a, b]) => `${a}:${b}`),
    };
    found.set(prefix, [...(found.get(prefix) ?? []), route]);
  }
  return found;
}
