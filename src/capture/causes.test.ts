/**
 * Who was sent because of whom: from the recorder, and from the file again.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../base/assert.js';
import { type Cause, type NodeId, type PacketId } from '../base/brand.js';
import { DROP } from '../base/drop.js';
import { millis, type Nanos } from '../base/time.js';
import type { Ledger } from './ledger.js';
import { readLedger } from './ledger-reader.js';
import type { Recorder } from './recorder.js';
import { BytesSource, FileSink, MemorySink } from './store/byte-store.js';
import { ipv4Frame, linkEnd, packetOf, seenAt, smallLab, udpPayload } from './testing/small-lab.js';
import { describeWith, inFolder, judged } from './testing/tools.js';

const frame = ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(50000, 3478, Uint8Array.of(1, 2, 3)));

/** A packet over one link, or one that is on none. */
function send(recorder: Recorder, id: number, cause: Cause | 0, seen = true): void {
  const p = packetOf(frame, id, cause);
  if (seen) {
    recorder.sent(seenAt(p, millis(id)), linkEnd(0, 0), DROP.NONE);
    recorder.received(seenAt(p, millis(id + 1)), linkEnd(0, 1));
  }
  recorder.ended(seenAt(p, millis(id + 1)));
}

/** What was recorded, and what its file says. */
function both(play: (recorder: Recorder) => void): readonly [live: Ledger, read: Ledger] {
  const sink = new MemorySink();
  const { recorder } = smallLab(sink);
  play(recorder);
  recorder.close(millis(100_000));
  const { ledger, warnings } = readLedger(new BytesSource(sink.bytes));
  expect(warnings).toEqual([]);
  return [recorder.ledger(), ledger];
}

const set = (recorder: Recorder, ...ids: number[]): Cause => recorder.causes.of(ids as Cause[]);
const id = (n: number): PacketId => n as PacketId;

describe('a packet with several causes', () => {
  test('names all, in the ledger and in the file; they name it', () => {
    for (const ledger of both((recorder) => {
      for (const n of [1, 2, 3]) send(recorder, n, 0);
      send(recorder, 4, set(recorder, 3, 1, 2));
    })) {
      expect(ledger.journey(id(4))?.causes).toEqual([1, 2, 3]);
      for (const n of [1, 2, 3]) expect(ledger.journey(id(n))?.effects).toEqual([4]);
    }
  });

  test('a relay behind a mixer behind a relay: the nearest first, each once', () => {
    for (const ledger of both((recorder) => {
      for (const n of [1, 2]) send(recorder, n, 0);
      send(recorder, 3, 1 as Cause);
      send(recorder, 4, set(recorder, 2, 3));
      send(recorder, 5, 4 as Cause);
      send(recorder, 6, set(recorder, 3, 4, 5));
    })) {
      expect(ledger.ancestors(id(5))).toEqual([4, 2, 3, 1]);
      expect(ledger.ancestors(id(6))).toEqual([3, 4, 5, 1, 2]);
      expect(ledger.descendants(id(1))).toEqual([3, 4, 6, 5]);
      expect([ledger.ancestors(id(1)), ledger.descendants(id(6)), ledger.ancestors(id(77))]).toEqual([[], [], []]);
    }
  });

  test('causes may come late, and in parts', () => {
    for (const ledger of both((recorder) => {
      for (const n of [1, 2, 3, 4]) send(recorder, n, 0);
      recorder.caused(1 as NodeId, millis(9), id(4), [1, 2]);
      recorder.caused(null, millis(10), id(4), [2, 3]);
      recorder.caused(null, millis(11), id(4), []);
    })) {
      expect(ledger.journey(id(4))?.causes).toEqual([1, 2, 3]);
      expect(ledger.journey(id(4))?.hops).toHaveLength(1);
      expect(ledger.events()).toEqual([]);
    }
  });

  test('causes may come before the packet', () => {
    for (const ledger of both((recorder) => {
      for (const n of [1, 2]) send(recorder, n, 0);
      recorder.caused(1 as NodeId, millis(3), id(4), [1]);
      send(recorder, 4, 2 as Cause);
    })) {
      expect(ledger.journey(id(4))?.causes).toEqual([2, 1]);
      expect([ledger.journey(id(1))?.effects, ledger.journey(id(2))?.effects]).toEqual([[4], [4]]);
    }
  });

  test('what was on no link hands its causes on to what it was cut into', () => {
    for (const ledger of both((recorder) => {
      for (const n of [1, 2]) send(recorder, n, 0);
      // 3 is the whole datagram, 4 and 5 its fragments: the whole ends after they were sent.
      send(recorder, 4, 3 as Cause);
      send(recorder, 5, 3 as Cause);
      send(recorder, 3, set(recorder, 1, 2), false);
    })) {
      expect(ledger.journey(id(3))).toBeNull();
      expect(ledger.journey(id(4))?.causes).toEqual([3]);
      expect(ledger.ancestors(id(5))).toEqual([1, 2]);
      expect(ledger.journey(id(2))?.effects).toEqual([4, 5]);
      expect(ledger.descendants(id(1))).toEqual([4, 5]);
    }
  });

  test('circles, which only somebody else can have written, end', () => {
    for (const ledger of both((recorder) => {
      send(recorder, 1, 2 as Cause);
      send(recorder, 2, 1 as Cause);
      recorder.caused(null, millis(5), id(1), [1]);
    })) {
      expect([ledger.ancestors(id(1)), ledger.descendants(id(1)), ledger.ancestors(id(2))]).toEqual([[2], [2], [1]]);
    }
  });

  test('a record with a decision, many causes and a time says all of it', () => {
    const many = Array.from({ length: 400 }, (_, i) => 4_000_000_000 + i);
    for (const ledger of both((recorder) => {
      const p = packetOf(frame, 7, set(recorder, ...many));
      p.sentAt = millis(1);
      recorder.lost(seenAt(p, millis(3)), linkEnd(0, 0), DROP.LINK_DOWN);
      recorder.ended(p);
      // The next one has a single cause again.
      send(recorder, 9, 8 as Cause);
    })) {
      expect(ledger.journey(id(7))?.causes).toEqual(many);
      expect(ledger.journey(id(7))?.end).toMatchObject({ kind: 'dropped', drop: 'link-down' });
      expect(ledger.journey(id(9))?.causes).toEqual([8]);
    }
  });
});

