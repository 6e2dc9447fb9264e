/**
 * Errors about translated packets (nf_nat_icmp_reply_translation; RFC 5508 REQ-4 and REQ-5): each end reads what it knows,
 * inside and outside, and all checksums hold.
 */
import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { describeFrame, echo, icmpPacket, ipPacket, tcpPacket, udpPacket, unreachable } from '../../../test/support/router/frames.js';
import { type NatRule, type RouterSpec, type SimRouter, simRouter, type Wire } from '../../../test/support/router/router.js';
import * as tcp from '../../wire/tcp.js';
import { createTranslator } from './translator.js';

const OUT: NatRule = { point: 'postrouting', wire: 'out', family: 4, addresses: ['10.0.2.254', '10.0.2.254'] };
const OUT6: NatRule = { point: 'postrouting', wire: 'out', family: 6, addresses: ['2001:db8:2::fe', '2001:db8:2::fe'] };
const PORT: NatRule = { ...OUT, match: { protocol: 'udp' }, ports: [40000, 40000] };
const FORWARD: NatRule = {
  point: 'prerouting',
  family: 4,
  match: { protocol: 'udp', dst: '10.0.2.254', dport: 80 },
  addresses: ['10.0.1.1', '10.0.1.1'],
  ports: [8080, 8080],
};
const HAIRPIN: NatRule = { point: 'postrouting', wire: 'in', family: 4, addresses: ['10.0.2.254', '10.0.2.254'] };

/** The IP packet that came out. */
function passes(r: SimRouter, wire: Wire, packet: Uint8Array): Uint8Array {
  return must(r.send(wire, packet)[0], 'what came out').frame.slice(14);
}

/** `out 10.0.2.254 > 10.0.2.1 [10.0.2.1 > 10.0.2.254 proto=17 9 > 40000 len=36]`: ends of an error, and what it quotes. */
function sent(r: SimRouter, wire: Wire, error: Uint8Array): string {
  const [out] = r.send(wire, error);
  if (out === undefined) return `dropped ${r.drops.at(-1) ?? ''}`;
  const text = describeFrame(out.frame);
  const [, from, to] = /^(\S+) > (\S+) /.exec(text) ?? [];
  const quote = /quotes (\[.*?\])(.*)$/.exec(text);
  return `${out.wire} ${from ?? ''} > ${to ?? ''} ${quote?.[1] ?? 'no quote'}${quote?.[2] ?? ''}`;
}

describe('an error that comes back to a source that was translated', () => {
  test.each([
    ['UDP', PORT, udpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 9 }), '[10.0.1.1 > 10.0.2.1 proto=17 5000 > 9 len=36]'],
    [
      'TCP',
      OUT,
      tcpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 9, flags: tcp.SYN, seq: 1 }),
      '[10.0.1.1 > 10.0.2.1 proto=6 5000 > 9 len=40]',
    ],
    ['a query', OUT, echo({ from: '10.0.1.1', to: '10.0.2.1' }, false, 7), '[10.0.1.1 > 10.0.2.1 proto=1 id=7 len=36]'],
    ['ESP', OUT, ipPacket('10.0.1.1', '10.0.2.1', 50, new Uint8Array(16)), '[10.0.1.1 > 10.0.2.1 proto=50 len=36]'],
  ])('about %s: from a router on the way, and from whom it went to', (_what, rule, packet, quote) => {
    for (const from of ['10.0.2.9', '10.0.2.1']) {
      const r = simRouter({ nat: [rule] });
      const about = passes(r, 'in', packet);
      expect(sent(r, 'out', unreachable({ from, to: '10.0.2.254' }, about))).toBe(`in ${from} > 10.0.1.1 ${quote}`);
    }
  });

  test('about a query whose identifier was taken: it has the one of the sender', () => {
    const r = simRouter({ nat: [OUT] });
    passes(r, 'in', echo({ from: '10.0.1.2', to: '10.0.2.1' }, false, 7));
    const about = passes(r, 'in', echo({ from: '10.0.1.1', to: '10.0.2.1' }, false, 7));
    expect(sent(r, 'out', unreachable({ from: '10.0.2.9', to: '10.0.2.254' }, about))).toBe('in 10.0.2.9 > 10.0.1.1 [10.0.1.1 > 10.0.2.1 proto=1 id=7 len=36]');
  });

  test.each([
    [
      'UDP',
      { ...OUT6, match: { protocol: 'udp' }, ports: [40000, 40000] } as NatRule,
      udpPacket({ from: '2001:db8:1::1', to: '2001:db8:2::1', sport: 5000, dport: 9 }),
      'proto=17 5000 > 9 len=56',
    ],
    ['a query', OUT6, echo({ from: '2001:db8:1::1', to: '2001:db8:2::1' }, false, 7), 'proto=58 id=7 len=56'],
  ])('of IPv6, about %s', (_what, rule, packet, quoted) => {
    const r = simRouter({ nat: [rule] });
    const about = passes(r, 'in', packet);
    expect(sent(r, 'out', unreachable({ from: '2001:db8:2::9', to: '2001:db8:2::fe' }, about))).toBe(
      `in 2001:db8:2::9 > 2001:db8:1::1 [20010db8000100000000000000000001 > 20010db8000200000000000000000001 ${quoted}]`,
    );
  });
});

