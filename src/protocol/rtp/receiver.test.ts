import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis, seconds, type Nanos } from '../../base/time.js';
import { RECEIVED, roundTrip, RtpReceiver, RtpSource } from './receiver.js';
import * as rtp from './rtp.js';

/** Feeds sequence numbers, each on time for its own timestamp. */
function feed(source: RtpSource, numbers: readonly number[], from = 0): number[] {
  return numbers.map((seq, i) => source.update(seq & 0xffff, (seq * 160) >>> 0, 160, millis((from + i) * 20)));
}
const trusting = (first: number): RtpSource => new RtpSource(1, first & 0xffff, 8000, 1);

describe('sequence validation (RFC 3550 A.1)', () => {
  it('two in a row make a source valid; the first of them does not count', () => {
    const source = new RtpSource(1, 10, 8000, 2);
    expect(feed(source, [10, 11, 12])).toEqual([RECEIVED.PROBATION, RECEIVED.ACCEPTED, RECEIVED.ACCEPTED]);
    expect([source.received, source.expected, source.lost]).toEqual([2, 2, 0]);
  });

  it('a gap starts the probation again', () => {
    const source = new RtpSource(1, 10, 8000, 2);
    expect(feed(source, [10, 12, 13])).toEqual([RECEIVED.PROBATION, RECEIVED.PROBATION, RECEIVED.ACCEPTED]);
  });

  it('extends numbers over the wrap', () => {
    const source = trusting(65534);
    feed(source, [65534, 65535, 65536, 65537]);
    expect([source.highestSequence, source.received, source.lost]).toEqual([65537, 4, 0]);
  });

  it('a late packet over the wrap is late, not a cycle', () => {
    const source = trusting(65534);
    feed(source, [65534, 65536, 65535]);
    expect([source.highestSequence, source.reordered, source.lost]).toEqual([65536, 1, 0]);
  });

  it('a jump of 3000 is refused once, and believed when the next number follows', () => {
    const source = trusting(0);
    expect(feed(source, [0, 2999])).toEqual([RECEIVED.ACCEPTED, RECEIVED.ACCEPTED]);
    expect(feed(source, [5999])).toEqual([RECEIVED.BAD_SEQUENCE]);
    expect(feed(source, [6000])).toEqual([RECEIVED.ACCEPTED]);
    expect([source.received, source.expected, source.bad]).toEqual([1, 1, 2]);
  });

  it('tells duplicates from reordering', () => {
    const source = trusting(1);
    expect(feed(source, [1, 3, 2, 2, 3])).toEqual([0, 0, 0, RECEIVED.DUPLICATE, RECEIVED.DUPLICATE]);
    expect([source.duplicates, source.reordered, source.received, source.lost]).toEqual([2, 1, 5, -2]);
  });

  it('what is older than the first packet hides no loss', () => {
    const source = trusting(10);
    expect(feed(source, [10, 9, 12])).toEqual([0, RECEIVED.BAD_SEQUENCE, 0]);
    expect(source.lost).toBe(1);
  });

  it('any loss, reordering within 90 and duplication: lost = sent less distinct less duplicates', () => {
    fc.assert(
      fc.property(fc.nat(65535), fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.nat(30)), { minLength: 1, maxLength: 300 }), (first, fates) => {
        const source = trusting(first);
        const arrivals: [number, number][] = [[0, first]];
        for (const [i, [copies, delay]] of fates.entries()) {
          for (let c = 0; c < copies; c++) arrivals.push([i + 1 + delay + c * 20, first + 1 + i]);
        }
        arrivals.sort((x, y) => x[0] - y[0]);
        feed(
          source,
          arrivals.map(([, seq]) => seq),
        );
        const distinct = new Set(arrivals.map(([, seq]) => seq));
        const highest = Math.max(...distinct);
        expect(source.expected).toBe(highest - first + 1);
        expect(source.received).toBe(arrivals.length);
        expect(source.duplicates).toBe(arrivals.length - distinct.size);
        expect(source.lost + source.duplicates).toBe(highest - first + 1 - distinct.size);
      }),
      { seed: 4737, numRuns: 200 },
    );
  });
});

