/** The oracle: what a network does with a packet and with the answer to it, without a run. */
import { describe, expect, it } from 'vitest';
import { reachEnd } from '../../src/analysis/reach/ends.js';
import { Oracle, reachLines } from '../../src/analysis/reach/reach.js';
import type { ReachQuery } from '../../src/analysis/reach/reach.js';
import { reachable } from '../../src/library/ask/reachable.js';
import { simProber } from '../../src/substrate/sim/sim-prober.js';
import type { Plan } from '../../src/topology/plan.js';
import { addressOf, edgeRules, planFor, topologyText, withRules } from './stage.js';
import type { Turns } from './stage.js';

const plan = (rules: Readonly<Record<string, string>> = {}, turns: Turns = {}): Plan => withRules(planFor(topologyText(turns)), rules);

function query(
  on: Plan,
  from: string,
  to: string,
  transport: ReachQuery['transport'] = { protocol: 'udp', fromPort: 50000, toPort: 3478 },
  family: 4 | 6 = 4,
): ReachQuery {
  const [a, b] = [reachEnd(on, from, family), reachEnd(on, to, family)];
  return { node: a.node?.name ?? 'ce', from: a.address, to: b.address, transport, dscp: 0 };
}

describe('both directions', () => {
  const open = plan();

  it.each([
    ['UDP', { protocol: 'udp', fromPort: 50000, toPort: 3478 }, 4],
    ['TCP', { protocol: 'tcp', fromPort: 50000, toPort: 443 }, 4],
    ['an echo', { protocol: 'icmp' }, 4],
    ['UDP by IPv6', { protocol: 'udp', fromPort: 50000, toPort: 3478 }, 6],
    ['TCP by IPv6', { protocol: 'tcp', fromPort: 50000, toPort: 443 }, 6],
    ['an echo by IPv6', { protocol: 'icmp' }, 6],
  ] as const)('by %s', (_, transport, family) => {
    const reach = reachable(open, query(open, 'alice', 'srv', transport, family));
    expect(reach.works).toBe(true);
    expect(reach.there).toMatchObject({ arrived: true, at: 'srv', links: ['alice--lan', 'ce--lan', 'er-1', 'er-2', 'ms--srv'], why: null });
    expect(reach.back).toMatchObject({ arrived: true, at: 'alice', links: ['ms--srv', 'er-2', 'er-1', 'ce--lan', 'alice--lan'], why: null });
    expect(reach.stories).toHaveLength(1);
  });

  it('are asked of one network again and again: what was asked before changes nothing', () => {
    const guarded = plan({ fwe: edgeRules() });
    const inwards = query(guarded, 'srv', 'alice', { protocol: 'udp', fromPort: 3478, toPort: 50000 });
    const oracle = new Oracle(guarded, simProber, 1);
    // The flow of the first question would let the second one in.
    expect(oracle.reachable(query(guarded, 'alice', 'srv')).works).toBe(true);
    expect(oracle.reachable(inwards).works).toBe(false);
    expect(oracle.reachable(inwards)).toBe(oracle.reachable(inwards));
    expect(new Oracle(guarded, simProber, 1).reachable(inwards)).toEqual(oracle.reachable(inwards));
  });
});

describe('what does not arrive', () => {
  it('names the drop, the state and the parting of the ways', () => {
    const on = plan({ fwe: edgeRules(), fwi: edgeRules() }, { ms: '[{ to: default, via: fwi }]' });
    const reach = reachable(on, query(on, 'alice', 'srv'));
    expect(reach).toMatchObject({ works: false, there: { arrived: true }, back: { arrived: false, at: 'fwi' } });
    expect(reach.back?.why).toMatch(
      /dropped at fwi \(forward\): policy of inet\/filter\/forward, fwi\.nft:3; it is an answer, .*; fwe holds its state .*; the ways part at ms$/,
    );
    expect(reachLines(reach)).toEqual([
      'alice > srv: delivered over alice--lan, ce--lan, er-1, er-2, ms--srv',
      'srv > alice: dropped at fwi (forward): policy of inet/filter/forward, fwi.nft:3; the ways part at ms',
    ]);
  });

  it('on the way there: no answer is asked for', () => {
    const on = plan({}, { ce: '[{ to: microsoft, blackhole: true }]' });
    expect(reachable(on, query(on, 'alice', 'srv'))).toMatchObject({
      works: false,
      there: { arrived: false, at: 'ce', why: expect.stringContaining('blackhole route 203.0.113.0/24') as string },
      back: null,
    });
  });

  it('a link that is down', () => {
    const base = plan();
    const on: Plan = { ...base, links: base.links.map((link) => (link.name === 'ms--srv' ? { ...link, up: false } : link)) };
    // ms falls back to its default route, and so round in a circle.
    expect(reachable(on, query(on, 'alice', 'srv')).there).toMatchObject({ arrived: false, why: expect.stringContaining('its TTL has run out') as string });
  });

  it('is refused by a reset, which is no answer', () => {
    const on = plan({ fwe: edgeRules().replace('iifname "in" accept', 'iifname "in" tcp dport 443 reject with tcp reset') });
    expect(reachable(on, query(on, 'alice', 'srv', { protocol: 'tcp', fromPort: 50000, toPort: 443 }))).toMatchObject({
      works: false,
      there: { arrived: false, at: 'fwe' },
      back: null,
    });
  });
});

