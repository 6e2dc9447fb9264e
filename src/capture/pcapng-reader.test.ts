import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LabError } from '../base/error.js';
import { millis } from '../base/time.js';
import { readLedger } from './ledger-reader.js';
import { type InterfaceRead, readPcapng, type ReadResult } from './pcapng-reader.js';
import { BytesSource, MemorySink } from './store/byte-store.js';
import { playRandom, smallLab } from './testing/small-lab.js';

/** A file of blocks in either byte order, by the draft's figures. */
class Blocks {
  readonly #le: boolean;
  readonly #bytes: number[] = [];

  constructor(littleEndian: boolean) {
    this.#le = littleEndian;
  }

  u16(n: number): readonly number[] {
    return this.#le ? [n & 255, n >>> 8] : [n >>> 8, n & 255];
  }

  u32(n: number): readonly number[] {
    return this.#le ? [...this.u16(n & 0xffff), ...this.u16(n >>> 16)] : [...this.u16(n >>> 16), ...this.u16(n & 0xffff)];
  }

  option(code: number, value: readonly number[]): readonly number[] {
    return [...this.u16(code), ...this.u16(value.length), ...value, ...new Array<number>((4 - (value.length % 4)) % 4).fill(0)];
  }

  block(type: number, body: readonly number[]): this {
    const length = body.length + 12;
    this.#bytes.push(...this.u32(type), ...this.u32(length), ...body, ...this.u32(length));
    return this;
  }

  section(): this {
    return this.block(0x0a0d0d0a, [...this.u32(0x1a2b3c4d), ...this.u16(1), ...this.u16(0), ...new Array<number>(8).fill(255)]);
  }

  interface(resolution: number | null, linkType = 1, snap = 0): this {
    return this.block(1, [
      ...this.u16(linkType),
      0,
      0,
      ...this.u32(snap),
      ...(resolution === null ? [] : this.option(9, [resolution])),
      ...this.option(2, [0x78]),
    ]);
  }

