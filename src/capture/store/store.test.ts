import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Nanos } from '../../base/time.js';
import { parseIpv6 } from '../../wire/address.js';
import { FileIndex } from './file-index.js';
import { AddressTable } from './flow-tuple.js';
import { PacketColumns } from './packet-columns.js';
import { TimeStream } from './time-stream.js';
import { STEP_KINDS, type StepCode, TrailTable } from './trail-table.js';

test('property: equal lists of steps have one trail, different ones different trails', () => {
  const step = fc.record({ point: fc.nat(5), kind: fc.nat(3), decision: fc.nat(4) });
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 60 }), (lists) => {
      const table = new TrailTable();
      const byText = new Map<string, number>();
      for (const list of lists) {
        let trail = 0;
        for (const s of list) trail = table.next(trail, s.point, s.kind as StepCode, s.decision);
        expect(table.steps(trail)).toEqual(list.map((s) => ({ point: s.point, kind: STEP_KINDS[s.kind], decision: s.decision })));
        const text = JSON.stringify(list);
        expect(byText.get(text) ?? trail).toBe(trail);
        byText.set(text, trail);
      }
      expect(new Set(byText.values()).size).toBe(byText.size);
    }),
    { seed: 3, numRuns: 150 },
  );
});

test('trails stay apart when there are many', () => {
  const table = new TrailTable();
  const ids = new Set<number>();
  for (let point = 0; point < 200; point++) for (let decision = 0; decision < 200; decision++) ids.add(table.next(0, point, 0, decision));
  expect(ids.size).toBe(40_000);
  expect(table.size).toBe(40_001);
  expect(table.next(0, 7, 0, 9)).toBe(table.next(0, 7, 0, 9));
});

test('property: times come back to the nanosecond, in any order', () => {
  const time = fc.oneof(fc.nat(1000), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(fc.array(time, { minLength: 1, maxLength: 40 }), { maxLength: 20 }), (lists) => {
      const stream = new TimeStream();
      const positions = lists.map((times) => stream.write(Float64Array.from(times), 0, times.length));
      for (const [i, times] of lists.entries()) {
        const into = new Float64Array(times.length);
        stream.read(positions[i]!, times[0] as Nanos, times.length, into);
        expect([...into]).toEqual(times);
      }
    }),
    { seed: 4, numRuns: 200 },
  );
});

test('the same instant costs a byte, ten milliseconds four', () => {
  const stream = new TimeStream();
  stream.write(Float64Array.of(5, 5), 0, 2);
  expect(stream.write(Float64Array.of(0, 10e6), 0, 2)).toBe(1);
  expect(stream.write(Float64Array.of(0), 0, 1)).toBe(1 + 4);
});

test('property: a packet is found by its id, whatever ids there are', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 0xffffffff }), { maxLength: 5000, minLength: 3000 }), (ids) => {
      const columns = new PacketColumns();
      const rows = ids.map((id) => columns.add(id));
      expect(ids.map((id) => columns.find(id))).toEqual(rows);
      expect(columns.find(ids[0]! === 77 ? 78 : 77)).toBe(ids.indexOf(77));
    }),
    { seed: 5, numRuns: 5 },
  );
});

test('IPv6 addresses are numbers above IPv4, the same for the same address', () => {
  const table = new AddressTable();
  const texts = Array.from({ length: 500 }, (_, i) => `2001:db8:${(i + 1).toString(16)}::${(i * 7 + 1).toString(16)}`);
  const numbers = texts.map((text) => table.of(parseIpv6(text)!, 0));
  expect(new Set(numbers).size).toBe(500);
  expect(Math.min(...numbers)).toBe(2 ** 32);
  expect(texts.map((text) => table.ofText(text))).toEqual(numbers);
  expect(numbers.map((n) => table.text(n))).toEqual(texts);
  expect(table.ofText('10.0.0.1')).toBe(0x0a000001);
  expect(table.ofText('200.0.0.1')).toBe(0xc8000001 - 2 ** 32);
  expect(table.text(0xc8000001 - 2 ** 32)).toBe('200.0.0.1');
  expect(table.ofText('255.255.255.255')).toBe(-1);
  expect(table.ofText('nobody')).toBeUndefined();
});

test('an index names the stretches that may hold a time, late records too', () => {
  const index = new FileIndex();
  const note = (offset: number, time: number): void => {
    index.offset = offset;
    index.time = time as Nanos;
    index.note(300);
  };
  for (let i = 0; i < 1000; i++) note(i * 300, i * 10);
  note(300_000, 5);
  // A stretch is closed by the record that reaches 65,536 octets: 219 records of 300.
  const early = index.at(5 as Nanos);
  expect(early.map((s) => s.offset)).toEqual([0, 262_800]);
  expect(index.at(99_999 as Nanos)).toEqual([]);
  const last = index.at(9990 as Nanos);
  expect(last).toHaveLength(1);
  expect(last[0]!.offset + last[0]!.length).toBe(300_300);
});
