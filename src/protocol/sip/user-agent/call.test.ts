import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../base/time.js';
import { routes } from '../fields.js';
import { header, headerValues } from '../message.js';
import { answer, call, offer, pair } from '../testing/wire.js';
import { FIRST_INCOMING } from './events.js';

describe('a call through one front end (RFC 3261 section 13, RFC 5626 flows)', () => {
  it('rings, is answered, changes, ends', () => {
    const { wire, alice, bob } = pair();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    expect(bob.last('incoming').content?.bytes).toEqual(offer.bytes);
    bob.do({ kind: 'progress', call: FIRST_INCOMING, status: 180 });
    bob.do({ kind: 'progress', call: FIRST_INCOMING, status: 183, content: answer });
    wire.run(seconds(5));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(millis(100));
    expect(alice.events.slice(1).map((e) => [e.kind, 'status' in e ? e.status : null])).toEqual([
      ['progressed', 180],
      ['progressed', 183],
      ['answered', null],
    ]);
    expect(bob.kinds().slice(1)).toEqual(['incoming', 'confirmed']);
    expect(wire.log).toEqual([
      'alice>fe1 INVITE',
      'fe1>alice 100 INVITE',
      'fe1>bob INVITE',
      'bob>fe1 180 INVITE',
      'bob>fe1 183 INVITE',
      'fe1>alice 180 INVITE',
      'fe1>alice 183 INVITE',
      'bob>fe1 200 INVITE',
      'fe1>alice 200 INVITE',
      'alice>fe1 ACK',
      'fe1>bob ACK',
    ]);
    bob.do({ kind: 'offer', call: FIRST_INCOMING, method: 'INVITE', content: offer });
    wire.run(millis(50));
    alice.do({ kind: 'answer-offer', call: 1, status: 200, content: answer });
    wire.run(millis(50));
    expect(bob.last('offer-answered').status).toBe(200);
    alice.do({ kind: 'offer', call: 1, method: 'UPDATE', content: offer });
    wire.run(millis(50));
    bob.do({ kind: 'answer-offer', call: FIRST_INCOMING, status: 488 });
    wire.run(millis(50));
    expect(alice.last('offer-answered').status).toBe(488);
    alice.do({ kind: 'request-in-call', id: 5, method: 'INFO', call: 1 });
    wire.run(millis(50));
    expect([alice.last('request-answered'), bob.last('request-received')]).toMatchObject([
      { id: 5, status: 200 },
      { method: 'INFO', call: FIRST_INCOMING },
    ]);
    bob.do({ kind: 'bye', call: FIRST_INCOMING });
    wire.run(millis(100));
    expect([alice.last('ended').why, bob.last('ended').why]).toEqual(['bye-received', 'bye-sent']);
    wire.run(seconds(40));
    expect([alice.ua.calls, bob.ua.calls]).toEqual([0, 0]);
  });
  it('the front end records one route per flow, named by tokens', () => {
    const { wire } = call();
    const invite = wire.messages.find((m) => m.to === 'bob' && m.message.kind === 'request')!.message;
    const recorded = headerValues(invite, 'Record-Route');
    expect(recorded).toHaveLength(2);
    expect(recorded[0]).toMatch(/^<sip:f1-[0-9a-f]{16}@fe1\.contoso\.example:5061;transport=tls;lr>$/);
    expect(recorded[1]).toMatch(/^<sip:f0-/);
    expect(header(invite, 'Max-Forwards')).toBe('69');
    const ack = wire.messages.find((m) => m.to === 'fe1' && m.message.kind === 'request' && m.message.method === 'ACK')!.message;
    expect(routes(ack)).toHaveLength(2);
  });
  it('busy, and nobody there', () => {
    const { wire, alice, bob } = pair();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(50));
    bob.do({ kind: 'reject', call: FIRST_INCOMING, status: 486 });
    alice.do({ kind: 'invite', call: 2, to: 'sip:carol@contoso.example', content: offer });
    wire.run(millis(100));
    expect(alice.events.filter((e) => e.kind === 'rejected').map((e) => [e.call, e.status])).toEqual([
      [1, 486],
      [2, 480],
    ]);
    expect(wire.between('ACK')).toEqual(['fe1>bob ACK', 'alice>fe1 ACK', 'alice>fe1 ACK']);
  });
  it('CANCEL before the answer: 487; before any response it waits for one', () => {
    const { wire, alice, bob } = pair();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    alice.do({ kind: 'cancel', call: 1 });
    expect(wire.between('CANCEL')).toEqual([]);
    wire.run(millis(30));
    expect(wire.between('CANCEL')).toContain('alice>fe1 CANCEL');
    bob.do({ kind: 'progress', call: FIRST_INCOMING, status: 180 });
    wire.run(seconds(1));
    expect([alice.last('ended').why, bob.last('ended').why]).toEqual(['cancelled', 'cancelled']);
    expect(wire.between('487')).toEqual(['bob>fe1 487 INVITE', 'fe1>alice 487 INVITE']);
    expect(alice.kinds()).not.toContain('answered');
  });
  it('an answer that crosses the CANCEL is ended by BYE', () => {
    const { wire, alice, bob } = pair();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    alice.do({ kind: 'cancel', call: 1 });
    wire.run(seconds(1));
    expect([alice.last('ended').why, bob.last('ended').why]).toEqual(['cancelled', 'bye-received']);
  });
  it('without ACK the 2xx is repeated, after 64*T1 the callee hangs up (13.3.1.4)', () => {
    const { wire, alice, bob } = pair();
    wire.lose = (_from, m) => m.kind === 'request' && m.method === 'ACK';
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(seconds(40));
    // 0, 0.5, 1.5, 3.5, 7.5, then every T2 = 4 s up to 31.5 s.
    expect(wire.between('bob>fe1 200 INVITE')).toHaveLength(11);
    expect(wire.between('alice>fe1 ACK').length).toBeGreaterThan(5);
    expect(bob.last('ended').why).toBe('no-ack');
    expect(alice.last('ended').why).toBe('bye-received');
  });
  it('a repeated 2xx is acknowledged again, the call is set up once', () => {
    const { wire, alice, bob } = pair();
    let lost = 0;
    wire.lose = (from, m) => from === 'alice' && m.kind === 'request' && m.method === 'ACK' && lost++ < 2;
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(seconds(5));
    expect(bob.kinds().filter((k) => k === 'confirmed')).toHaveLength(1);
    expect(alice.kinds().filter((k) => k === 'answered')).toHaveLength(1);
    expect(wire.between('alice>fe1 ACK')).toHaveLength(3);
  });
  it('re-INVITEs that cross: 491 for both, the owner of the Call-ID comes later (14.1)', () => {
    const { wire, alice, bob } = call();
    alice.do({ kind: 'offer', call: 1, method: 'INVITE', content: offer });
    bob.do({ kind: 'offer', call: FIRST_INCOMING, method: 'INVITE', content: offer });
    for (const phone of [alice, bob])
      phone.onEvent = (e) => {
        if (e.kind === 'offered') phone.do({ kind: 'answer-offer', call: e.call, status: 200, content: answer });
      };
    wire.run(millis(100));
    expect(wire.between('491').filter((l) => l.startsWith('fe1'))).toHaveLength(2);
    wire.run(seconds(5));
    expect([alice.last('offer-answered').status, bob.last('offer-answered').status]).toEqual([200, 200]);
    expect(alice.kinds().lastIndexOf('offer-answered')).toBeGreaterThan(alice.kinds().lastIndexOf('offered'));
  });
  it('a second offer before the first is answered is 500 with Retry-After (14.2)', () => {
    const { wire, alice, bob } = call();
    alice.do({ kind: 'offer', call: 1, method: 'UPDATE', content: offer });
    wire.run(millis(50));
    expect(bob.last('offered').method).toBe('UPDATE');
    alice.do({ kind: 'offer', call: 1, method: 'UPDATE', content: offer });
    expect(alice.last('offer-answered').status).toBe(491);
  });
  it('the peer is gone: the BYE runs into the timeout, the caller is done at once', () => {
    const { wire, fe, alice } = call();
    wire.cut('bob');
    expect(fe.registrar.location.lookup('bob@contoso.example', wire.now)).toEqual([]);
    alice.do({ kind: 'bye', call: 1 });
    wire.run(seconds(1));
    // RFC 5626 section 5.3.1.
    expect(wire.log.at(-1)).toBe('fe1>alice 430 BYE');
  });
});
