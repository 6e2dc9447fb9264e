import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { NO_CAUSE } from '../../base/brand.js';
import { randomRoot } from '../../base/rng.js';
import { millis, seconds, ZERO } from '../../base/time.js';
import { checkIntegrity, emitStun, isMalformedStun, parseStun, type StunPacket } from '../stun/codec.js';
import { shortTermKey } from '../stun/integrity.js';
import { hasAttribute, textOf } from '../stun/message.js';
import type { TransportAddress } from '../stun/transport-address.js';
import { play } from '../testing/play.js';
import type { IceIn, IceOut } from './agent-io.js';
import { IceAgent } from './agent.js';
import type { Candidate, IceBase } from './candidates/candidate.js';

const HOST: TransportAddress = { address: '192.0.2.1', port: 50000, family: 4 };
const PEER: TransportAddress = { address: '192.0.2.2', port: 50000, family: 4 };
const base: IceBase = { stream: 0, component: 1, transport: 'udp', address: HOST, localPreference: 65535 };
const candidate: Candidate = { foundation: '1', component: 1, transport: 'udp', priority: 2130706431, address: PEER, type: 'host' };
const remote: IceIn = { kind: 'remote', stream: 0, ufrag: 'bobs', pwd: 'the-password-of-bob-123', candidates: [candidate] };

function agent(controlling = true) {
  const machine = new IceAgent({ controlling, random: randomRoot(7).stream('node:alice:ice'), streams: [1], bases: [base] });
  return { machine, book: play<IceIn, IceOut>(machine) };
}

/** The one STUN message among the outputs. */
function check(outs: readonly IceOut[]): StunPacket {
  const sent = outs.flatMap((out) => (out.kind === 'send' ? [out] : []));
  expect(sent).toHaveLength(1);
  const { bytes, to } = must(sent[0], 'a check');
  expect(to).toEqual(PEER);
  const packet = parseStun(bytes, 0, bytes.length);
  if (isMalformedStun(packet)) throw new Error(packet.why);
  return packet;
}

/** What the peer answers to a check, as RFC 8445 section 7.3 has it. */
function success(request: StunPacket): IceIn {
  const message = {
    class: 'success',
    method: 1,
    transaction: request.transaction,
    attributes: [{ name: 'xor-mapped-address', address: HOST }],
  } as const;
  const bytes = emitStun(message, { integrity: shortTermKey('the-password-of-bob-123'), fingerprint: true });
  return { kind: 'datagram', base, from: PEER, bytes };
}

const kinds = (outs: readonly IceOut[]): string[] => outs.map((out) => (out.kind === 'pair' ? `pair ${out.state}` : out.kind));

describe('an ICE agent, as a playbook', () => {
  it('gathers its host candidate at once, and then waits for the peer without a timer', () => {
    agent()
      .book.in({ kind: 'gather' })
      .out(
        (out) => out.kind === 'candidate' && out.candidate.type === 'host' && out.candidate.priority === 126 * 2 ** 24 + 65535 * 2 ** 8 + 255,
        (out) => out.kind === 'gathered',
      )
      .at(seconds(600))
      .out()
      .quiet();
  });

  it('RFC 8445 7.2.2 and 8.1.1: checks with both fragments and the role, then nominates the pair that worked', () => {
    const { machine, book } = agent();
    book.in({ kind: 'gather' }).take();
    const outs = book.in(remote).at(ZERO).take();
    const request = check(outs);
    expect(textOf(request, 'username')).toBe(`bobs:${machine.credentials.ufrag}`);
    expect(checkIntegrity(request, shortTermKey('the-password-of-bob-123'))).toBe(true);
    expect([hasAttribute(request, 'ice-controlling'), hasAttribute(request, 'use-candidate'), hasAttribute(request, 'priority')]).toEqual([true, false, true]);
    // The answer: the pair is valid, nothing better is pending, so it is nominated by another check, Ta = 50 ms after the last one (14.2).
    book.at(millis(20));
    expect(kinds(book.in(success(request)).take())).toContain('pair succeeded');
    const nomination = check(book.at(millis(50)).take());
    expect(hasAttribute(nomination, 'use-candidate')).toBe(true);
    expect(kinds(book.in(success(nomination)).take())).toEqual(expect.arrayContaining(['selected', 'completed']));
  });

  it('RFC 8445 14.3: a check without an answer goes again after 500 ms, and as long again each time', () => {
    const { book } = agent();
    book.in({ kind: 'gather' }).take();
    const first = check(book.in(remote).at(ZERO).take());
    for (const at of [500, 1500, 3500, 7500]) expect(check(book.at(millis(at)).take()).transaction).toBe(first.transaction);
  });

  it('RFC 8863 4: with every check failed it still waits until 39.5 s before it gives up', () => {
    const { book } = agent();
    book.in({ kind: 'gather' }).take();
    book.in(remote).at(ZERO).take();
    const ended: { at: number; kinds: string[] }[] = [];
    for (let at = 500; at <= 80_000; at += 500) {
      const outs = book.at(millis(at)).take();
      if (outs.some((out) => out.kind === 'failed')) ended.push({ at, kinds: kinds(outs) });
    }
    expect(ended).toHaveLength(1);
    expect(must(ended[0], 'the end').at).toBeGreaterThanOrEqual(39_500);
    book.quiet();
  });

  it('an answer that is signed with another password proves nothing', () => {
    const { book } = agent();
    book.in({ kind: 'gather' }).take();
    const request = check(book.in(remote).at(ZERO).take());
    const bytes = emitStun(
      { class: 'success', method: 1, transaction: request.transaction, attributes: [{ name: 'xor-mapped-address', address: HOST }] },
      { integrity: shortTermKey('guessed'), fingerprint: true },
    );
    const outs = book.in({ kind: 'datagram', base, from: PEER, bytes, cause: NO_CAUSE }).take();
    expect(kinds(outs)).not.toContain('pair succeeded');
    // The check goes on as if nothing had come.
    expect(check(book.at(millis(500)).take()).transaction).toBe(request.transaction);
  });
});
