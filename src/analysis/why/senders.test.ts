import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import type { PacketId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import { millis } from '../../base/time.js';
import { HandMade, STUN, tcp, udp } from '../ledger.testkit.js';
import { TrailBook } from '../trails.js';
import { Senders } from './senders.js';

function sendersOf(play: (lab: HandMade) => void, from: string | null): { direction(id: number): string; isPiece(id: number): boolean } {
  const lab = new HandMade();
  play(lab);
  const ledger = lab.ledger();
  const senders = new Senders(ledger, new TrailBook(ledger), must(ledger.flows()[0], 'a flow'), from);
  const of = (id: number) =>
    [must(ledger.trailOf(id as PacketId), 'a trail'), id as PacketId, (ledger.journey(id as PacketId)?.causes[0] ?? 0) as PacketId] as const;
  return { direction: (id) => senders.direction(...of(id)), isPiece: (id) => senders.isPiece(...of(id)) };
}

describe('who of a flow sent a packet', () => {
  it('by where its trail begins, and by its addresses', () => {
    const senders = sendersOf((lab) => {
      lab.send({ way: 'alice lan bob', at: millis(0), frame: udp('alice', 5, 'bob', 6, STUN) });
      lab.send({ way: 'bob lan alice', at: millis(9), frame: udp('bob', 6, 'alice', 5, STUN), cause: 1 });
    }, 'alice');
    expect([senders.direction(1), senders.direction(2)]).toEqual(['there', 'back']);
    expect(senders.isPiece(2)).toBe(false);
  });

  it('not by the node alone: what a node on the way sends goes the way that its addresses say', () => {
    const senders = sendersOf((lab) => {
      lab.send({ way: 'alice lan', at: millis(0), frame: udp('alice', 5, 'bob', 6, STUN) });
      lab.send({ way: 'lan bob', at: millis(1), frame: udp('alice', 5, 'bob', 6, STUN), cause: 1 });
      lab.send({ way: 'lan alice', at: millis(2), frame: udp('bob', 6, 'alice', 5, STUN) });
    }, 'alice');
    expect([senders.direction(2), senders.direction(3)]).toEqual(['there', 'back']);
  });

  it('a copy of a bridge is a piece, an answer and a second packet of the sender are none', () => {
    const senders = sendersOf((lab) => {
      const id = lab.send({ way: 'alice lan bob', at: millis(0), frame: tcp('alice', 40000, 'dc-fe', 5061), dropped: DROP.NOT_MINE });
      lab.send({ way: 'lan rt dc-fe', at: millis(1), frame: tcp('alice', 40000, 'dc-fe', 5061), cause: id });
      lab.send({ way: 'dc-fe rt lan alice', at: millis(9), frame: tcp('dc-fe', 5061, 'alice', 40000), cause: 2 });
      lab.send({ way: 'alice lan rt dc-fe', at: millis(20), frame: tcp('alice', 40000, 'dc-fe', 5061), cause: 1 });
    }, 'alice');
    expect([2, 3, 4].map((id) => senders.isPiece(id))).toEqual([true, false, false]);
    expect([2, 3, 4].map((id) => senders.direction(id))).toEqual(['there', 'back', 'there']);
  });
});
