import { describe, expect, it } from 'vitest';
import { millis, NEVER, type Nanos } from '../../base/time.js';
import { StunClientTransaction, type StunClientOptions, type StunClientOut } from './client-transaction.js';
import { emitStun, isMalformedStun, parseStun, type StunPacket } from './codec.js';
import { Retransmission } from './retransmission.js';

const ID = 'ab'.repeat(12);
const request = emitStun({ class: 'request', method: 1, transaction: ID, attributes: [] });

function answerTo(transaction: string): StunPacket {
  const bytes = emitStun({ class: 'success', method: 1, transaction, attributes: [] });
  const packet = parseStun(bytes, 0, bytes.length);
  if (isMalformedStun(packet)) throw new Error(packet.why);
  return packet;
}

/** Ticks the transaction whenever it asks for it; returns [ms, kind] of all that came out. */
function play(options: StunClientOptions, answerAt?: number): (readonly [number, StunClientOut['kind']])[] {
  const client = new StunClientTransaction(ID, request, 0 as Nanos, options);
  const log: (readonly [number, StunClientOut['kind']])[] = [];
  for (;;) {
    const answer = answerAt === undefined ? NEVER : millis(answerAt);
    const now = Math.min(client.deadline, answer) as Nanos;
    if (client.deadline === NEVER) return log;
    const out: StunClientOut[] = [];
    if (now === answer) client.handle({ kind: 'response', packet: answerTo(ID) }, now, out);
    else client.tick(now, out);
    for (const o of out) log.push([now / 1e6, o.kind]);
  }
}

describe('client transaction', () => {
  it('RFC 8489 6.2.1: 0, 500, 1500, 3500, 7500, 15500, 31500 ms, given up at 39500 ms', () => {
    expect(play({})).toEqual([
      [0, 'send'],
      [500, 'send'],
      [1500, 'send'],
      [3500, 'send'],
      [7500, 'send'],
      [15500, 'send'],
      [31500, 'send'],
      [39500, 'timeout'],
    ]);
  });

  it('an answer ends it', () => {
    expect(play({}, 1600)).toEqual([
      [0, 'send'],
      [500, 'send'],
      [1500, 'send'],
      [1600, 'answer'],
    ]);
  });

  it('RFC 8489 6.2.2: over a stream it is sent once and waited for 39.5 s', () => {
    expect(play({ reliable: true })).toEqual([
      [0, 'send'],
      [39500, 'timeout'],
    ]);
  });

  it('patience ends it early', () => {
    expect(play({ rto: millis(7000), patience: millis(39500) })).toEqual([
      [0, 'send'],
      [7000, 'send'],
      [21000, 'send'],
      [39500, 'timeout'],
    ]);
  });

  it('an answer to another transaction is none of its business', () => {
    const client = new StunClientTransaction(ID, request, 0 as Nanos);
    const out: StunClientOut[] = [];
    client.handle({ kind: 'response', packet: answerTo('cd'.repeat(12)) }, 0 as Nanos, out);
    expect([out, client.ended]).toEqual([[], false]);
    client.handle({ kind: 'cancel' }, 0 as Nanos, out);
    expect([out, client.ended, client.deadline]).toEqual([[], true, NEVER]);
  });

  it('stopped, it sends no more but waits Rm times RTO for what is under way', () => {
    const schedule = new Retransmission(0 as Nanos);
    expect(schedule.step(0 as Nanos)).toBe('send');
    schedule.stop();
    expect(schedule.deadline).toBe(millis(8000));
    expect(schedule.step(millis(8000))).toBe('timeout');
    expect(schedule.sent).toBe(1);
  });
});
