import { expect, test } from 'vitest';
import { NO_DECISION, type NodeId, type PacketId } from '../base/brand.js';
import { DROP } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import { assertInvariant } from '../base/assert.js';
import type { ByteSink, ByteSource } from './store/byte-store.js';
import { ipv4Frame, linkEnd, packetOf, smallLab, udpPayload } from './testing/small-lab.js';

/** Counts, and keeps nothing. */
class CountingSink implements ByteSink {
  bytes = 0;
  write(_: Uint8Array, len: number): void {
    this.bytes += len;
  }
  close(): void {}
  source(): ByteSource {
    assertInvariant(false, 'nothing was kept');
  }
}

test('a record costs no garbage: 600,000 records leave the heap as it was', () => {
  const sink = new CountingSink();
  const { recorder, decisions } = smallLab(sink);
  const ends = [0, 1, 2].map((l) => [linkEnd(l, 0), linkEnd(l, 1)] as const);
  const p = packetOf(ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(50000, 3478, new Uint8Array(172))), 0);
  const route = decisions.intern({ node: 1 as NodeId, stage: 'route', text: { route: '10.0.0.0/8' }, reason: null });
  let id = 0;
  const packets = (count: number): void => {
    for (let n = 0; n < count; n++) {
      p.id = ++id as PacketId;
      p.cause = id - 1;
      for (let l = 0; l < ends.length; l++) {
        const [from, to] = ends[l]!;
        p.decision = l === 0 ? NO_DECISION : route;
        p.time = (id * 1000 + l * 300) as Nanos;
        recorder.sent(p, from, DROP.NONE);
        p.time = (id * 1000 + l * 300 + 300) as Nanos;
        recorder.received(p, to);
      }
      recorder.ended(p);
    }
  };
  packets(20_000);
  const before = process.memoryUsage().heapUsed;
  const bytes = sink.bytes;
  packets(100_000);
  const grown = process.memoryUsage().heapUsed - before;
  // An object of two fields per record would be 19 MB. A collection in between can only make it less.
  expect(grown).toBeLessThan(4e6);
  // 214 octets of frame, 32 of block, 24 of options, and comments on two of six records and the first.
  const perRecord = (sink.bytes - bytes) / 600_000;
  expect(perRecord).toBeGreaterThan(214 + 32 + 24);
  expect(perRecord).toBeLessThan(340);
});