describe('an error of a host inside', () => {
  test('about what was sent to its outside address comes from there, whoever inside sends it', () => {
    for (const from of ['10.0.1.1', '10.0.1.9']) {
      const r = simRouter({ nat: [FORWARD] });
      const about = passes(r, 'out', udpPacket({ from: '10.0.2.1', to: '10.0.2.254', sport: 5000, dport: 80 }));
      expect(sent(r, 'in', unreachable({ from, to: '10.0.2.1' }, about))).toBe('out 10.0.2.254 > 10.0.2.1 [10.0.2.1 > 10.0.2.254 proto=17 5000 > 80 len=36]');
    }
  });

  test('about an answer comes from the outside address, and quotes it as it was sent', () => {
    const r = simRouter({ nat: [PORT] });
    passes(r, 'in', udpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 9 }));
    const about = passes(r, 'out', udpPacket({ from: '10.0.2.1', to: '10.0.2.254', sport: 9, dport: 40000 }));
    expect(sent(r, 'in', unreachable({ from: '10.0.1.1', to: '10.0.2.1' }, about))).toBe(
      'out 10.0.2.254 > 10.0.2.1 [10.0.2.1 > 10.0.2.254 proto=17 9 > 40000 len=36]',
    );
  });

  test('about an answer to a query: by its identifier', () => {
    const r = simRouter({ nat: [OUT] });
    passes(r, 'in', echo({ from: '10.0.1.2', to: '10.0.2.1' }, false, 7));
    const asked = describeFrame(must(r.send('in', echo({ from: '10.0.1.1', to: '10.0.2.1' }, false, 7))[0], 'query').frame);
    const id = Number(/ id=(\d+) seq/.exec(asked)?.[1]);
    const about = passes(r, 'out', echo({ from: '10.0.2.1', to: '10.0.2.254' }, true, id));
    expect(sent(r, 'in', unreachable({ from: '10.0.1.1', to: '10.0.2.1' }, about))).toBe(
      `out 10.0.2.254 > 10.0.2.1 [10.0.2.1 > 10.0.2.254 proto=1 id=${id} len=36]`,
    );
  });

  test('to another inside, by the outside address: both ends', () => {
    const r = simRouter({ nat: [FORWARD, HAIRPIN] });
    const about = passes(r, 'in', udpPacket({ from: '10.0.1.2', to: '10.0.2.254', sport: 5000, dport: 80 }));
    expect(sent(r, 'in', unreachable({ from: '10.0.1.1', to: '10.0.2.254' }, about))).toBe(
      'in 10.0.2.254 > 10.0.1.2 [10.0.1.2 > 10.0.2.254 proto=17 5000 > 80 len=36]',
    );
  });

  test('of the router itself too', () => {
    const r = simRouter({ nat: [FORWARD] });
    const packet = udpPacket({ from: '10.0.2.1', to: '10.0.2.254', sport: 5000, dport: 80, ttl: 1 });
    expect(sent(r, 'out', packet)).toBe('out 10.0.2.254 > 10.0.2.1 [10.0.2.1 > 10.0.2.254 proto=17 5000 > 80 len=36]');
  });
});

describe('a quote that is cut short', () => {
  const packet = udpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 9 });

  test.each([
    [28, 'in 10.0.2.9 > 10.0.1.1 [10.0.1.1 > 10.0.2.1 proto=17 5000 > 9 len=28]'],
    [27, 'dropped at=router stage=prerouting kind=icmp-quote'],
    [24, 'dropped at=router stage=prerouting kind=icmp-quote'],
  ])('%i octets: eight of the datagram must be there (RFC 792)', (octets, expected) => {
    const r = simRouter({ nat: [OUT] });
    expect(sent(r, 'out', unreachable({ from: '10.0.2.9', to: '10.0.2.254' }, passes(r, 'in', packet), octets))).toBe(expected);
  });

  test('is of no matter where nothing is translated', () => {
    const r = simRouter({ nat: [{ ...OUT, match: { protocol: 'tcp' } }] });
    expect(sent(r, 'out', unreachable({ from: '10.0.2.9', to: '10.0.1.1' }, passes(r, 'in', packet), 24))).toBe(
      'in 10.0.2.9 > 10.0.1.1 [10.0.1.1 > 10.0.2.1 proto=17 5000 > 9 len=24]',
    );
  });
});

