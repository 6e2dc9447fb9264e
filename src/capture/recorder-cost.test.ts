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

/** Six records: a packet over three links, both ends of each. */
const RECORDS = 6;
/** Octets of the smallest thing that V8 makes: a number that is boxed. */
const BOX = 16;

/** Octets of heap per record, and of file, the least of ten rounds after a warm-up. @param perRecord done beside each record */
function costOfRecord(perRecord: () => void, packets = 8_000): { heap: number; file: number } {
  const sink = new CountingSink();
  const { recorder, decisions } = smallLab(sink);
  const ends = [0, 1, 2].map((l) => [linkEnd(l, 0), linkEnd(l, 1)] as const);
  const p = packetOf(ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(50000, 3478, new Uint8Array(172))), 0);
  const route = decisions.intern({ node: 1 as NodeId, stage: 'route', text: { route: '10.0.0.0/8' }, reason: null });
  let id = 0;
  const round = (): number => {
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < packets; n++) {
      p.id = ++id as PacketId;
      p.cause = id - 1;
      for (let l = 0; l < ends.length; l++) {
        const [from, to] = ends[l]!;
        p.decision = l === 0 ? NO_DECISION : route;
        p.time = (id * 1000 + l * 300) as Nanos;
        recorder.sent(p, from, DROP.NONE);
        p.time = (id * 1000 + l * 300 + 300) as Nanos;
        recorder.received(p, to);
        perRecord();
        perRecord();
      }
      recorder.ended(p);
    }
    return (process.memoryUsage().heapUsed - before) / packets / RECORDS;
  };
  for (let i = 0; i < 3; i++) round();
  const bytes = sink.bytes;
  // A collection makes a round negative, and the compiler's own work or a growing table makes one dearer. What a record
  // leaves behind is left in every round, so the cheapest round that saw no collection tells.
  const rounds = Array.from({ length: 10 }, round).filter((octets) => octets >= 0);
  return { heap: Math.min(...rounds), file: (sink.bytes - bytes) / (10 * packets * RECORDS) };
}

test('a record costs no garbage', () => {
  const { heap, file } = costOfRecord(() => undefined);
  expect(heap).toBeLessThan(0.5 * BOX);
  // 214 octets of frame, 32 of block, 24 of options, and comments on two of six records and the first.
  expect(file).toBeGreaterThan(214 + 32 + 24);
  expect(file).toBeLessThan(340);
});

test('one object in each record would be seen', () => {
  const kept: { last: object | null } = { last: null };
  expect(costOfRecord(() => (kept.last = { kept: null }), 2_000).heap).toBeGreaterThan(BOX);
});