/** A packet of a random graph: which of the earlier ones it was sent because of, and how that became known. */
interface Made {
  readonly from: readonly number[];
  readonly told: 'with the packet' | 'late' | 'half and half';
  /** Whether it was on a link. */
  readonly seen: boolean;
}

const graphs = fc.array(
  fc.record({
    from: fc.array(fc.nat(999), { maxLength: 5 }),
    told: fc.constantFrom('with the packet' as const, 'late' as const, 'half and half' as const),
    seen: fc.boolean(),
  }),
  { maxLength: 60 },
);

test('random graphs of relays and mixers: the ledger, the file and a plain walk over the graph agree', () => {
  fc.assert(
    fc.property(graphs, (drawn) => {
      const made: Made[] = drawn.map(({ from, told, seen }, k) => ({
        from: k === 0 ? [] : [...new Set(from.map((n) => 1 + (n % k)))],
        told: seen ? told : 'with the packet',
        seen,
      }));
      const ledgers = both((recorder) => {
        for (const [k, { from, told, seen }] of made.entries()) {
          const early = told === 'late' ? [] : told === 'half and half' ? from.slice(0, from.length >> 1) : from;
          send(recorder, k + 1, set(recorder, ...early), seen);
          if (early.length < from.length) recorder.caused(0 as NodeId, millis(k + 1), id(k + 1), from);
        }
      });
      for (const ledger of ledgers) {
        for (const [k, { seen, from }] of made.entries()) {
          if (seen) expect(new Set(ledger.journey(id(k + 1))?.causes)).toEqual(new Set(from));
          const far = distances(k + 1, made);
          const got = ledger.ancestors(id(k + 1));
          expect(new Set(got)).toEqual(new Set([...far.keys()].filter((n) => must(made[n - 1], 'packet').seen)));
          expect(got.length).toBe(new Set(got).size);
          const order = got.map((n) => must(far.get(n), 'distance'));
          expect(order).toEqual([...order].sort((a, b) => a - b));
          for (const ancestor of got) if (seen) expect(ledger.descendants(ancestor)).toContain(k + 1);
        }
      }
      expect(ledgers[0].packets).toBe(ledgers[1].packets);
    }),
    { numRuns: 60 },
  );
});

/** Steps from a packet to each of its ancestors. */
function distances(from: number, made: readonly Made[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (let step = 1, at: readonly number[] = [from]; at.length > 0; step++) {
    at = [...new Set(at.flatMap((n) => must(made[n - 1], 'packet').from))].filter((n) => !found.has(n));
    for (const n of at) found.set(n, step);
  }
  return found;
}

describeWith(describe, ['tshark'], 'causes in the file, as tshark shows them', () => {
  test('in the comment of the first record; late ones in a record of the interface "lab"', () => {
    inFolder((path) => {
      const { recorder } = smallLab(new FileSink(path('run.pcapng')));
      for (const n of [1, 2]) send(recorder, n, 0);
      send(recorder, 3, set(recorder, 1, 2));
      recorder.caused(3 as NodeId, 4e6 as Nanos, id(2), [1]);
      recorder.close(millis(9));
      const shown = (filter: string): string =>
        judged('tshark', ['-r', path('run.pcapng'), '-Y', filter, '-T', 'fields', '-e', 'frame.interface_name', '-e', 'frame.comment']).trim();
      expect(shown('frame.packet_id == 3').split('\n')).toEqual(['l1:alice\tcause=1,2', 'l1:r1']);
      expect(shown('frame.packet_id == 2 && frame.interface_name == "lab"')).toBe('lab\tat=bob cause=1');
    });
  });
});
