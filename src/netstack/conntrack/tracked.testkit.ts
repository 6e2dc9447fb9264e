/**
 * What a router's connection tracking makes of a packet, with the packet in hand and nothing sent.
 * @module
 */
import type { Packet } from '../../fabric/packet.js';
import { createPool } from '../../fabric/pool.js';
import { frameInto, type SimRouter } from '../../../test/support/router/router.js';
import { CT_REPLY, CT_STATE } from './connection.js';

const WORDS: Readonly<Record<number, string>> = {
  0: 'not looked at',
  [CT_STATE.NEW]: 'new',
  [CT_STATE.ESTABLISHED]: 'established',
  [CT_STATE.RELATED]: 'related',
  [CT_STATE.INVALID]: 'invalid',
  [CT_STATE.UNTRACKED]: 'untracked',
};
const pool = createPool();

/** Tracked, as one that has arrived or as one of the node's own. */
export function tracked(r: SimRouter, packet: Uint8Array, arrived = true): Packet {
  const frame = frameInto('in', packet);
  const p = pool.take(frame.length);
  p.len = frame.length;
  p.buf.set(frame, p.off);
  r.tracker.track(p, (packet[0] as number) >>> 4 === 4 ? 4 : 6, arrived);
  return p;
}

/** `new`, `related reply`, `invalid malformed`. */
export function stateOf(r: SimRouter, packet: Uint8Array, arrived = true): string {
  const p = tracked(r, packet, arrived);
  const why = r.tracker.invalidReason(p);
  return `${WORDS[p.ctinfo & 255] ?? ''}${(p.ctinfo & CT_REPLY) === 0 ? '' : ' reply'}${why === null ? '' : ` ${why}`}`;
}

/** Tracked and through the node: its entry is in the table. */
export function passed(r: SimRouter, packet: Uint8Array): Packet {
  const p = tracked(r, packet);
  r.tracker.confirm(p);
  return p;
}
