/**
 * A link under test: a fabric of one link (or several), a recorder of all that the tap is told, and frames to send.
 * For tests of the fabric and of what stands on it.
 * @module
 */
import type { LinkId } from '../base/brand.js';
import { dropName, type DropCode } from '../base/drop.js';
import { randomRoot } from '../base/rng.js';
import { type Nanos, ZERO } from '../base/time.js';
import { type ImpairmentSpec, NO_IMPAIRMENT } from '../topology/impairment.js';
import { createFabric, type Fabric } from './fabric.js';
import { createScheduler, type LabScheduler } from './lab-scheduler.js';
import type { LinkEnd, Port, Side, Tap } from './link.js';
import type { Packet } from './packet.js';
import { type CountedPool, createPool } from './pool.js';
import type { Target } from './scheduler.js';

/** What a tap or a port was told, in order. */
export interface Note {
  readonly kind: 'sent' | 'received' | 'lost' | 'ended' | 'delivered' | 'carrier up' | 'carrier down';
  readonly id: number;
  readonly at: Nanos;
  readonly side: Side | null;
  /** Name of the drop; `none` if there is none. */
  readonly drop: string;
}

export interface TestLink {
  readonly scheduler: LabScheduler;
  readonly pool: CountedPool;
  readonly fabric: Fabric;
  readonly notes: Note[];
  /** Ids in the order of their delivery, with the time. */
  readonly arrivals: { readonly id: number; readonly at: Nanos; readonly sentAt: Nanos; readonly cause: number; readonly bytes: Uint8Array }[];
  /** Sends a frame of `length` bytes, zero after a header of IPv4 with that DSCP. Returns its id. */
  send(length: number, options?: { readonly side?: Side; readonly dscp?: number }): number;
  /** Books `send` at a time. */
  sendAt(when: Nanos, length: number, options?: { readonly side?: Side; readonly dscp?: number }): void;
  /** Books anything else. */
  at(when: Nanos, act: () => void): void;
  /** Fires all events up to and at `until`. */
  run(until?: Nanos): void;
  /** The ids of frames dropped, with the reason. */
  drops(): [number, string][];
}

export interface TestLinkOptions {
  readonly seed?: number;
  readonly mtu?: number;
  readonly up?: boolean;
  readonly name?: string;
  /** Of both directions. */
  readonly spec?: Partial<ImpairmentSpec>;
  /** Keep no notes of the tap: for long runs. */
  readonly quiet?: boolean;
}

const LINK = 0 as LinkId;

export function testLink(options: TestLinkOptions = {}): TestLink {
  const scheduler = createScheduler();
  const pool = createPool({ checked: options.quiet !== true });
  const notes: Note[] = [];
  const arrivals: { id: number; at: Nanos; sentAt: Nanos; cause: number; bytes: Uint8Array }[] = [];
  const note = (kind: Note['kind'], id: number, end: LinkEnd | null, drop: DropCode | 0 = 0): void => {
    if (options.quiet !== true) notes.push({ kind, id, at: scheduler.now, side: end?.side ?? null, drop: dropName(drop) });
  };
  const tap: Tap = {
    sent: (p, end, drop) => note('sent', p.id, end, drop),
    received: (p, end) => note('received', p.id, end),
    lost: (p, end, drop) => note('lost', p.id, end, drop),
    dropped: () => undefined,
    ended: (p) => note('ended', p.id, null),
  };
  const spec: ImpairmentSpec = { ...NO_IMPAIRMENT, ...options.spec };
  const link = { id: LINK, name: options.name ?? 'wan', mtu: options.mtu ?? 1500, impairments: [spec, spec], up: options.up ?? true } as const;
  const fabric = createFabric({ links: [link], scheduler, pool, tap, random: randomRoot(options.seed ?? 1) });
  const port: Port = {
    deliver(p, end) {
      note('delivered', p.id, end);
      arrivals.push({
        id: p.id,
        at: scheduler.now,
        sentAt: p.sentAt,
        cause: p.cause,
        bytes: options.quiet === true ? p.buf : p.buf.slice(p.off, p.off + p.len),
      });
      pool.release(p);
    },
    carrier: (up, end) => note(up ? 'carrier up' : 'carrier down', 0, end),
  };
  fabric.end(LINK, 0).attach(port);
  fabric.end(LINK, 1).attach(port);
  const send: TestLink['send'] = (length, { side = 0, dscp = 0 } = {}) => {
    const p = ipFrame(pool.take(length), dscp);
    const id = p.id;
    fabric.end(LINK, side).send(p);
    return id;
  };
  const at: TestLink['at'] = (when, act) => {
    const target: Target = { fire: act };
    scheduler.at(when, target, 0, null);
  };
  return {
    scheduler,
    pool,
    fabric,
    notes,
    arrivals,
    send,
    at,
    sendAt: (when, length, o) => {
      at(when, () => send(length, o));
    },
    run(until = Infinity as Nanos) {
      while (scheduler.next <= until && scheduler.pending > 0) scheduler.step();
      if (until !== Infinity) scheduler.advance(until > ZERO ? until : ZERO);
    },
    drops: () => notes.filter((n) => (n.kind === 'sent' || n.kind === 'lost') && n.drop !== 'none').map((n) => [n.id, n.drop]),
  };
}

/** Zeroes a packet and gives it as much of an IPv4 header as a link reads. */
export function ipFrame(p: Packet, dscp: number): Packet {
  p.buf.fill(0, p.off, p.off + p.len);
  if (p.len < 16) return p;
  p.buf[p.off + 12] = 0x08;
  p.buf[p.off + 15] = dscp << 2;
  return p;
}
