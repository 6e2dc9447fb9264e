import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from './bytes.js';
import * as fragment from './ipv6-fragment.js';
import * as ipv6 from './ipv6.js';
import { CHECK } from './malformed.js';
import { codecTrio } from '../../test/support/codec-trio.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

const A = hex('20010db8000000000000000000000001');
const B = hex('20010db8000000000000000000000002');
const ip = (frame: Uint8Array): Uint8Array => frame.subarray(14);
const stop = (walked: number): [number, number] => [ipv6.walkedTo(walked), ipv6.walkedHeader(walked)];

describe('ipv6', () => {
  codecTrio(ipv6, [
    {
      name: 'a UDP datagram with a flow label',
      bytes: ip(FRAMES.udp6),
      value: { dscp: 0, ecn: 0, flowLabel: 0xdd1d3, nextHeader: 17, hopLimit: 64, src: A, dst: B, payload: FRAMES.udp6.subarray(54) },
      text: '2001:db8::1 > 2001:db8::2 next=17 hlim=64 dscp=0 flow=0xdd1d3 len=16',
    },
    {
      name: 'EF with ECT(1), nothing in it',
      bytes: hex(`6b9abcde 0000 3bff ${'20010db8000000000000000000000001'} ${'20010db8000000000000000000000002'}`),
      value: { dscp: 46, ecn: 1, flowLabel: 0xabcde, nextHeader: 59, hopLimit: 255, src: A, dst: B, payload: new Uint8Array() },
      text: '2001:db8::1 > 2001:db8::2 next=59 hlim=255 dscp=46 flow=0xabcde len=0',
    },
  ]);

  it.each([
    ['version 4', 0, 0x45, CHECK.VERSION],
    ['payload beyond the packet', 5, 17, CHECK.LENGTH],
  ])('refuses %s', (_, at, value, code) => {
    const b = ip(FRAMES.udp6).slice();
    b[at] = value;
    expect(ipv6.check(b, 0, b.length)).toBe(code);
  });

  it('class and label setters leave each other alone', () => {
    const b = ip(FRAMES.udp6).slice();
    ipv6.setDscp(b, 0, 46);
    ipv6.setEcn(b, 0, 2);
    ipv6.setFlowLabel(b, 0, 0xfffff);
    expect([ipv6.dscp(b, 0), ipv6.ecn(b, 0), ipv6.trafficClass(b, 0), ipv6.flowLabel(b, 0), b[0]! >> 4]).toEqual([46, 2, 0xba, 0xfffff, 6]);
  });

  it('no extension: the transport header follows', () => {
    expect(stop(ipv6.transport(FRAMES.udp6, 14))).toEqual([54, 17]);
  });

  it('steps over hop-by-hop options, to the listener report', () => {
    expect(stop(ipv6.transport(FRAMES.listenerReport, 14))).toEqual([62, 58]);
  });

  it('stops at a Fragment header', () => {
    expect(stop(ipv6.transport(FRAMES.lastFragment6, 14))).toEqual([54, ipv6.NEXT.FRAGMENT]);
  });

  it('steps over routing, destination options and an authentication header, whose unit differs (RFC 4302 2.2)', () => {
    const chain = hex('2b00010400000000 3c01000000000000 0000000000000000 33000104 00000000 1104000000000001000000020000000300000004 00000005 aabb');
    //                 dst opts (8)      routing (16)                       dst opts (8)        AH: (4 + 2) * 4 = 24 octets                   data
    expect(stop(ipv6.walk(chain, 0, chain.length, ipv6.NEXT.DESTINATION))).toEqual([56, 17]);
    expect(chain.length).toBe(58);
  });

  it('a chain that runs out of the packet is -1; one that ends exactly there is not', () => {
    const b = hex('3b01000000000000');
    expect(ipv6.walk(b, 0, 8, ipv6.NEXT.HOP_BY_HOP)).toBe(-1);
    expect(ipv6.walk(b, 0, 7, ipv6.NEXT.HOP_BY_HOP)).toBe(-1);
    expect(stop(ipv6.walk(hex('3b00000000000000'), 0, 8, ipv6.NEXT.HOP_BY_HOP))).toEqual([8, ipv6.NEXT.NONE]);
  });

  it('a walk over any bytes ends, inside the packet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0, 43, 44, 51, 60, 135, 17), (b, next) => {
        const walked = ipv6.walk(b, 0, b.length, next);
        if (walked >= 0) expect(ipv6.walkedTo(walked)).toBeLessThanOrEqual(b.length);
        else expect(walked).toBe(-1);
      }),
      { seed: 8200, numRuns: 300 },
    );
  });
});

describe('ipv6 fragment header', () => {
  codecTrio(fragment, [
    {
      name: 'the first',
      bytes: FRAMES.firstFragment6.subarray(54),
      value: { nextHeader: 17, fragmentOffset: 0, moreFragments: true, identification: 0x4be85747, payload: FRAMES.firstFragment6.subarray(62) },
      text: 'frag id=0x4be85747 offset=0 more next=17 len=1448',
    },
    {
      name: 'the last',
      bytes: FRAMES.lastFragment6.subarray(54),
      value: { nextHeader: 17, fragmentOffset: 1448, moreFragments: false, identification: 0x4be85747, payload: FRAMES.lastFragment6.subarray(62) },
      text: 'frag id=0x4be85747 offset=1448 next=17 len=60',
    },
  ]);

  it('an atomic fragment is a whole packet (RFC 6946)', () => {
    expect(fragment.isAtomic(hex('1100000012345678'), 0)).toBe(true);
    expect(fragment.isAtomic(FRAMES.firstFragment6, 54)).toBe(false);
    expect(fragment.isAtomic(FRAMES.lastFragment6, 54)).toBe(false);
  });
});
