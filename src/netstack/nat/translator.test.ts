import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { randomRoot } from '../../base/rng.js';
import { seconds } from '../../base/time.js';
import { describeFrame, echo, tcpPacket, udpPacket, unreachable } from '../../../test/support/router/frames.js';
import { type NatRule, type RouterSpec, type SimRouter, simRouter, type Wire } from '../../../test/support/router/router.js';
import { randomCase } from '../../../test/support/router/specs.js';
import { Story } from '../../../test/support/router/story.js';
import { dissect, ipOf } from '../../wire/frame.js';
import * as tcp from '../../wire/tcp.js';
import { createTracker } from '../conntrack/conntrack.js';
import { CT_STATUS } from '../conntrack/connection.js';
import type { NatRange } from '../conntrack/tracker.js';
import { chain } from '../testing.js';
import { createTranslator } from './translator.js';

const OUT: NatRule = { point: 'postrouting', wire: 'out', family: 4, addresses: ['10.0.2.254', '10.0.2.254'] };
const OUT6: NatRule = { point: 'postrouting', wire: 'out', family: 6, addresses: ['2001:db8:2::fe', '2001:db8:2::fe'] };
const forward = (dport: number, to: string, port: number): NatRule => ({
  point: 'prerouting',
  family: 4,
  match: { protocol: 'udp', dst: '10.0.2.254', dport },
  addresses: [to, to],
  ports: [port, port],
});

/** Wire, and ends: `out 10.0.2.254:5000 > 10.0.2.1:9`; checksums that do not hold are said. */
function ends(r: SimRouter, wire: Wire, packet: Uint8Array): string {
  const [out] = r.send(wire, packet);
  if (out === undefined) return `dropped ${r.drops.at(-1) ?? ''}`;
  const text = describeFrame(out.frame);
  const match = /^(\S+) > (\S+) .*?\| (?:udp|tcp) (\d+) > (\d+)/.exec(text);
  if (match === null) return `${out.wire} ${text}`;
  return `${out.wire} ${match[1] ?? ''}:${match[3] ?? ''} > ${match[2] ?? ''}:${match[4] ?? ''}${text.includes('BAD') ? ' BAD' : ''}`;
}

const udp = (from: string, sport: number, to: string, dport: number): Uint8Array => udpPacket({ from, sport, to, dport });