  packet(high: number, low: number, data: readonly number[], options: readonly number[] = [], interfaceIndex = 0): this {
    const padded = [...data, ...new Array<number>((4 - (data.length % 4)) % 4).fill(0)];
    return this.block(6, [
      ...this.u32(interfaceIndex),
      ...this.u32(high),
      ...this.u32(low),
      ...this.u32(data.length),
      ...this.u32(data.length + 5),
      ...padded,
      ...options,
    ]);
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

interface Seen {
  readonly result: ReadResult;
  readonly packets: readonly unknown[];
  readonly interfaces: readonly InterfaceRead[];
  readonly secrets: readonly string[];
}

function read(bytes: Uint8Array): Seen {
  const packets: unknown[] = [];
  const interfaces: InterfaceRead[] = [];
  const secrets: string[] = [];
  const result = readPcapng(new BytesSource(bytes), {
    interface: (_, info) => interfaces.push(info),
    secrets: (type, data) => secrets.push(`${type}:${new TextDecoder().decode(data)}`),
    packet: (p) =>
      packets.push({
        number: p.number,
        interface: p.interface,
        time: p.time,
        data: [...p.buf.subarray(p.off, p.off + p.captured)],
        length: p.length,
        direction: p.direction,
        id: p.id,
        drop: p.drop,
        comments: Array.from({ length: p.comments }, (_, i) => p.comment(i)),
        ethernet: p.ethernet,
      }),
  });
  return { result, packets, interfaces, secrets };
}

test.each([true, false])('reads all it knows in either byte order (little-endian: %s)', (le) => {
  const b = new Blocks(le);
  const id = le ? [...b.u32(42), ...b.u32(0)] : [...b.u32(0), ...b.u32(42)];
  const options = [
    ...b.option(2, b.u32(2)),
    ...b.option(5, id),
    ...b.option(7, [0, 14]),
    ...b.option(1, [0x61, 0x3d, 0x62]),
    ...b.option(999, [1]),
    ...b.option(1, [0x63]),
    ...b.option(0, []),
  ];
  b.section().interface(9).block(0x0bad, [1, 2, 3, 4]).packet(1, 2, [9, 8, 7], options);
  b.block(10, [...b.u32(0x544c534b), ...b.u32(3), 0x61, 0x62, 0x63, 0]);
  b.block(3, [...b.u32(2), 5, 6, 0, 0]); // Simple Packet Block: original length, data
  const { packets, interfaces, secrets, result } = read(b.bytes);
  expect(result).toEqual({ packets: 2, sections: 1, warnings: [] });
  expect(interfaces).toEqual([{ linkType: 1, snapLength: 0, name: 'x', description: '', resolution: 9, offsetSeconds: 0 }]);
  expect(packets).toEqual([
    { number: 1, interface: 0, time: 4294967298, data: [9, 8, 7], length: 8, direction: 2, id: 42, drop: 14, comments: ['a=b', 'c'], ethernet: true },
    { number: 2, interface: 0, time: 0, data: [5, 6], length: 2, direction: 0, id: 0, drop: 0, comments: [], ethernet: true },
  ]);
  expect(secrets).toEqual([`${0x544c534b}:abc`]);
});

test.each([
  ['microseconds by default', null, 1000],
  ['milliseconds', 3, 1_000_000],
  ['a power of two', 0x80 | 10, 976562],
])('times of foreign files are nanoseconds since their first packet: %s', (_, resolution, tick) => {
  const ticks = 1_700_000_000_000_000n;
  const [high, low] = [Number(ticks >> 32n), Number(ticks & 0xffffffffn)];
  const times = read(
    new Blocks(true)
      .section()
      .interface(resolution)
      .packet(high, low, [1])
      .packet(high, low + 1, [1]).bytes,
  ).packets.map((p) => (p as { time: number }).time);
  expect(times[0]).toBe(0);
  expect(Math.abs(times[1]! - tick)).toBeLessThanOrEqual(1);
});

test('nanoseconds since 1970 do not lose their last digits', () => {
  const ns = 1_700_000_000_123_456_789n;
  const b = new Blocks(true).section().interface(9);
  for (const t of [ns, ns + 1n, ns + 1_000_000_007n]) b.packet(Number(t >> 32n), Number(t & 0xffffffffn), [1]);
  expect(read(b.bytes).packets.map((p) => (p as { time: number }).time)).toEqual([0, 1, 1_000_000_007]);
});

const whole = new Blocks(true).section().interface(9).packet(0, 1, [1, 2, 3, 4]);

test.each([
  ['empty', new Uint8Array(0), /is empty/],
  ['too short', new Uint8Array(20), /too short/],
  ['text', new TextEncoder().encode('hello, this is a text file and no capture'), /it begins with 0x68656c6c/],
  ['old pcap', Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, ...new Array<number>(30).fill(0)), /old pcap format/],
  ['gzip', Uint8Array.of(0x1f, 0x8b, ...new Array<number>(30).fill(0)), /compressed/],
  ['no byte order', Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 1, 2, 3, 4, ...new Array<number>(20).fill(0)), /byte order/],
  ['version 2', whole.bytes.map((v, i) => (i === 12 ? 2 : v)), /pcapng version 2/],
  ['impossible first block', whole.bytes.map((v, i) => (i === 4 ? 13 : v)), /impossible block length 13/],
])('%s is CAPTURE_FORMAT', (_, bytes, why) => {
  expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'CAPTURE_FORMAT', message: expect.stringMatching(why) as string }) as Error);
});

const middle = (body: (b: Blocks) => Blocks): Uint8Array => body(new Blocks(true).section().interface(9).packet(0, 1, [1])).packet(0, 2, [2]).bytes;

test.each([
  [
    'captured length beyond the block',
    middle((b) => b.block(6, [...b.u32(0), ...b.u32(0), ...b.u32(0), ...b.u32(5), ...b.u32(5), 1, 2, 3, 4])),
    /impossible captured length 5/,
  ],
  ['an interface that is not described', middle((b) => b.packet(0, 1, [1], [], 7)), /interface 7 is not described/],
  ['an option longer than its block', middle((b) => b.packet(0, 1, [1], [1, 0, 99, 0])), /option 1 is longer/],
  ['a packet block that is too short', middle((b) => b.block(6, [1, 2, 3, 4])), /too short/],
  ['secrets that are too long', middle((b) => b.block(10, [...b.u32(1), ...b.u32(99)])), /impossible length of secrets 99/],
])('what follows damage is not read, what stood before is: %s', (_, bytes, why) => {
  const { result, packets } = read(bytes);
  expect(packets).toHaveLength(1);
  expect(result.warnings.map((w) => [w.code, why.test(w.message)])).toEqual([['CAPTURE_FORMAT', true]]);
});

test('lengths of a block that differ are damage', () => {
  const bytes = whole.packet(0, 3, [4]).bytes;
  bytes[bytes.length - 4]! += 4;
  expect(read(bytes).result.warnings[0]?.message).toMatch(/two lengths/);
});

function runFile(packets: number): Uint8Array {
  const sink = new MemorySink();
  const lab = smallLab(sink);
  lab.recorder.secret('CLIENT_RANDOM 00 11');
  lab.recorder.close(playRandom(lab, packets, 3));
  return sink.bytes;
}

