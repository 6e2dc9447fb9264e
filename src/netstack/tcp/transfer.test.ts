import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis } from '../../base/time.js';
import { A, Network, pair, pattern, same, type End } from './pipe.testkit.js';

const fails = (s: string): never => {
  throw new Error(s);
};

describe('any bytes over any path', () => {
  it('arrive whole and in order, or end in a clean error', () => {
    const side = fc.record({
      bytes: fc.integer({ min: 0, max: 60_000 }),
      pieces: fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 6 }),
      chunk: fc.integer({ min: 1, max: 20_000 }),
      sack: fc.boolean(),
      windowScaling: fc.boolean(),
      noDelay: fc.boolean(),
      sendBuffer: fc.integer({ min: 500, max: 100_000 }),
      receiveBuffer: fc.integer({ min: 500, max: 200_000 }),
      initialSequence: fc.constantFrom(null, 0xffffffff, 0xffff0000, 0x7ffffff0),
    });
    const path = fc.record({
      loss: fc.double({ min: 0, max: 0.2, noNaN: true }),
      duplicate: fc.double({ min: 0, max: 0.2, noNaN: true }),
      jitter: fc.integer({ min: 0, max: 60 }).map((ms) => millis(ms)),
      delay: fc.integer({ min: 0, max: 80 }).map((ms) => millis(ms)),
    });
    let errors = 0;
    fc.assert(
      fc.property(side, side, path, fc.integer(), (sideA, sideB, spec, seed) => {
        const net = new Network(spec, seed);
        const sent = { a: pattern(sideA.bytes), b: pattern(sideB.bytes, 99) };
        let other: End | null = null;
        const { a, hostA, hostB } = pair(net, { a: sideA, b: sideB }, (end) => {
          other = end;
          end.chunk = sideB.chunk;
          end.closeOnEof = false;
          feed(end, sent.b, sideB.pieces);
          end.close();
        });
        a.chunk = sideA.chunk;
        feed(a, sent.a, sideA.pieces);
        a.close();
        net.run();
        if (other !== null) {
          const b: End = other;
          const clean = a.socket.error === null && b.socket.error === null;
          if (!clean) errors += 1;
          expect(same(b.bytes(), clean ? sent.a : sent.a.subarray(0, b.bytes().length))).toBe(true);
          expect(same(a.bytes(), clean ? sent.b : sent.b.subarray(0, a.bytes().length))).toBe(true);
          expect(b.socket.state).toBe('closed');
        }
        expect(a.socket.state).toBe('closed');
        expect(net.scheduler.pending).toBe(0);
        expect([hostA.netstat().connections, hostB.netstat().connections]).toEqual([[], []]);
      }),
      { seed: 4711, numRuns: 150 },
    );
    expect(errors).toBeLessThan(3);
  });
});

function feed(end: End, bytes: Uint8Array, pieces: readonly number[]): void {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = pieces[i % pieces.length] ?? fails('no piece');
    end.send(bytes.subarray(at, at + size));
    at += size;
  }
}

describe('bulk', () => {
  it('moves 5 MB over 20 ms and 2 % loss at a rate of the order of the Mathis bound', () => {
    for (const sack of [true, false]) {
      const net = new Network({ delay: millis(10), loss: 0.02 }, 3);
      const { a, b } = pair(net, { a: { sack }, b: { sack } });
      const data = pattern(5_000_000);
      a.send(data).close();
      net.run();
      expect(same(b().bytes(), data)).toBe(true);
      const last = net.seen.filter((s) => s.from === A && s.tcp.payload.length > 0).at(-1)?.at ?? fails('nothing sent');
      const rate = data.length / (last / 1e9);
      // Mathis et al. 1997: MSS/RTT * sqrt(3/2)/sqrt(p) = 632 kB/s; half of that with an ACK for every second segment.
      const bound = ((1460 / 0.02) * Math.sqrt(1.5)) / Math.sqrt(0.02);
      expect(rate).toBeLessThan(1.5 * bound);
      expect(rate).toBeGreaterThan(bound / 4);
    }
  });
});
