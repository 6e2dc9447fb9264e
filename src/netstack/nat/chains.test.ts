/** When chains of type `nat` are asked, and what holds where they do not translate: nf_nat_inet_fn, nf_nat_register_fn. */
import { describe, expect, test } from 'vitest';
import { DROP } from '../../base/drop.js';
import { must } from '../../base/assert.js';
import { describeFrame, ipPacket, udpPacket } from '../../../test/support/router/frames.js';
import { type SimRouter, simRouter, type Wire } from '../../../test/support/router/router.js';
import { CT_STATUS } from '../conntrack/connection.js';
import type { NatChain, NatRange } from '../conntrack/tracker.js';
import { HOOK_POINTS } from '../hook.js';
import { createTranslator, type Nat } from './translator.js';

type Point = NatChain['point'];
const BOUND = CT_STATUS.SRC_NAT_DONE | CT_STATUS.DST_NAT_DONE;
const POINTS: readonly Point[] = ['prerouting', 'input', 'output', 'postrouting'];

class Chains {
  readonly r: SimRouter = simRouter({ extra: { in: [], out: ['10.0.2.253'] } });
  readonly nat: Nat = createTranslator(this.r.node, this.r.tracker);
  readonly asked: string[] = [];

  /** A chain that notes that it was asked. */
  install(name: string, act: Partial<NatChain> & { readonly to?: string } = {}): () => void {
    const { to, point = 'postrouting' } = act;
    return this.nat.installChain({
      priority: 100,
      family: 4,
      run: (p) => {
        this.asked.push(name);
        return to === undefined ? 0 : this.nat.setup(p, point, this.range(to));
      },
      ...act,
      point,
    });
  }

  range(to: string): NatRange {
    const addr = must(this.r.node.book.parse(to), to);
    const family = to.includes(':') ? 6 : 4;
    return { family, addresses: { from: addr, to: addr }, ports: null, random: false, fullyRandom: false, persistent: false };
  }

  /** `10.0.2.254 > 10.0.2.1` of what came out. */
  send(wire: Wire, packet: Uint8Array): string {
    const [out] = this.r.send(wire, packet);
    if (out === undefined) return `dropped ${this.r.drops.at(-1) ?? ''}`;
    return /^\S+ > \S+/.exec(describeFrame(out.frame))?.[0] ?? '';
  }

  /** Whom the chains that were asked since the last time were. */
  took(): string {
    return this.asked.splice(0).join(' ');
  }

  /** What is settled of the connections there are. */
  bound(): readonly number[] {
    return this.r.tracker.entries().map(({ status }) => status & BOUND);
  }
}

const there = (sport = 5000): Uint8Array => udpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport, dport: 9 });
const there6 = (sport = 5000): Uint8Array => udpPacket({ from: '2001:db8:1::1', to: '2001:db8:2::1', sport, dport: 9 });
const back = udpPacket({ from: '10.0.2.1', to: '10.0.1.1', sport: 9, dport: 5000 });

test('smaller priorities are asked first; of equal ones the chain that was installed last', () => {
  const chains = new Chains();
  for (const [name, priority] of [
    ['a', 100],
    ['b', 100],
    ['late', 101],
    ['early', 99],
    ['c', 100],
  ] as const)
    chains.install(name, { priority });
  chains.send('in', there());
  expect(chains.took()).toBe('early c b a late');
});

test('they are asked until one translates: of a destination, too', () => {
  const chains = new Chains();
  chains.install('translates', { point: 'prerouting', priority: -100, to: '10.0.2.7' });
  chains.install('no-more', { point: 'prerouting', priority: -99 });
  expect(chains.send('in', there())).toBe('10.0.1.1 > 10.0.2.7');
  expect(chains.took()).toBe('translates');
});

test('each point has its own, and a connection meets two of them', () => {
  const chains = new Chains();
  for (const point of POINTS) chains.install(point, { point });
  chains.send('in', there());
  expect(chains.took()).toBe('prerouting postrouting');
  chains.send('out', udpPacket({ from: '10.0.2.1', to: '10.0.2.254', sport: 5000, dport: 9 }));
  expect(chains.took()).toMatch(/^prerouting input( |$)/);
  const { node } = chains.r;
  node.udp.bind(must(node.book.parse('10.0.1.254'), 'own'), 700, () => undefined).send(new Uint8Array(4), 0, 4, must(node.book.parse('10.0.2.1'), 'to'), 9);
  expect(chains.took()).toBe('output postrouting');
});