test('a file cut anywhere keeps what is whole, and says so', () => {
  const bytes = runFile(30);
  const all = read(bytes).packets.length;
  let before = 0;
  for (let cut = 28; cut < bytes.length; cut += 37) {
    let seen: Seen;
    try {
      seen = read(bytes.subarray(0, cut));
    } catch (e) {
      expect(LabError.is(e) && e.code).toBe('CAPTURE_FORMAT');
      continue;
    }
    expect(seen.packets.length).toBeGreaterThanOrEqual(before);
    before = seen.packets.length;
    for (const w of seen.result.warnings) expect(w.code).toBe('CAPTURE_TRUNCATED');
  }
  expect(before).toBeLessThanOrEqual(all);
  expect(readLedger(new BytesSource(bytes.subarray(0, bytes.length - 1000))).warnings.map((w) => w.code)).toEqual(['CAPTURE_TRUNCATED']);
});

test('property: mutated and truncated files give a ledger or a LabError, never anything else', () => {
  const bytes = runFile(12);
  const mutation = fc.record({ at: fc.nat(bytes.length - 1), value: fc.oneof(fc.nat(255), fc.constantFrom(0, 255, 1, 4)) });
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 12 }), fc.nat(bytes.length), (mutations, cut) => {
      const copy = bytes.slice(0, cut % 3 === 0 ? cut : bytes.length);
      for (const { at, value } of mutations) if (at < copy.length) copy[at] = value;
      try {
        const { ledger } = readLedger(new BytesSource(copy));
        for (const cursor = ledger.cursor(); cursor.next(); ) {
          ledger.journey(cursor.id);
          ledger.firstBytes(cursor.id);
        }
        ledger.flows();
      } catch (e) {
        if (!LabError.is(e)) throw e;
        expect(['CAPTURE_FORMAT', 'CAPTURE_NOT_OURS']).toContain(e.code);
      }
    }),
    { seed: 11, numRuns: 600 },
  );
});

test('property: bytes that begin as a capture', () => {
  const head = new Blocks(true).section().interface(9).bytes;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      const { result } = read(Uint8Array.from([...head, ...tail]));
      for (const w of result.warnings) expect(['CAPTURE_FORMAT', 'CAPTURE_TRUNCATED']).toContain(w.code);
    }),
    { seed: 12, numRuns: 500 },
  );
});

test("a stranger's capture is read as packets, and is CAPTURE_NOT_OURS where the lab is needed", () => {
  const bytes = whole.bytes;
  expect(read(bytes).result.warnings).toEqual([]);
  expect(() => readLedger(new BytesSource(bytes))).toThrow(expect.objectContaining({ code: 'CAPTURE_NOT_OURS' }) as Error);
});

test("somebody's remark on a packet is no part of the ledger", () => {
  const sink = new MemorySink();
  const lab = smallLab(sink);
  lab.recorder.close(millis(1));
  const b = new Blocks(true);
  const remark = b.option(1, [...new TextEncoder().encode('look here, rule=7 is wrong')]);
  b.packet(0, 5, new Array<number>(20).fill(0), [...b.option(5, [7, 0, 0, 0, 0, 0, 0, 0]), ...b.option(2, b.u32(2)), ...remark]);
  const { ledger } = readLedger(new BytesSource(Uint8Array.from([...sink.bytes, ...b.bytes])));
  expect(ledger.journey(7 as never)?.hops.map((h) => h.decision)).toEqual(['']);
});

test('a second section is left out, with a warning', () => {
  const bytes = runFile(5);
  const { ledger, warnings } = readLedger(new BytesSource(Uint8Array.from([...bytes, ...bytes])));
  expect(ledger.packets).toBe(5);
  expect(warnings.map((w) => w.message)).toEqual([expect.stringMatching(/2 sections/)]);
});

test('a packet with more records than any journey has is cut, with a warning', () => {
  const b = new Blocks(true);
  const sink = new MemorySink();
  smallLab(sink).recorder.close(millis(1));
  const one = new Blocks(true).packet(0, 5, [1], [...b.option(5, [7, 0, 0, 0, 0, 0, 0, 0]), ...b.option(2, b.u32(2))]).bytes;
  const many = new Uint8Array(sink.bytes.length + one.length * 60_010);
  many.set(sink.bytes);
  for (let i = 0; i < 60_010; i++) many.set(one, sink.bytes.length + i * one.length);
  const { ledger, warnings } = readLedger(new BytesSource(many));
  expect(ledger.journey(7 as never)?.hops).toHaveLength(60_000);
  expect(warnings[0]?.message).toMatch(/10 records too many/);
});