describe('loss and jitter (RFC 3550 A.3, A.8)', () => {
  it('fraction is of the interval, cumulative of all', () => {
    const source = trusting(0);
    feed(source, [0, 1, 2, 3, 4, 5, 6, 9]);
    expect(source.reportBlock(seconds(1))).toMatchObject({
      fractionLost: Math.floor((2 * 256) / 10),
      cumulativeLost: 2,
      highestSequence: 9,
      lastSr: 0,
      delaySinceLastSr: 0,
    });
    feed(source, [10, 11], 10);
    expect(source.reportBlock(seconds(2))).toMatchObject({ fractionLost: 0, cumulativeLost: 2 });
    expect(source.reportBlock(seconds(3))).toMatchObject({ fractionLost: 0, cumulativeLost: 2 });
  });

  it('more duplicates than losses: fraction 0, cumulative below zero', () => {
    const source = trusting(0);
    feed(source, [0, 1, 1, 1]);
    expect(source.reportBlock(seconds(1))).toMatchObject({ fractionLost: 0, cumulativeLost: -2 });
  });

  it('a constant delay is no jitter; 10 ms once is 80 units: 80/16, then (80 + 80 - 5)/16', () => {
    const source = trusting(0);
    const at = (seq: number, late: number): void => void source.update(seq, seq * 160, 160, millis(33 + seq * 20 + late));
    at(0, 0);
    at(1, 0);
    expect(source.jitter).toBe(0);
    at(2, 10);
    expect([source.jitter, source.jitterTime]).toEqual([5, millis(0.625)]);
    at(3, 0);
    expect(source.jitter).toBe(9);
  });

  it('timestamps may wrap', () => {
    const source = trusting(0);
    source.update(0, 0xffffffff - 79, 160, millis(0));
    source.update(1, 80, 160, millis(20));
    expect(source.jitter).toBe(0);
  });
});

describe('RtpReceiver', () => {
  const b = new Uint8Array(14);
  const packet = (type: number, seq: number, ssrc: number): Uint8Array => (rtp.writeHeader(b, 0, false, type, seq, 0, ssrc), b);

  it('keeps sources apart and refuses what was not agreed', () => {
    const receiver = new RtpReceiver({
      formats: [
        { payloadType: 0, clockRate: 8000 },
        { payloadType: 8, clockRate: 8000 },
      ],
      minSequential: 1,
    });
    expect(receiver.handle(packet(0, 1, 100), 0, 14, 0 as Nanos)).toBe(RECEIVED.ACCEPTED);
    expect(receiver.handle(packet(8, 500, 200), 0, 14, 0 as Nanos)).toBe(RECEIVED.ACCEPTED);
    expect(receiver.handle(packet(101, 2, 100), 0, 14, 0 as Nanos)).toBe(RECEIVED.PAYLOAD_TYPE);
    expect(receiver.handle(packet(0, 2, 100), 0, 11, 0 as Nanos)).toBe(RECEIVED.MALFORMED);
    expect([receiver.malformed, receiver.unknownPayloadType]).toEqual([1, 1]);
    expect(receiver.sources.map((s) => [s.ssrc, s.octets])).toEqual([
      [100, 2],
      [200, 2],
    ]);
    expect(receiver.reportBlocks(0 as Nanos).map((r) => r.ssrc)).toEqual([100, 200]);
    receiver.source(100)!.saidBye = true;
    expect(receiver.reportBlocks(0 as Nanos).map((r) => r.ssrc)).toEqual([200]);
    expect(receiver.source(300)).toBeNull();
  });

  it('reports no source in probation', () => {
    const receiver = new RtpReceiver({ formats: [{ payloadType: 0, clockRate: 8000 }] });
    receiver.handle(packet(0, 1, 100), 0, 14, 0 as Nanos);
    expect(receiver.reportBlocks(0 as Nanos)).toEqual([]);
  });
});

describe('round trip (RFC 3550 figure 2)', () => {
  it('10 Nov 1995 11:33:36.5 less LSR b705:2000 less DLSR 5.25 s is 6.125 s', () => {
    const block = { ssrc: 1, fractionLost: 0, cumulativeLost: 0, highestSequence: 0, jitter: 0, lastSr: 0xb7052000, delaySinceLastSr: 0x00054000 };
    // A = b44db710.80000000; the figure's "b710:8000 - 0005:4000 - b705:2000 = 0006:2000".
    const origin = 0xb44db710 - 2208988800;
    expect(roundTrip(block, seconds(0.5), origin)).toBe(seconds(6.125));
    expect(roundTrip({ ...block, lastSr: 0 }, seconds(0.5), origin)).toBeNull();
    expect(roundTrip({ ...block, delaySinceLastSr: 0x00200000 }, seconds(0.5), origin)).toBeNull();
  });
});
