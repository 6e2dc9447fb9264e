import { describe, expect, test } from 'vitest';
import { must } from '../base/assert.js';
import { randomRoot } from '../base/rng.js';
import { millis, seconds } from '../base/time.js';
import { DecisionTable } from '../capture/decision-table.js';
import { createFabric } from '../fabric/fabric.js';
import { createScheduler } from '../fabric/lab-scheduler.js';
import { NULL_TAP } from '../fabric/link.js';
import { createPool } from '../fabric/pool.js';
import { CONTOSO, CONTOSO_FILE, planOf } from '../topology/testing/lab.js';
import { AddressBook } from './address-book.js';
import { Bridge } from './bridge.js';
import { IpNode } from './ip-node.js';
import { installNetfilter } from './netfilter/netfilter.js';

const plan = planOf(CONTOSO, CONTOSO_FILE);

type Family = 4 | 6;

/** Every node of the plan on its links, with its firewall. */
function build(): {
  nodes: Map<string, IpNode>;
  has(name: string, family: Family): boolean;
  ping(from: string, to: string, family: Family): string;
  setUp(link: string, up: boolean): void;
} {
  const scheduler = createScheduler();
  const pool = createPool({ checked: true });
  const book = new AddressBook();
  const random = randomRoot(7);
  const fabric = createFabric({ links: plan.links, scheduler, pool, tap: NULL_TAP, random });
  const decisions = new DecisionTable((id) => must(plan.nodes[id], 'node').name);
  const ends = plan.links.flatMap((link) => [fabric.end(link.id, 0), fabric.end(link.id, 1)]);
  const nodes = new Map<string, IpNode>();
  for (const node of plan.nodes) {
    const deps = { scheduler, pool, tap: NULL_TAP, random: random.stream(`node:${node.name}`), book, decisions };
    if (node.bridge) new Bridge(node, ends, deps);
    else {
      const ip = new IpNode(node, ends, deps);
      nodes.set(node.name, ip);
      installNetfilter(ip, node);
    }
  }
  const at = (name: string): IpNode => must(nodes.get(name), name);
  return {
    nodes,
    has: (name, family) =>
      at(name)
        .addresses.list()
        .some((a) => a.family === family),
    ping(from, to, family) {
      const target = must(
        at(to)
          .addresses.list()
          .find((a) => a.family === family),
        `address of ${to}`,
      ).addr;
      let got = 'nothing';
      // A few tries: links of the Internet lose packets.
      for (let tries = 0; tries < 5 && got !== 'reply'; tries++) {
        at(from).ping.send({ to: target, timeout: seconds(1) }, (result) => (got = result.kind === 'error' ? result.error : result.kind));
        const until = scheduler.now + millis(1100);
        while (scheduler.pending > 0 && scheduler.next <= until) scheduler.step();
      }
      expect(pool.live).toBe(0);
      return got;
    },
    setUp: (name, up) =>
      fabric.control.set(
        must(
          plan.links.find((l) => l.name === name),
          name,
        ).id,
        'both',
        { up },
      ),
  };
}

const HOSTS = plan.nodes.filter((n) => !n.bridge && !n.forwards).map((n) => n.name);
const INSIDE = new Set(plan.nodes.filter((n) => n.organisation === 'contoso').map((n) => n.name));

describe('the reference topology', () => {
  test('every host reaches every other one in the families of both, but nobody outside reaches inside; without a question to a neighbour', () => {
    const lab = build();
    const wrong: string[] = [];
    for (const family of [4, 6] as const) {
      const hosts = HOSTS.filter((name) => lab.has(name, family));
      for (const from of hosts) {
        for (const to of hosts) {
          const got = lab.ping(from, to, family);
          if ((got === 'reply') !== (INSIDE.has(from) || !INSIDE.has(to))) wrong.push(`${from} to ${to}, IPv${family}: ${got}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    const asked = [...lab.nodes.values()].flatMap((n) => n.netstat().neighbours.filter((x) => x.state !== 'permanent'));
    expect(asked).toEqual([]);
  });

  test.each([
    [['er-primary'], 'reply'],
    [['er-primary', 'er-secondary'], 'reply'],
    [['er-primary', 'er-secondary', 'inet-fw--isp'], 'host-unreachable'],
  ])('with %j down Microsoft answers with: %s', (down, answer) => {
    // A lab of its own for each: a connection that was translated for one exit stays with that exit's pool.
    const lab = build();
    for (const link of down) lab.setUp(link, false);
    for (const family of [4, 6] as const) expect([family, lab.ping('alice', 'online-fe', family)]).toEqual([family, answer]);
  });
});