describe('a chain sees its family', () => {
  test.each([
    [4, 'chain', ''],
    [6, '', 'chain'],
    [0, 'chain', 'chain'],
  ] as const)('%i', (family, asked4, asked6) => {
    const chains = new Chains();
    chains.install('chain', { family });
    chains.send('in', there());
    expect(chains.took()).toBe(asked4);
    chains.send('in', there6());
    expect(chains.took()).toBe(asked6);
    // Of the other family nothing is settled.
    expect(chains.bound()).toEqual([asked4 === '' ? 0 : BOUND, asked6 === '' ? 0 : BOUND]);
  });

  test('though there are chains of the other at the same point', () => {
    const chains = new Chains();
    chains.install('four');
    chains.install('six', { family: 6 });
    chains.send('in', there());
    chains.send('in', there6());
    expect(chains.took()).toBe('four six');
  });
});

describe('a chain whose rules drop', () => {
  test('drops the packet, and no other is asked', () => {
    const chains = new Chains();
    chains.install('drops', {
      priority: 90,
      run: (p) => {
        p.decision = chains.r.node.core.why('policed', 'postrouting', 'by-the-chain');
        return DROP.POLICED;
      },
    });
    chains.install('later');
    expect(chains.send('in', there())).toBe('dropped at=router stage=postrouting kind=by-the-chain');
    expect(chains.took()).toBe('');
    expect(chains.r.tracker.entries()).toEqual([]);
  });
});

describe('who is asked for more than the first packet', () => {
  test('nobody, whether it was translated or not', () => {
    const chains = new Chains();
    chains.install('translates', { to: '10.0.2.254' });
    chains.install('asked', { point: 'prerouting' });
    const sent = [1, 2, 3].map(() => chains.send('in', there()));
    expect(sent).toEqual(Array(3).fill('10.0.2.254 > 10.0.2.1'));
    expect(chains.took()).toBe('asked translates');
  });

  test('a connection that was known before there were chains is never translated, but asked about until it is answered', () => {
    const chains = new Chains();
    chains.send('in', there());
    chains.install('translates', { to: '10.0.2.254' });
    chains.install('too-late', { priority: 110 });
    const sent = [chains.send('in', there()), chains.send('in', there())];
    expect(chains.took()).toBe('translates too-late translates too-late');
    sent.push(chains.send('out', back), chains.send('in', there()));
    expect(chains.took()).toBe('');
    expect(sent).toEqual(['10.0.1.1 > 10.0.2.1', '10.0.1.1 > 10.0.2.1', '10.0.2.1 > 10.0.1.1', '10.0.1.1 > 10.0.2.1']);
    expect(chains.bound()).toEqual([0]);
  });

  test('what is not tracked is not asked about', () => {
    const chains = new Chains();
    chains.install('translates', { to: '10.0.2.254' });
    chains.r.node.install({ point: 'prerouting', priority: -300, family: 0, run: (p) => (chains.r.tracker.notrack(p), 0) });
    expect(chains.send('in', there())).toBe('10.0.1.1 > 10.0.2.1');
    expect(chains.took()).toBe('');
  });
});

describe('a statement out of its turn changes nothing', () => {
  const late = (chains: Chains): void => {
    chains.r.node.install({ point: 'postrouting', priority: 150, family: 4, run: (p) => chains.nat.setup(p, 'postrouting', chains.range('10.0.2.253')) });
  };

  test('for a packet of no connection', () => {
    const chains = new Chains();
    late(chains);
    chains.r.node.install({ point: 'prerouting', priority: -300, family: 0, run: (p) => (chains.r.tracker.notrack(p), 0) });
    expect(chains.send('in', there())).toBe('10.0.1.1 > 10.0.2.1');
  });

  test('for a connection whose end is settled', () => {
    const chains = new Chains();
    chains.install('translates', { to: '10.0.2.254' });
    late(chains);
    expect([chains.send('in', there()), chains.send('in', there())]).toEqual(Array(2).fill('10.0.2.254 > 10.0.2.1'));
    expect(chains.r.node.book.text(must(chains.r.tracker.entries()[0], 'entry').reply.dst)).toBe('10.0.2.254');
  });
});

