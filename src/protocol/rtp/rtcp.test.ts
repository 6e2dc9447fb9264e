import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../wire/bytes.js';
import { CHECK, isMalformed } from '../../wire/malformed.js';
import * as rtcp from './rtcp.js';

const block: rtcp.ReportBlock = {
  ssrc: 0xa,
  fractionLost: 64,
  cumulativeLost: -2,
  highestSequence: 0x1ffff,
  jitter: 7,
  lastSr: 0xb7052000,
  delaySinceLastSr: 0x54000,
};
const BLOCK = '0000000a 40fffffe 0001ffff 00000007 b7052000 00054000';
const vectors: { name: string; bytes: Uint8Array; packets: rtcp.RtcpPacket[]; text: string }[] = [
  {
    name: 'SR with a block, SDES with CNAME, BYE with a reason',
    bytes: hex(`81c8000c 00000001 b44db705 20000000 00000005 00000002 00000140 ${BLOCK}
      81ca0003 00000001 01056140622e63 00 81cb0003 00000001 06676f6e65212100`),
    packets: [
      { type: 'sr', ssrc: 1, ntpSeconds: 0xb44db705, ntpFraction: 0x20000000, rtpTimestamp: 5, packetCount: 2, octetCount: 320, reports: [block] },
      { type: 'sdes', chunks: [{ ssrc: 1, items: [{ item: 1, text: 'a@b.c' }] }] },
      { type: 'bye', ssrcs: [1], reason: 'gone!!' },
    ],
    text: 'rtcp SR packets=2 octets=320 reports=1 | SDES a@b.c | BYE "gone!!"',
  },
  {
    name: 'RR alone, empty',
    bytes: hex('80c90001 00000001'),
    packets: [{ type: 'rr', ssrc: 1, reports: [] }],
    text: 'rtcp RR reports=0',
  },
  {
    name: 'two chunks, the first ending on a word boundary (four null octets), BYE of two, APP, feedback',
    bytes: hex(`80c90001 00000001 82ca0005 00000001 0102 6162 00000000 00000002 0101 6100 82cb0002 00000001 00000002
      85cc0003 00000001 74657374 deadbeef 81ce0002 00000001 00000002`),
    packets: [
      { type: 'rr', ssrc: 1, reports: [] },
      {
        type: 'sdes',
        chunks: [
          { ssrc: 1, items: [{ item: 1, text: 'ab' }] },
          { ssrc: 2, items: [{ item: 1, text: 'a' }] },
        ],
      },
      { type: 'bye', ssrcs: [1, 2] },
      { type: 'app', subtype: 5, ssrc: 1, name: 'test', data: hex('deadbeef') },
      { type: 'other', packetType: 206, count: 1, body: hex('0000000100000002') },
    ],
    text: 'rtcp RR reports=0 | SDES ab,a | BYE | APP test | type 206',
  },
];

describe('rtcp', () => {
  it.each(vectors)('$name: to values and back', ({ bytes, packets, text }) => {
    const b = new Uint8Array(bytes.length + 6).fill(0x5a);
    b.set(bytes, 3);
    expect(rtcp.parse(b, 3, bytes.length)).toEqual(packets);
    const out = new Uint8Array(bytes.length + 6).fill(0xa5);
    expect(rtcp.emit(packets, out, 3)).toBe(bytes.length);
    expect(out.subarray(3, 3 + bytes.length)).toEqual(bytes);
    expect([out[2], out[3 + bytes.length]]).toEqual([0xa5, 0xa5]);
    expect(rtcp.format(packets)).toBe(text);
  });

  it.each([
    ['SDES first', '81ca0002 00000001 01006100', CHECK.VERSION],
    ['version 1', '40c90001 00000001', CHECK.VERSION],
    ['a length beyond the packet', '80c90002 00000001', CHECK.LENGTH],
    ['a length short of the packet, then rubbish', '80c90001 00000001 00000000', CHECK.VERSION],
    ['padding in the first', 'a0c90002 00000001 00000004', CHECK.LENGTH],
    ['padding that is no multiple of four', '80c90001 00000001 a0cb0001 00000003', CHECK.LENGTH],
  ])('refuses %s (RFC 3550 A.2)', (_, text, code) => {
    expect(rtcp.check(hex(text), 0, hex(text).length)).toBe(code);
  });

  it.each([
    ['blocks that are not there', '81c90001 00000001'],
    ['an SR without its sender information', '80c80001 00000001'],
    ['BYE of sources that are not there', '80c90001 00000001 82cb0001 00000001'],
    ['a BYE reason beyond its packet', '80c90001 00000001 81cb0002 00000001 09616263'],
    ['an SDES item beyond its packet', '80c90001 00000001 81ca0002 00000001 01096162'],
    ['SDES without its end', '80c90001 00000001 81ca0002 00000001 01026162'],
    ['an APP without a name', '80c90001 00000001 80cc0001 00000001'],
  ])('refuses %s', (_, text) => {
    expect(isMalformed(rtcp.parse(hex(text), 0, hex(text).length))).toBe(true);
  });

  it('takes padding off the last packet', () => {
    const b = hex('80c90001 00000001 a1cb0002 00000001 00000004');
    expect(rtcp.parse(b, 0, b.length)).toEqual([
      { type: 'rr', ssrc: 1, reports: [] },
      { type: 'bye', ssrcs: [1] },
    ]);
  });

  it('never throws, whatever comes', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...vectors.map((v) => v.bytes)), fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 4 }))
      .map(([bytes, flips]) => {
        const b = bytes.slice();
        for (const [at, value] of flips) if (at < b.length) b[at] = value;
        return b;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 60 })), (b) => {
        const packets = rtcp.parse(b, 0, b.length);
        if (rtcp.check(b, 0, b.length) !== CHECK.OK) expect(isMalformed(packets)).toBe(true);
      }),
      { seed: 3550, numRuns: 500 },
    );
  });
});
