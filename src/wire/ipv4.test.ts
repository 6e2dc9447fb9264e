import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from './bytes.js';
import * as ipv4 from './ipv4.js';
import { CHECK } from './malformed.js';
import { codecTrio } from '../../test/support/codec-trio.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

const NONE = new Uint8Array();
const ip = (frame: Uint8Array): Uint8Array => frame.subarray(14);

describe('ipv4', () => {
  codecTrio(ipv4, [
    {
      name: 'a UDP datagram with DF',
      bytes: ip(FRAMES.udp4),
      value: {
        dscp: 0,
        ecn: 0,
        identification: 0xa29b,
        dontFragment: true,
        moreFragments: false,
        fragmentOffset: 0,
        ttl: 64,
        protocol: 17,
        src: 0xc0000201,
        dst: 0xc0000202,
        options: NONE,
        payload: FRAMES.udp4.subarray(34),
      },
      text: '192.0.2.1 > 192.0.2.2 proto=17 ttl=64 dscp=0 id=41627 DF len=16',
    },
    {
      name: 'an ICMP error of precedence 6',
      bytes: ip(FRAMES.icmpUnreachable),
      value: {
        dscp: 48,
        ecn: 0,
        identification: 0x7556,
        dontFragment: false,
        moreFragments: false,
        fragmentOffset: 0,
        ttl: 64,
        protocol: 1,
        src: 0xc0000202,
        dst: 0xc0000201,
        options: NONE,
        payload: FRAMES.icmpUnreachable.subarray(34),
      },
      text: '192.0.2.2 > 192.0.2.1 proto=1 ttl=64 dscp=48 id=30038 len=44',
    },
    {
      name: 'a last fragment',
      bytes: ip(FRAMES.lastFragment4),
      value: {
        dscp: 0,
        ecn: 0,
        identification: 0x57f7,
        dontFragment: false,
        moreFragments: false,
        fragmentOffset: 1480,
        ttl: 64,
        protocol: 17,
        src: 0xc0000201,
        dst: 0xc0000202,
        options: NONE,
        payload: FRAMES.lastFragment4.subarray(34),
      },
      text: '192.0.2.1 > 192.0.2.2 proto=17 ttl=64 dscp=0 id=22519 offset=1480 len=28',
    },
    {
      // Router alert (RFC 2113), as IGMP sends it; checksum by tshark.
      name: 'options',
      bytes: hex('46c0001c0000400001024204c0000201e000001694040000deadbeef'),
      value: {
        dscp: 48,
        ecn: 0,
        identification: 0,
        dontFragment: true,
        moreFragments: false,
        fragmentOffset: 0,
        ttl: 1,
        protocol: 2,
        src: 0xc0000201,
        dst: 0xe0000016,
        options: hex('94040000'),
        payload: hex('deadbeef'),
      },
      text: '192.0.2.1 > 224.0.0.22 proto=2 ttl=1 dscp=48 id=0 DF len=4',
    },
  ]);

  it('first fragment: MF, and part of a datagram', () => {
    const b = ip(FRAMES.firstFragment4);
    expect(ipv4.moreFragments(b, 0)).toBe(true);
    expect(ipv4.isFragment(b, 0)).toBe(true);
    expect(ipv4.isFragment(ip(FRAMES.udp4), 0)).toBe(false);
    expect(ipv4.payloadLength(b, 0)).toBe(1480);
  });

  it.each([
    ['version 6', 0, 0x65, CHECK.VERSION],
    ['IHL 4', 0, 0x44, CHECK.HEADER_LENGTH],
    ['IHL beyond the packet', 0, 0x4f, CHECK.HEADER_LENGTH],
    ['total length beyond the packet', 3, 37, CHECK.LENGTH],
    ['total length below the header', 3, 19, CHECK.LENGTH],
  ])('refuses %s', (_, at, value, code) => {
    const b = ip(FRAMES.udp4).slice();
    b[at] = value;
    expect(ipv4.check(b, 0, b.length)).toBe(code);
  });

  it('Ethernet padding is not payload', () => {
    const b = new Uint8Array(46);
    b.set(ip(FRAMES.udp4));
    const value = ipv4.parse(b, 0, 46);
    expect('payload' in value && value.payload.length).toBe(16);
  });

  it('a cut datagram is for parseTruncated only', () => {
    const b = ip(FRAMES.udp4).subarray(0, 28);
    expect(ipv4.check(b, 0, 28)).toBe(CHECK.LENGTH);
    const value = ipv4.parseTruncated(b, 0, 28);
    expect('payload' in value && value.payload.length).toBe(8);
  });

  it('checksum: the kernel agrees; a flipped bit does not', () => {
    for (const frame of [FRAMES.udp4, FRAMES.syn4, FRAMES.rst4, FRAMES.firstFragment4, FRAMES.icmpEcho]) {
      expect(ipv4.checksumOk(frame, 14)).toBe(true);
      const b = frame.slice();
      b[22]! ^= 1;
      expect(ipv4.checksumOk(b, 14)).toBe(false);
      ipv4.fillChecksum(b, 14);
      expect(ipv4.checksumOk(b, 14)).toBe(true);
    }
  });

  it('TTL goes down with its checksum, to zero and over every carry', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 255 }), fc.nat(0xffff), fc.nat(255), (ttl, id, protocol) => {
        const b = ip(FRAMES.udp4).slice();
        ipv4.setTtl(b, 0, ttl);
        ipv4.setIdentification(b, 0, id);
        ipv4.setProtocol(b, 0, protocol);
        ipv4.fillChecksum(b, 0);
        ipv4.decrementTtl(b, 0);
        const incremental = ipv4.headerChecksum(b, 0);
        ipv4.fillChecksum(b, 0);
        expect(incremental).toBe(ipv4.headerChecksum(b, 0));
        expect(ipv4.ttl(b, 0)).toBe(ttl - 1);
        expect(ipv4.protocol(b, 0)).toBe(protocol);
      }),
      { seed: 1624, numRuns: 300 },
    );
  });

  it('DSCP and ECN share an octet and leave each other alone', () => {
    const b = ip(FRAMES.udp4).slice();
    ipv4.setDscp(b, 0, 46);
    ipv4.setEcn(b, 0, 3);
    expect([ipv4.tos(b, 0), ipv4.dscp(b, 0), ipv4.ecn(b, 0)]).toEqual([0xbb, 46, 3]);
    ipv4.setDscp(b, 0, 0);
    ipv4.setEcn(b, 0, 1);
    expect(ipv4.tos(b, 0)).toBe(1);
  });
});