describe('source translation', () => {
  test.each([
    ['UDP', udpPacket],
    ['TCP', (e: Parameters<typeof udpPacket>[0]) => tcpPacket({ ...e, flags: tcp.SYN, seq: 1 })],
  ])('of %s keeps the port, and answers come back', (_name, packet) => {
    const r = simRouter({ nat: [OUT, OUT6] });
    expect(ends(r, 'in', packet({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 9 }))).toBe('out 10.0.2.254:5000 > 10.0.2.1:9');
    expect(ends(r, 'in', packet({ from: '2001:db8:1::1', to: '2001:db8:2::1', sport: 5000, dport: 9 }))).toBe('out 2001:db8:2::fe:5000 > 2001:db8:2::1:9');
    if (packet !== udpPacket) return;
    expect(ends(r, 'out', udp('10.0.2.1', 9, '10.0.2.254', 5000))).toBe('in 10.0.2.1:9 > 10.0.1.1:5000');
    expect(ends(r, 'out', udp('2001:db8:2::1', 9, '2001:db8:2::fe', 5000))).toBe('in 2001:db8:2::1:9 > 2001:db8:1::1:5000');
  });

  test('a port that is taken is another one of its class; to another destination it is free', () => {
    const r = simRouter({ nat: [OUT] });
    for (const [sport, least, most] of [
      [5000, 1024, 65535],
      [600, 600, 1023],
      [80, 1, 511],
    ] as const) {
      ends(r, 'in', udp('10.0.1.1', sport, '10.0.2.1', 9));
      const port = Number(/254:(\d+)/.exec(ends(r, 'in', udp('10.0.1.2', sport, '10.0.2.1', 9)))?.[1]);
      expect([port !== sport, port >= least, port <= most]).toEqual([true, true, true]);
      expect(ends(r, 'in', udp('10.0.1.2', sport, '10.0.2.2', 9))).toBe(`out 10.0.2.254:${port} > 10.0.2.2:9`);
    }
  });

  test('a source keeps its translation towards others where it can', () => {
    const r = simRouter({ nat: [{ ...OUT, ports: [40000, 50000] }] });
    const [, port] = /254:(\d+)/.exec(ends(r, 'in', udp('10.0.1.1', 5000, '10.0.2.1', 9))) ?? [];
    expect(ends(r, 'in', udp('10.0.1.1', 5000, '10.0.2.2', 9))).toBe(`out 10.0.2.254:${port ?? ''} > 10.0.2.2:9`);
    const random = simRouter({ nat: [{ ...OUT, flags: ['fully-random'] }] });
    const ports = [1, 2, 3].map((host) => ends(random, 'in', udp('10.0.1.1', 5000, `10.0.2.${host}`, 9)).split(' > ')[0]);
    expect(new Set(ports).size).toBe(3);
  });

  test('an exhausted pool drops what is new, and says so; what is known goes on', () => {
    const r = simRouter({ nat: [{ ...OUT, ports: [40000, 40001], match: { protocol: 'udp' } }] });
    const tries = [1, 2, 3].map((host) => ends(r, 'in', udp(`10.0.1.${host}`, 5000, '10.0.2.1', 9)));
    expect(tries.slice(0, 2).map((text) => text.replace(/4000[01]/, 'P'))).toEqual(Array(2).fill('out 10.0.2.254:P > 10.0.2.1:9'));
    expect(tries[2]).toBe('dropped at=router stage=postrouting ct=new kind=no-free-tuple');
    expect(r.tracker.counters()).toMatchObject({ insert_failed: 1, drop: 1 });
    expect(ends(r, 'in', udp('10.0.1.2', 5000, '10.0.2.1', 9))).toBe(tries[1]);
    // Another destination, another tuple.
    expect(ends(r, 'in', udp('10.0.1.3', 5000, '10.0.2.2', 9))).toMatch(/^out 10.0.2.254:4000[01]/);
    r.at(seconds(31));
    expect(ends(r, 'in', udp('10.0.1.3', 5000, '10.0.2.1', 9))).toMatch(/^out 10.0.2.254:4000[01]/);
  });

  test('of a query: the identifier', () => {
    const r = simRouter({ nat: [OUT] });
    const id = (text: string): string => /id=(\d+) seq/.exec(text)?.[1] ?? '';
    expect(id(ends(r, 'in', echo({ from: '10.0.1.1', to: '10.0.2.1' }, false, 7)))).toBe('7');
    const other = id(ends(r, 'in', echo({ from: '10.0.1.2', to: '10.0.2.1' }, false, 7)));
    expect(other).not.toBe('7');
    expect(ends(r, 'out', echo({ from: '10.0.2.1', to: '10.0.2.254' }, true, Number(other)))).toMatch(/^in 10.0.2.1 > 10.0.1.2 .*id=7 seq/);
  });
});

describe('destination translation', () => {
  test('of a port, and its answers', () => {
    const r = simRouter({ nat: [forward(80, '10.0.1.1', 8080)] });
    expect(ends(r, 'out', udp('10.0.2.1', 5000, '10.0.2.254', 80))).toBe('in 10.0.2.1:5000 > 10.0.1.1:8080');
    expect(ends(r, 'in', udp('10.0.1.1', 8080, '10.0.2.1', 5000))).toBe('out 10.0.2.254:80 > 10.0.2.1:5000');
  });

  test('hairpin: with source translation too, inside speaks to inside by the outside address', () => {
    const r = simRouter({ nat: [forward(80, '10.0.1.1', 8080), { point: 'postrouting', wire: 'in', family: 4, addresses: ['10.0.2.254', '10.0.2.254'] }] });
    expect(ends(r, 'in', udp('10.0.1.2', 5000, '10.0.2.254', 80))).toBe('in 10.0.2.254:5000 > 10.0.1.1:8080');
    expect(ends(r, 'in', udp('10.0.1.1', 8080, '10.0.2.254', 5000))).toBe('in 10.0.2.254:80 > 10.0.1.2:5000');
    expect(r.tracker.entries()).toHaveLength(1);
  });

  test('a clash is solved by another source port, though no rule asks for one', () => {
    const r = simRouter({ nat: [forward(80, '10.0.1.1', 8080), forward(81, '10.0.1.1', 8080)] });
    expect(ends(r, 'out', udp('10.0.2.1', 5000, '10.0.2.254', 80))).toBe('in 10.0.2.1:5000 > 10.0.1.1:8080');
    const second = ends(r, 'out', udp('10.0.2.1', 5000, '10.0.2.254', 81));
    const port = /2\.1:(\d+)/.exec(second)?.[1] ?? '';
    expect(port).not.toBe('5000');
    expect(ends(r, 'in', udp('10.0.1.1', 8080, '10.0.2.1', Number(port)))).toBe('out 10.0.2.254:81 > 10.0.2.1:5000');
  });

  test('of what the node sends itself: the route is asked again', () => {
    const net = chain();
    const node = net.node('a');
    const nat = createTranslator(node, createTracker(node));
    const to = net.addr('10.0.2.1');
    const range: NatRange = { family: 4, addresses: { from: to, to }, ports: { from: 9, to: 9 }, random: false, fullyRandom: false, persistent: false };
    nat.installChain({ point: 'output', priority: -100, family: 4, run: (p) => nat.setup(p, 'output', range) });
    const answers: string[] = [];
    const server = net.node('b').udp.bind(to, 9, (b, o, n, from, port) => {
      server.send(b, o, n, from, port);
    });
    // The router's own address: without translation the packet would end there.
    node.udp
      .bind(net.addr('10.0.1.1'), 5000, (_b, _o, _n, from, port) => answers.push(`${net.book.text(from)}:${port}`))
      .send(new Uint8Array(4), 0, 4, net.addr('10.0.1.254'), 80);
    net.run(seconds(1));
    expect(answers).toEqual(['10.0.1.254:80']);
  });
});

