import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_FRAME, createPool } from './pool.js';
import type { Packet } from './packet.js';

describe('the pool', () => {
  it('gives room for the length asked for, at offsets that are multiples of 4', () => {
    const pool = createPool();
    for (const [len, capacity] of [
      [0, 256],
      [1, 256],
      [256, 256],
      [257, 2048],
      [1514, 2048],
      [2048, 2048],
      [2049, 65_552],
      [MAX_FRAME, 65_552],
    ] as const) {
      const p = pool.take(len);
      expect([p.len, p.capacity, p.off % 4]).toEqual([len, capacity, 0]);
      expect(p.off + p.capacity).toBeLessThanOrEqual(p.buf.length);
    }
    expect(() => pool.take(MAX_FRAME + 1)).toThrow('at most 65550 bytes');
  });

  it('gives ids from 1 in the order of taking, clones included', () => {
    const pool = createPool();
    const a = pool.take(10);
    pool.release(pool.take(2000));
    const c = pool.clone(a);
    expect([a.id, c.id, c.cause, pool.take(300).id, pool.taken]).toEqual([1, 3, 1, 4, 4]);
  });

  it('resets everything but the bytes', () => {
    const pool = createPool();
    const fields = (p: Packet): object => ({ ...p, buf: null, view: null, off: 0 });
    const fresh = fields(pool.take(5));
    const p = pool.take(5);
    const numbers = ['cause', 'trail', 'slot', 'decision', 'time', 'sentAt', 'leftAt', 'row', 'line', 'epoch', 'iif', 'oif', 'mark', 'fragmented', 'ctinfo'];
    Object.assign(p, Object.fromEntries(numbers.map((name) => [name, 9])), { ct: {} });
    pool.release(p);
    // What it was tracked by goes with its owner.
    expect([p.id, p.ct, p.ctinfo]).toEqual([0, null, 0]);
    const again = pool.take(5);
    expect(again).toBe(p);
    expect(fields(again)).toEqual({ ...fresh, id: again.id });
    expect(Object.entries(fields(again)).filter(([name]) => numbers.includes(name))).toEqual(expect.arrayContaining(numbers.map((name) => [name, 0])));
  });

  it('a clone has the same bytes in another slot, keeps the journey, and starts without the node part', () => {
    const pool = createPool();
    const p = pool.take(100);
    for (let i = 0; i < 100; i++) p.buf[p.off + i] = i + 1;
    Object.assign(p, { trail: 5, decision: 6, ct: {}, mark: 7 });
    const copy = pool.clone(p);
    expect(copy.buf.slice(copy.off, copy.off + copy.len)).toEqual(p.buf.slice(p.off, p.off + 100));
    expect([copy.trail, copy.decision, copy.ct, copy.mark]).toEqual([5, 6, null, 0]);
    copy.buf[copy.off] = 0;
    expect(p.buf[p.off]).toBe(1);
    // Nothing beyond its length is touched.
    p.buf[p.off + 100] = 77;
    const shorter = pool.clone(p);
    expect(shorter.buf[shorter.off + 100]).not.toBe(77);
  });

  it('makes no slab while released slots are left', () => {
    const pool = createPool();
    for (let round = 0; round < 10; round++) {
      const out = Array.from({ length: 256 }, () => pool.take(200));
      expect([pool.live, pool.slabs]).toEqual([256, 1]);
      for (const p of out) pool.release(p);
    }
    expect(pool.live).toBe(0);
    pool.take(1514);
    expect(pool.slabs).toBe(2);
  });

  it('throws on a double release, checked or not, and on a clone after release', () => {
    for (const checked of [false, true]) {
      const pool = createPool({ checked });
      const p = pool.take(1);
      pool.release(p);
      expect(() => pool.release(p)).toThrow('released once');
      expect(() => pool.clone(p)).toThrow('after its release');
      expect(pool.live).toBe(0);
    }
    expect(() => createPool().release({ id: 3 } as unknown as Packet)).toThrow('packets of a pool');
  });

  it('slots that are out do not overlap', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.integer({ min: 1, max: 300 }),
            fc.integer({ min: 1, max: 70_000 }).filter((n) => n <= MAX_FRAME),
            fc.constant(-1),
          ),
          { maxLength: 60 },
        ),
        (ops) => {
          const pool = createPool({ checked: true });
          const out: Packet[] = [];
          for (const op of ops) {
            if (op > 0) {
              const p = pool.take(op);
              p.buf.fill(p.id & 0xff, p.off, p.off + p.len);
              out.push(p);
            } else if (out.length > 0) pool.release(out.shift()!);
            if (pool.live !== out.length) return false;
          }
          return out.every((p) => p.buf.subarray(p.off, p.off + p.len).every((b) => b === (p.id & 0xff)));
        },
      ),
      { seed: 3, numRuns: 25 },
    );
  });
});

describe('a checked pool', () => {
  it('fills what is released with 0xa5', () => {
    const pool = createPool({ checked: true });
    const p = pool.take(20);
    p.buf.fill(1, p.off, p.off + 20);
    pool.release(p);
    expect([...p.buf.subarray(p.off, p.off + p.capacity)].every((b) => b === 0xa5)).toBe(true);
  });

  it('finds a write after release, with its generation', () => {
    const pool = createPool({ checked: true });
    const p = pool.take(20);
    pool.release(p);
    p.buf[p.off + 3] = 0;
    expect(() => pool.take(20)).toThrow('written (generation 1, octet 3)');
  });

  it('finds a stale reference although its slot has a new owner', () => {
    const pool = createPool({ checked: true });
    const stale = pool.take(20);
    pool.release(stale);
    const current = pool.take(20);
    expect(current.off).toBe(stale.off);
    expect(() => pool.release(stale)).toThrow('released once');
    expect(() => pool.check(stale)).toThrow('after its release');
    pool.check(current);
  });
});