describe('chains that go', () => {
  test('leave the others in force, and go once', () => {
    const chains = new Chains();
    const undo = chains.install('gone', { priority: 90 });
    chains.install('stays', { to: '10.0.2.254' });
    undo();
    undo();
    expect(chains.send('in', there())).toBe('10.0.2.254 > 10.0.2.1');
    expect(chains.took()).toBe('stays');
  });

  test('the last of a family takes its hooks away; the next brings them back', () => {
    const chains = new Chains();
    const hooks = (): number[][] => [chains.r.node.hooks.ipv4, chains.r.node.hooks.ipv6].map((lists) => HOOK_POINTS.map((point) => lists[point].length));
    const before = hooks();
    const undo = [chains.install('a'), chains.install('b', { family: 0, to: '10.0.2.254' })];
    // Two points for each end, once each (of the order of HOOK_POINTS).
    const inForce = before.map((lists) => lists.map((n, i) => n + (HOOK_POINTS[i] === 'forward' ? 0 : 1)));
    expect(hooks()).toEqual(inForce);
    must(undo[1], 'b')();
    expect(hooks()).toEqual([inForce[0], before[1]]);
    must(undo[0], 'a')();
    expect(hooks()).toEqual(before);
    expect(chains.send('in', there())).toBe('10.0.1.1 > 10.0.2.1');
    expect(chains.bound()).toEqual([0]);
    chains.install('again', { to: '10.0.2.254' });
    expect(hooks()).toEqual([inForce[0], before[1]]);
    expect(chains.send('in', there(5001))).toBe('10.0.2.254 > 10.0.2.1');
  });
});

describe('destinations are translated at -100, sources at 100', () => {
  /** The end in question, as hooks before and after see it. */
  function seen(point: Point, to: string, wire: Wire, packet: Uint8Array, end: 'src' | 'dst'): string[] {
    const chains = new Chains();
    chains.install('translates', { point, to });
    const texts: string[] = [];
    const at = end === 'src' ? 12 : 16;
    for (const priority of [-101, -99, 99, 101])
      chains.r.node.install({
        point,
        priority,
        family: 4,
        run: (p) => (texts.push(chains.r.node.book.text(chains.r.node.book.read4(p.buf, p.off + 14 + at))), 0),
      });
    chains.r.send(wire, packet);
    return texts;
  }
  const toRouter = udpPacket({ from: '10.0.2.1', to: '10.0.2.254', sport: 5000, dport: 9 });

  test('prerouting', () => {
    expect(seen('prerouting', '10.0.1.7', 'out', toRouter, 'dst')).toEqual(['10.0.2.254', '10.0.1.7', '10.0.1.7', '10.0.1.7']);
  });

  test('postrouting', () => {
    expect(seen('postrouting', '10.0.2.254', 'in', there(), 'src')).toEqual(['10.0.1.1', '10.0.1.1', '10.0.1.1', '10.0.2.254']);
  });

  test('input', () => {
    expect(seen('input', '10.0.2.7', 'out', toRouter, 'src')).toEqual(['10.0.2.1', '10.0.2.1', '10.0.2.1', '10.0.2.7']);
  });
});

describe('without an answer of the chains', () => {
  test('the connection is settled as it is', () => {
    const chains = new Chains();
    chains.install('asked');
    expect(chains.send('in', there())).toBe('10.0.1.1 > 10.0.2.1');
    expect(chains.r.tracker.entries().map(({ status }) => status & (BOUND | CT_STATUS.SNAT | CT_STATUS.DNAT))).toEqual([BOUND]);
  });

  test('a protocol without ports too', () => {
    const chains = new Chains();
    chains.install('asked', { family: 0 });
    expect(chains.send('in', ipPacket('10.0.1.1', '10.0.2.1', 50, new Uint8Array(8)))).toBe('10.0.1.1 > 10.0.2.1');
    expect(chains.bound()).toEqual([BOUND]);
  });
});

test('what is forgotten with `conntrack -F` says nothing about the next translation', () => {
  const chains = new Chains();
  const range = { ...chains.range('10.0.2.254'), ports: { from: 40000, to: 60000 } };
  chains.nat.installChain({ point: 'postrouting', priority: 100, family: 4, run: (p) => chains.nat.setup(p, 'postrouting', range) });
  const port = (to: string): string => {
    const [out] = chains.r.send('in', udpPacket({ from: '10.0.1.1', to, sport: 5000, dport: 9 }));
    return /udp (\d+) >/.exec(describeFrame(must(out, 'packet').frame))?.[1] ?? '';
  };
  const first = port('10.0.2.1');
  expect(port('10.0.2.2')).toBe(first);
  chains.r.tracker.flush();
  expect(port('10.0.2.3')).not.toBe(first);
});
