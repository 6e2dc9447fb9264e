import { describe, expect, it } from 'vitest';
import { millis, ZERO, type Nanos } from '../../base/time.js';
import { play } from '../testing/play.js';
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

const ms = millis;
const started = (options: StunClientOptions = {}) => play(new StunClientTransaction(ID, request, ZERO, options));
const send = (attempt: number): StunClientOut => ({ kind: 'send', bytes: request, attempt });

describe('client transaction', () => {
  it('RFC 8489 6.2.1: 0, 500, 1500, 3500, 7500, 15500, 31500 ms, given up at 39500 ms', () => {
    started()
      .at(ZERO)
      .out(send(1))
      .at(ms(500))
      .out(send(2))
      .at(ms(1500))
      .out(send(3))
      .at(ms(3500))
      .out(send(4))
      .at(ms(7500))
      .out(send(5))
      .at(ms(15500))
      .out(send(6))
      .at(ms(31500))
      .out(send(7))
      .at(ms(39500))
      .out({ kind: 'timeout', attempts: 7 })
      .quiet();
  });

  it('an answer ends it', () => {
    const packet = answerTo(ID);
    started()
      .at(ZERO)
      .out(send(1))
      .at(ms(500))
      .out(send(2))
      .at(ms(1500))
      .out(send(3))
      .at(ms(1600))
      .in({ kind: 'response', packet })
      .out({ kind: 'answer', packet, after: ms(1600), attempts: 3 })
      .quiet();
  });

  it('RFC 8489 6.2.2: over a stream it is sent once and waited for 39.5 s', () => {
    started({ reliable: true }).at(ZERO).out(send(1)).at(ms(39500)).out({ kind: 'timeout', attempts: 1 }).quiet();
  });

  it('patience ends it early', () => {
    started({ rto: ms(7000), patience: ms(39500) })
      .at(ZERO)
      .out(send(1))
      .at(ms(7000))
      .out(send(2))
      .at(ms(21000))
      .out(send(3))
      .at(ms(39500))
      .out({ kind: 'timeout', attempts: 3 })
      .quiet();
  });

  it('an answer to another transaction is none of its business; cancelled, it is silent', () => {
    started()
      .at(ZERO)
      .out(send(1))
      .in({ kind: 'response', packet: answerTo('cd'.repeat(12)) })
      .out()
      .at(ms(500))
      .out(send(2))
      .in({ kind: 'cancel' })
      .out()
      .in({ kind: 'response', packet: answerTo(ID) })
      .out()
      .quiet();
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