describe('the checksum of the error', () => {
  const lenient: RouterSpec = { conntrack: { nf_conntrack_checksum: 0 }, nat: [OUT] };
  const packet = udpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 9 });

  test.each([
    ['of a connection that is translated', '10.0.2.254', lenient],
    ['of one that is not', '10.0.1.1', { ...lenient, nat: [{ ...OUT, match: { protocol: 'tcp' } }] } as RouterSpec],
  ])('is looked at even where connection tracking does not: %s', (_what, to, spec) => {
    const r = simRouter(spec);
    const about = passes(r, 'in', packet);
    expect(sent(r, 'out', unreachable({ from: '10.0.2.9', to, badChecksum: true }, about))).toBe('dropped at=router stage=prerouting kind=icmp');
    expect(sent(r, 'out', unreachable({ from: '10.0.2.9', to }, about))).toBe('in 10.0.2.9 > 10.0.1.1 [10.0.1.1 > 10.0.2.1 proto=17 5000 > 9 len=36]');
  });

  test('of IPv6 too', () => {
    const r = simRouter({ ...lenient, nat: [OUT6] });
    const about = passes(r, 'in', udpPacket({ from: '2001:db8:1::1', to: '2001:db8:2::1' }));
    expect(sent(r, 'out', unreachable({ from: '2001:db8:2::9', to: '2001:db8:2::fe', badChecksum: true }, about))).toBe(
      'dropped at=router stage=prerouting kind=icmp',
    );
  });
});

describe('a redirect passes only where nothing is translated', () => {
  const packet = udpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 9 });
  const redirect = (to: string, about: Uint8Array): Uint8Array => icmpPacket({ from: '10.0.2.9', to }, 5, 1, 0x0a000209, about);

  test('of a translated connection it is dropped', () => {
    const r = simRouter({ nat: [OUT] });
    expect(sent(r, 'out', redirect('10.0.2.254', passes(r, 'in', packet)))).toBe('dropped at=router stage=prerouting kind=icmp-redirect');
  });

  test('of one whose destination is translated, too', () => {
    const r = simRouter({ nat: [FORWARD] });
    const about = passes(r, 'out', udpPacket({ from: '10.0.2.1', to: '10.0.2.254', sport: 5000, dport: 80 }));
    expect(sent(r, 'in', icmpPacket({ from: '10.0.1.9', to: '10.0.2.1' }, 5, 1, 0x0a000109, about))).toBe(
      'dropped at=router stage=prerouting kind=icmp-redirect',
    );
  });

  test('of one that no rule translates it passes', () => {
    const r = simRouter({ nat: [{ ...OUT, match: { protocol: 'tcp' } }] });
    expect(sent(r, 'out', redirect('10.0.1.1', passes(r, 'in', packet)))).toBe('in 10.0.2.9 > 10.0.1.1 [10.0.1.1 > 10.0.2.1 proto=17 5000 > 9 len=36]');
  });

  test('of one that was known before there were rules it is dropped: it was never settled', () => {
    const r = simRouter();
    const about = passes(r, 'in', packet);
    createTranslator(r.node, r.tracker).installChain({ point: 'postrouting', priority: 100, family: 0, run: () => 0 });
    expect(sent(r, 'out', redirect('10.0.1.1', about))).toBe('dropped at=router stage=prerouting kind=icmp-redirect');
    // Other errors pass.
    expect(sent(r, 'out', unreachable({ from: '10.0.2.9', to: '10.0.1.1' }, about))).toMatch(/^in 10\.0\.2\.9 > 10\.0\.1\.1 \[/);
  });

  test('of IPv6 too (RFC 4861 4.5)', () => {
    const r = simRouter({ nat: [OUT6] });
    const about = passes(r, 'in', udpPacket({ from: '2001:db8:1::1', to: '2001:db8:2::1' }));
    // Target and destination, then the option with the packet: six octets that are reserved, padded to units of eight.
    const option = new Uint8Array(8 + about.length);
    option.set([4, option.length / 8]);
    option.set(about, 8);
    const rest = new Uint8Array(32 + option.length);
    rest.set(option, 32);
    expect(sent(r, 'out', icmpPacket({ from: 'fe80::9', to: '2001:db8:2::fe', ttl: 255 }, 137, 0, 0, rest))).toBe(
      'dropped at=router stage=prerouting kind=icmp-redirect',
    );
  });
});

describe('what is said of it', () => {
  const said = (spec: RouterSpec, error: (r: SimRouter) => Uint8Array): string[] => {
    const r = simRouter(spec);
    const packet = error(r);
    const texts: string[] = [];
    for (const point of ['prerouting', 'forward', 'postrouting'] as const)
      r.node.install({ point, priority: 200, family: 0, run: (p) => (texts.push(r.said(p)), 0) });
    r.send('out', packet);
    return texts;
  };
  const about = (r: SimRouter): Uint8Array => passes(r, 'in', udpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 9 }));
  const route = 'at=router stage=route route=10.0.1.0/24 dev=in';

  test('the addresses without ports, beside the route, as it leaves', () => {
    expect(said({ nat: [PORT] }, (r) => unreachable({ from: '10.0.2.9', to: '10.0.2.254' }, about(r)))).toEqual([
      '',
      route,
      `${route} nat=10.0.2.254>10.0.1.1`,
    ]);
  });

  test('nothing where nothing is translated', () => {
    expect(said({ nat: [{ ...OUT, match: { protocol: 'tcp' } }] }, (r) => unreachable({ from: '10.0.2.9', to: '10.0.1.1' }, about(r)))).toEqual([
      '',
      route,
      route,
    ]);
  });
});