test('an error comes back with the ends that its receiver knows, inside and outside', () => {
  const r = simRouter({ nat: [OUT, OUT6] });
  for (const [from, to, outside, far] of [
    ['10.0.1.1', '10.0.2.1', '10.0.2.254', '10.0.2.9'],
    ['2001:db8:1::1', '2001:db8:2::1', '2001:db8:2::fe', '2001:db8:2::9'],
  ] as const) {
    const [sent] = r.send('in', udpPacket({ from, to, sport: 5000, dport: 9 }));
    const [error] = r.send('out', unreachable({ from: far, to: outside }, must(sent, 'sent').frame.slice(14)));
    const text = describeFrame(must(error, 'error').frame);
    expect(text).toMatch(new RegExp(`^${far} > ${from} `));
    expect(text).not.toContain('BAD');
    expect(text).toMatch(/5000 > 9/);
  }
});

describe('what it says', () => {
  const decisions = (spec: RouterSpec, ...sends: readonly (readonly [Wire, Uint8Array])[]): string[] => {
    const r = simRouter(spec);
    const texts: string[] = [];
    r.node.install({ point: 'postrouting', priority: 200, family: 0, run: (p) => (texts.push(String(r.node.core.decisions.get(p.decision).text['nat'])), 0) });
    for (const [wire, packet] of sends) r.send(wire, packet);
    return texts;
  };

  test('both directions, each once', () => {
    const there = udp('10.0.1.1', 5000, '10.0.2.1', 9);
    expect(decisions({ nat: [{ ...OUT, ports: [40000, 40000] }] }, ['in', there], ['out', udp('10.0.2.1', 9, '10.0.2.254', 40000)], ['in', there])).toEqual([
      '10.0.1.1:5000>10.0.2.254:40000',
      '10.0.2.254:40000>10.0.1.1:5000',
      '10.0.1.1:5000>10.0.2.254:40000',
    ]);
  });

  test('beside the route, as it leaves; nothing before, and nothing of what is not translated', () => {
    const r = simRouter({ nat: [{ ...OUT, match: { protocol: 'udp', dport: 9 } }] });
    const texts: string[] = [];
    for (const point of ['forward', 'postrouting'] as const) r.node.install({ point, priority: 200, family: 0, run: (p) => (texts.push(r.said(p)), 0) });
    r.send('in', udp('10.0.1.1', 5000, '10.0.2.1', 9));
    r.send('in', udp('10.0.1.1', 5000, '10.0.2.1', 10));
    const route = 'at=router stage=route route=10.0.2.0/24 dev=out';
    expect(texts).toEqual([route, `${route} nat=10.0.1.1:5000>10.0.2.254:5000`, route, route]);
  });

  test('of packets of one connection that leave by several routes: each with its own', () => {
    const r = simRouter({ nat: [OUT] });
    const texts: string[] = [];
    r.node.install({ point: 'postrouting', priority: 200, family: 0, run: (p) => (texts.push(r.said(p)), 0) });
    r.send('in', udp('10.0.1.1', 5000, '10.0.2.1', 9));
    r.node.routes.add({ prefix: '10.0.2.1/32', via: '10.0.2.2' });
    r.send('in', udp('10.0.1.1', 5000, '10.0.2.1', 9));
    expect(texts).toEqual([
      'at=router stage=route route=10.0.2.0/24 dev=out nat=10.0.1.1:5000>10.0.2.254:5000',
      'at=router stage=route route=10.0.2.1/32 via=10.0.2.2 dev=out nat=10.0.1.1:5000>10.0.2.254:5000',
    ]);
  });

  test('both ends of a hairpin, and IPv6 in brackets', () => {
    const nat: NatRule[] = [forward(80, '10.0.1.1', 8080), { point: 'postrouting', wire: 'in', family: 4, addresses: ['10.0.2.254', '10.0.2.254'] }];
    expect(decisions({ nat }, ['in', udp('10.0.1.2', 5000, '10.0.2.254', 80)])).toEqual(['10.0.1.2:5000>10.0.2.254:5000,10.0.2.254:80>10.0.1.1:8080']);
    expect(decisions({ nat: [OUT6] }, ['in', udpPacket({ from: '2001:db8:1::1', to: '2001:db8:2::1' })])).toEqual([
      '[2001:db8:1::1]:5000>[2001:db8:2::fe]:5000',
    ]);
  });
});