describe('translation', () => {
  const POOL = '192.0.2.130';

  it('shows what the other end sees, and takes the answer back', () => {
    const on = plan({ fwe: edgeRules(POOL) }, { ms: `[{ to: ${POOL}/32, via: fwe }]` });
    const reach = reachable(on, query(on, 'alice', 'srv'));
    expect(reach).toMatchObject({
      works: true,
      there: { seen: { node: 'srv', from: `${POOL}:50000` } },
      back: { seen: { node: 'alice', to: `${addressOf(on, 'alice')}:50000` } },
    });
    expect(reachLines(reach)[0]).toContain(`, from ${POOL}:50000`);
  });

  it('reaches who is behind an address of a translator', () => {
    const rules = `table ip nat {
  chain pre { type nat hook prerouting priority dstnat; policy accept;
    udp dport 5060 dnat to SRV:3478
  }
}`;
    const base = plan();
    const on = plan({ fwe: rules.replace('SRV', addressOf(base, 'srv')) });
    const outside = on.nodes.find(({ name }) => name === 'fwe')?.interfaces.find(({ name }) => name === 'in')?.addresses[0]?.address ?? '';
    const reach = reachable(on, { ...query(on, 'alice', 'srv', { protocol: 'udp', fromPort: 50000, toPort: 5060 }), to: outside });
    expect(reach).toMatchObject({
      works: true,
      there: { arrived: true, at: 'srv', seen: { to: `${addressOf(on, 'srv')}:3478` } },
      back: { arrived: true, seen: { from: `${outside}:5060` } },
    });
  });

  it('an answer that comes from another address than was spoken to is none', () => {
    // srv answers past the translator.
    const rules = `table ip nat {
  chain pre { type nat hook prerouting priority dstnat; policy accept;
    udp dport 5060 dnat to SRV:3478
  }
}`;
    const base = plan();
    const on = plan({ fwe: rules.replace('SRV', addressOf(base, 'srv')) }, { ms: '[{ to: default, via: fwi }]' });
    const outside = on.nodes.find(({ name }) => name === 'fwe')?.interfaces.find(({ name }) => name === 'in')?.addresses[0]?.address ?? '';
    const reach = reachable(on, { ...query(on, 'alice', 'srv', { protocol: 'udp', fromPort: 50000, toPort: 5060 }), to: outside });
    expect(reach).toMatchObject({ works: false, there: { arrived: true }, back: { arrived: false } });
    expect(reach.back?.why).toBe(`it comes from ${addressOf(on, 'srv')}:3478, but ${outside}:5060 was spoken to`);
  });
});

describe('ends', () => {
  const on = plan();

  it('are a node, an interface, an address', () => {
    expect(reachEnd(on, 'srv')).toMatchObject({ node: { name: 'srv' }, family: 4 });
    expect(reachEnd(on, 'ce:net').address).toBe(
      on.nodes.find(({ name }) => name === 'ce')?.interfaces.find(({ name }) => name === 'net')?.addresses[0]?.address,
    );
    expect(reachEnd(on, '2001:DB8:0:0::1')).toMatchObject({ node: null, address: '2001:db8::1', family: 6 });
  });

  it.each([
    ['srw', 'there is no node "srw"'],
    ['ce:nett', 'ce has no interface "nett"'],
    ['lan', 'lan has no address'],
  ])('%s: %s', (text, message) => {
    expect(() => reachEnd(on, text)).toThrow(message);
  });
});
