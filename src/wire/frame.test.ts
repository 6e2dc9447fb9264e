import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from './bytes.js';
import * as frame from './frame.js';
import { isMalformed } from './malformed.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

const dissect = (b: Uint8Array): frame.Frame => {
  const f = frame.dissect(b, 0, b.length, { verifyChecksums: true });
  return isMalformed(f) ? expect.fail(f.why) : f;
};
const ip = (b: Uint8Array): frame.Ip => frame.ipOf(dissect(b)) ?? expect.fail('no IP');
const transport = <K extends string>(b: Uint8Array, kind: K): Extract<frame.Transport, { kind: K }> => {
  const t = ip(b).transport;
  if (isMalformed(t) || t.kind !== kind) return expect.fail(`not ${kind}`);
  return t as Extract<frame.Transport, { kind: K }>;
};

describe('dissect', () => {
  it('UDP in both families, every checksum judged', () => {
    expect(ip(FRAMES.udp4)).toMatchObject({ kind: 'ipv4', at: 14, totalLength: 36, checksum: 0x142a, checksumState: 'good', fragment: null, protocol: 17 });
    expect(transport(FRAMES.udp4, 'udp')).toEqual({
      kind: 'udp',
      at: 34,
      srcPort: 39297,
      dstPort: 9,
      length: 16,
      checksum: 0x2da8,
      checksumState: 'good',
      payload: { at: 42, length: 8 },
    });
    expect(transport(FRAMES.udp6, 'udp')).toMatchObject({ at: 54, dstPort: 9, checksumState: 'good', payload: { at: 62, length: 8 } });
  });

  it('a wrong checksum is bad; not asked is unchecked; zero is none in IPv4 and bad in IPv6', () => {
    const b = FRAMES.udp4.slice();
    b[45]! ^= 1;
    expect(transport(b, 'udp').checksumState).toBe('bad');
    b[24]! ^= 1;
    expect(ip(b)).toMatchObject({ checksumState: 'bad' });
    const lazy = frame.ipOf(frame.dissect(b, 0, b.length));
    expect(lazy?.kind === 'ipv4' && [lazy.checksumState, 'checksumState' in lazy.transport && lazy.transport.checksumState]).toEqual([
      'unchecked',
      'unchecked',
    ]);
    b.fill(0, 40, 42);
    expect(transport(b, 'udp').checksumState).toBe('none');
    const v = FRAMES.udp6.slice();
    v.fill(0, 60, 62);
    expect(transport(v, 'udp').checksumState).toBe('bad');
  });

  it('TCP in both families', () => {
    expect(transport(FRAMES.syn4, 'tcp')).toMatchObject({
      headerLength: 40,
      checksumState: 'good',
      header: { options: { mss: 1460 } },
      payload: { at: 74, length: 0 },
    });
    expect(transport(FRAMES.syn6, 'tcp')).toMatchObject({ checksumState: 'good', header: { options: { mss: 1440 } } });
  });

  it('ICMP errors with what they quote', () => {
    const four = transport(FRAMES.icmpUnreachable, 'icmp');
    expect(four).toMatchObject({ type: 3, code: 3, checksumState: 'good' });
    expect(four.quote).toMatchObject({ kind: 'ipv4', at: 42, header: { src: 0xc0000201 }, transport: { kind: 'udp', srcPort: 39297, dstPort: 9 } });
    const six = transport(FRAMES.icmpv6Unreachable, 'icmpv6');
    expect(six).toMatchObject({ type: 1, code: 4, checksumState: 'good' });
    expect(six.quote).toMatchObject({ kind: 'ipv6', transport: { kind: 'udp', srcPort: 57717, dstPort: 9 } });
    expect(transport(FRAMES.icmpEcho, 'icmp')).toMatchObject({ quote: null, checksumState: 'good' });
  });

  it('a quote of eight octets still tells ports of UDP, and no more of TCP', () => {
    const quote = (inner: Uint8Array): frame.Transport => {
      const b = new Uint8Array(42 + 28);
      b.set(FRAMES.icmpUnreachable.subarray(0, 42));
      b.set(inner.subarray(14, 42), 42);
      b[17] = 56;
      const q = transport(b, 'icmp').quote;
      return q === null || isMalformed(q) ? expect.fail('no quote') : q.transport;
    };
    expect(quote(FRAMES.udp4)).toMatchObject({ kind: 'udp', dstPort: 9, payload: { length: 0 } });
    expect(quote(FRAMES.syn4)).toMatchObject({ kind: 'other', protocol: 6, payload: { length: 8 } });
  });

  it('neighbour discovery, also behind a hop-by-hop header', () => {
    expect(transport(FRAMES.neighborAdvertisement, 'icmpv6')).toMatchObject({ ndp: { kind: 'neighbor-advertisement' }, checksumState: 'good' });
    expect(transport(FRAMES.listenerReport, 'icmpv6')).toMatchObject({ at: 62, type: 143, ndp: null, checksumState: 'good' });
    expect(ip(FRAMES.listenerReport).protocol).toBe(58);
  });

  it('fragments: the first has the transport header, later ones have none', () => {
    expect(ip(FRAMES.firstFragment4).fragment).toEqual({ offset: 0, more: true, identification: 0x57f7 });
    expect(transport(FRAMES.firstFragment4, 'udp')).toMatchObject({ length: 1508, checksumState: 'unchecked', payload: { at: 42, length: 1472 } });
    expect(ip(FRAMES.lastFragment4).fragment).toEqual({ offset: 1480, more: false, identification: 0x57f7 });
    expect(transport(FRAMES.lastFragment4, 'fragment')).toEqual({ kind: 'fragment', protocol: 17, payload: { at: 34, length: 28 } });

    expect(ip(FRAMES.firstFragment6)).toMatchObject({ fragment: { offset: 0, more: true, identification: 0x4be85747 }, protocol: 17 });
    expect(transport(FRAMES.firstFragment6, 'udp')).toMatchObject({ at: 62, checksumState: 'unchecked' });
    expect(ip(FRAMES.lastFragment6)).toMatchObject({ fragment: { offset: 1448, more: false }, protocol: 17 });
    expect(transport(FRAMES.lastFragment6, 'fragment')).toEqual({ kind: 'fragment', protocol: 17, payload: { at: 62, length: 60 } });
  });

  it('ARP, the lab’s events, and what nobody knows', () => {
    expect(dissect(FRAMES.arpReply).network).toMatchObject({ kind: 'arp', header: { operation: 2 } });
    expect(dissect(hex('020000000002 020000000001 88b5 6162')).network).toEqual({ kind: 'event', payload: { at: 14, length: 2 } });
    expect(dissect(hex('020000000002 020000000001 9999 6162')).network).toEqual({ kind: 'other', payload: { at: 14, length: 2 } });
  });

  it('what is bad stands in its place, what is outside it stays', () => {
    const b = FRAMES.udp4.slice();
    b[39] = 99;
    expect(ip(b).transport).toEqual({ malformed: true, layer: 'udp', at: 34, why: 'impossible length' });
    b[14] = 0x44;
    expect(dissect(b).network).toEqual({ malformed: true, layer: 'ipv4', at: 14, why: 'impossible header length' });
    expect(frame.dissect(b, 0, 13)).toEqual({ malformed: true, layer: 'ethernet', at: 0, why: 'truncated' });
    const v = FRAMES.listenerReport.slice();
    v[55] = 200;
    expect(ip(v).transport).toEqual({ malformed: true, layer: 'ipv6', at: 54, why: 'broken option chain' });
    const half = FRAMES.lastFragment6.slice(0, 58);
    half[19] = 4;
    expect(ip(half).transport).toEqual({ malformed: true, layer: 'ipv6-fragment', at: 54, why: 'truncated' });
  });

  it('dissects a bare packet by its version', () => {
    const four = frame.dissectIp(FRAMES.udp4, 14, 36);
    const six = frame.dissectIp(FRAMES.udp6, 14, 56);
    expect([four, six].map((v) => !isMalformed(v) && v.kind)).toEqual(['ipv4', 'ipv6']);
    expect(isMalformed(frame.dissectIp(FRAMES.udp4, 14, 0))).toBe(true);
  });

  it('one line for people', () => {
    const line = (b: Uint8Array): string => frame.format(frame.dissect(b, 0, b.length), b);
    expect(line(FRAMES.udp4)).toBe('192.0.2.1 > 192.0.2.2 proto=17 ttl=64 dscp=0 id=41627 DF len=16 | udp 39297 > 9 len=8');
    expect(line(FRAMES.neighborAdvertisement)).toContain('ndp 2001:db8::2 is-at 02:00:00:00:00:02 [SO]');
    expect(line(FRAMES.arpReply)).toBe('arp 192.0.2.2 is-at 02:00:00:00:00:02');
    for (const b of Object.values(FRAMES)) expect(line(b)).not.toContain('malformed');
    expect(line(FRAMES.udp4.subarray(0, 12))).toBe('malformed ethernet: truncated');
  });

  it('never throws, whatever is flipped, cut or made up; and no payload leaves the frame', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...Object.values(FRAMES)), fc.array(fc.tuple(fc.nat(110), fc.nat(255)), { maxLength: 5 }), fc.nat(1600))
      .map(([bytes, flips, cut]) => {
        const b = bytes.slice(0, Math.max(14, Math.min(bytes.length, cut)));
        for (const [at, value] of flips) if (at < b.length) b[at] = value;
        return b;
      });
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: mutated }, fc.uint8Array({ maxLength: 120 })), (b) => {
        const f = frame.dissect(b, 0, b.length, { verifyChecksums: true });
        expect(typeof frame.format(f, b)).toBe('string');
        const packet = frame.ipOf(f);
        if (packet === null || isMalformed(packet.transport)) return;
        const { payload } = packet.transport;
        expect(payload.length).toBeGreaterThanOrEqual(0);
        expect(payload.at + payload.length).toBeLessThanOrEqual(b.length);
      }),
      { seed: 0x88b5, numRuns: 600 },
    );
  });
});