test('chains are asked once per connection, in order of priority, until one translates; undone chains no more', () => {
  const r = simRouter();
  const nat = createTranslator(r.node, r.tracker);
  const asked: string[] = [];
  const to = must(r.node.book.parse('10.0.2.254'), 'address');
  const range: NatRange = { family: 4, addresses: { from: to, to }, ports: null, random: false, fullyRandom: false, persistent: false };
  const chainOf = (name: string, priority: number, translate: boolean): (() => void) =>
    nat.installChain({ point: 'postrouting', priority, family: 4, run: (p) => (asked.push(name), translate ? nat.setup(p, 'postrouting', range) : 0) });
  chainOf('late', 110, false);
  const undo = chainOf('translates', 100, true);
  chainOf('early', 90, false);
  for (let i = 0; i < 3; i++) r.send('in', udp('10.0.1.1', 5000, '10.0.2.1', 9));
  expect(asked).toEqual(['early', 'translates']);
  expect(must(r.tracker.entries()[0], 'entry').status & (CT_STATUS.SNAT | CT_STATUS.DNAT)).toBe(CT_STATUS.SNAT);
  undo();
  asked.length = 0;
  expect(ends(r, 'in', udp('10.0.1.2', 5000, '10.0.2.1', 9))).toBe('out 10.0.1.2:5000 > 10.0.2.1:9');
  expect(asked).toEqual(['early', 'late']);
});

test('whatever goes through: checksums hold, the table is sound, every answer finds its way back', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), (seed) => {
      const { spec, story: options } = randomCase(seed, true);
      const r = simRouter(spec);
      const story = new Story(randomRoot(seed).stream('story'), options);
      for (let i = 0; i < 30; i++) {
        const { wire, packet } = story.next();
        const good = !describeFrame(frame(packet)).includes('BAD');
        const out = r.send(wire, packet);
        story.cameOut(out);
        for (const { frame: sent } of out) if (good) expect(describeFrame(sent)).not.toContain('BAD');
      }
      sound(r);
    }),
    { seed: 4787, numRuns: 40 },
  );
}, 60_000);

function frame(packet: Uint8Array): Uint8Array {
  const whole = new Uint8Array(14 + packet.length);
  whole[12] = (packet[0] as number) >>> 4 === 4 ? 0x08 : 0x86;
  whole[13] = whole[12] === 0x08 ? 0 : 0xdd;
  whole.set(packet, 14);
  return whole;
}

/** Every tuple is there once and leads to its entry; an answer to what an entry's packets look like outside reaches its source. */
function sound(r: SimRouter): void {
  const seen = new Set<string>();
  for (const { original, reply } of r.tracker.entries()) {
    for (const t of [original, reply]) {
      const key = `${t.protocol} ${t.src}:${t.sport} ${t.dst}:${t.dport}`;
      expect(seen.has(key)).toBe(false);
      seen.add(key);
    }
    if (original.protocol !== 17) continue;
    const text = (addr: Parameters<typeof r.node.book.text>[0]): string => r.node.book.text(addr);
    const wire = /^(10\.0\.1|2001:db8:1:)/.test(text(reply.src)) ? 'in' : 'out';
    const [answer] = r.send(wire, udpPacket({ from: text(reply.src), sport: reply.sport, to: text(reply.dst), dport: reply.dport }));
    const ip = ipOf(dissect(answer?.frame ?? new Uint8Array(), 0, answer?.frame.length ?? 0));
    // One that the router itself began or ended comes out nowhere.
    if (ip === null || 'malformed' in ip.transport || ip.transport.kind !== 'udp') continue;
    expect(describeFrame(must(answer, 'answer').frame)).toContain(`${text(original.dst)} > ${text(original.src)} `);
    expect([ip.transport.srcPort, ip.transport.dstPort]).toEqual([original.dport, original.sport]);
  }
}
