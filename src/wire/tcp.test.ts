import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from './bytes.js';
import { pseudo4, pseudo6 } from './checksum.js';
import { CHECK } from './malformed.js';
import * as options from './tcp-options.js';
import * as tcp from './tcp.js';
import { codecTrio } from '../../test/support/codec-trio.js';
import { FRAMES } from '../../test/support/kernel-frames.js';

const NONE = new Uint8Array();

describe('tcp', () => {
  codecTrio(tcp, [
    {
      name: 'a SYN of Linux',
      bytes: FRAMES.syn4.subarray(34),
      unfilled: 16,
      value: {
        srcPort: 44546,
        dstPort: 5061,
        seq: 0x397e4340,
        ack: 0,
        flags: tcp.SYN,
        window: 64240,
        urgentPointer: 0,
        payload: NONE,
        options: { mss: 1460, sackPermitted: true, timestamps: { value: 0xe94098d6, echoReply: 0 }, windowScale: 10 },
      },
      text: 'tcp 44546 > 5061 [SYN] seq=964576064 ack=0 win=64240 len=0 mss=1460 wscale=10 sackOK ts=3913324758/0',
    },
    {
      name: 'a reset',
      bytes: FRAMES.rst4.subarray(34),
      unfilled: 16,
      value: { srcPort: 5061, dstPort: 44546, seq: 0, ack: 0x397e4341, flags: tcp.RST | tcp.ACK_FLAG, window: 0, urgentPointer: 0, options: {}, payload: NONE },
      text: 'tcp 5061 > 44546 [RST,ACK] seq=0 ack=964576065 win=0 len=0',
    },
    {
      name: 'data with timestamps and two SACK blocks, laid out as Linux does',
      bytes: hex('13c5ae02fffffff000000010d018ffff0000002a0101080a000000010000000201010512000000140000001e000000280000003241424344'),
      unfilled: 16,
      value: {
        srcPort: 5061,
        dstPort: 44546,
        seq: 0xfffffff0,
        ack: 0x10,
        flags: tcp.PSH | tcp.ACK_FLAG,
        window: 0xffff,
        urgentPointer: 42,
        payload: hex('41424344'),
        options: {
          timestamps: { value: 1, echoReply: 2 },
          sack: [
            [20, 30],
            [40, 50],
          ],
        },
      },
      text: 'tcp 5061 > 44546 [PSH,ACK] seq=4294967280 ack=16 win=65535 len=4 ts=1/2 sack=20-30 sack=40-50',
    },
  ]);

  it.each([4, 11])('refuses a data offset of %i words', (words) => {
    const b = FRAMES.syn4.slice(34);
    b[12] = words << 4;
    expect(tcp.check(b, 0, b.length)).toBe(CHECK.HEADER_LENGTH);
  });

  it('checksum: the kernel agrees in both families; a flipped bit does not', () => {
    const b = FRAMES.syn4.slice();
    tcp.fillChecksum(b, 34, 40, pseudo4(b, 14, 6, 40));
    expect(b).toEqual(FRAMES.syn4);
    const v = FRAMES.syn6.slice();
    expect(tcp.checksumOk(v, 54, 40, pseudo6(v, 14, 6, 40))).toBe(true);
    v[90]! ^= 1;
    expect(tcp.checksumOk(v, 54, 40, pseudo6(v, 14, 6, 40))).toBe(false);
  });
});

describe('tcp options', () => {
  const parse = (text: string): options.TcpOptions => options.parse(hex(text), 0, hex(text).length);

  it('an unknown kind is passed over by its length (RFC 9293 MUST-6)', () => {
    expect(parse('fd04beef020405b4')).toEqual({ mss: 1460 });
  });

  it('END ends, NOP does not', () => {
    expect(parse('01010100020405b4')).toEqual({});
    expect(parse('01010101020405b4')).toEqual({ mss: 1460 });
  });

  it.each([
    ['length 0', '020405b4fd00beef03030a'],
    ['length 1', '020405b4fd01beef03030a'],
    ['a length beyond the header', '020405b4fdffbeef03030a'],
    ['a kind without its length', '020405b403'],
  ])('%s ends the walk and keeps what came before (MUST-7)', (_, text) => {
    expect(parse(text)).toEqual({ mss: 1460 });
  });

  it('a known kind of a wrong length is passed over', () => {
    expect(parse('020305 03040a00 040301 050600000000 080900000000000000 020405b4')).toEqual({ mss: 1460 });
  });

  it('find gives the offset of the first', () => {
    const b = FRAMES.syn4;
    expect(options.find(b, 54, 20, options.KIND.MSS)).toBe(54);
    expect(options.find(b, 54, 20, options.KIND.TIMESTAMPS)).toBe(60);
    expect(options.find(b, 54, 20, options.KIND.WINDOW_SCALE)).toBe(71);
    expect(options.find(b, 54, 20, options.KIND.SACK)).toBe(-1);
  });

  it('timestamps and three SACK blocks fill the 40 octets', () => {
    expect(
      options.length({
        timestamps: { value: 0, echoReply: 0 },
        sack: [
          [0, 1],
          [2, 3],
          [4, 5],
        ],
      }),
    ).toBe(40);
  });

  it('what is emitted is parsed, in a multiple of 4 octets, 32-bit fields aligned', () => {
    const u32 = fc.nat(0xffffffff);
    const any = fc.record(
      {
        mss: fc.nat(0xffff),
        windowScale: fc.nat(14),
        sackPermitted: fc.constant(true),
        sack: fc.array(fc.tuple(u32, u32), { minLength: 1, maxLength: 3 }),
        timestamps: fc.record({ value: u32, echoReply: u32 }),
      },
      { requiredKeys: [], noNullPrototype: true },
    );
    fc.assert(
      fc.property(any, (v) => {
        const b = new Uint8Array(64).fill(0xa5);
        const n = options.emit(v, b, 4);
        expect(n).toBe(options.length(v));
        expect(n % 4).toBe(0);
        expect(options.parse(b, 4, n)).toEqual(v);
        expect(b[4 + n]).toBe(0xa5);
        for (const kind of [options.KIND.SACK, options.KIND.TIMESTAMPS]) {
          const at = options.find(b, 4, n, kind);
          if (at >= 0) expect((at + 2) % 4).toBe(0);
        }
      }),
      { seed: 7323, numRuns: 300 },
    );
  });
});
