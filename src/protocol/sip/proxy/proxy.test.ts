import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../base/time.js';
import { textBody, type SipRequest } from '../message.js';
import { answer, here, offer, Phone, Server, Wire } from '../testing/wire.js';
import { addressOf, parseUri } from '../uri.js';
import { FIRST_INCOMING } from '../user-agent/events.js';

describe('between two front ends', () => {
  function far() {
    const wire = new Wire();
    const fe1 = new Server(wire, 'fe1', () => here);
    const fe2 = new Server(wire, 'fe2', () => here);
    fe1.routeBy = (r) =>
      r.method === 'REGISTER' || !toUri(r).startsWith('bob')
        ? (undefined as never)
        : { kind: 'forward', targets: [{ uri: null, hop: { kind: 'target', host: 'fe2.contoso.example', port: 5061 } }] };
    const alice = new Phone(wire, 'alice', 'fe1');
    const bob = new Phone(wire, 'bob', 'fe2');
    for (const phone of [alice, bob]) phone.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    wire.log.length = 0;
    return { wire, fe1, fe2, alice, bob };
  }
  const toUri = (r: SipRequest): string => {
    const u = parseUri(r.uri);
    return u?.kind === 'sip' ? addressOf(u) : '';
  };

  it('requests in the dialog go over both, either way', () => {
    const { wire, alice, bob } = far();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(millis(100));
    expect(wire.between('ACK')).toEqual(['alice>fe1 ACK', 'fe1>fe2 ACK', 'fe2>bob ACK']);
    bob.do({ kind: 'bye', call: FIRST_INCOMING });
    wire.run(millis(100));
    expect(wire.between('BYE')).toEqual(['bob>fe2 BYE', 'fe2>fe1 BYE', 'fe1>alice BYE', 'alice>fe1 200 BYE', 'fe1>fe2 200 BYE', 'fe2>bob 200 BYE']);
  });
  it('after the connection between them broke, the route finds its way by name', () => {
    const { wire, alice, bob } = far();
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    bob.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(millis(100));
    wire.cut('fe1');
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    alice.do({ kind: 'bye', call: 1 });
    wire.run(seconds(1));
    expect(bob.last('ended').why).toBe('bye-received');
  });
  it('MESSAGE goes end to end (RFC 3428)', () => {
    const { wire, alice, bob } = far();
    alice.do({
      kind: 'request',
      id: 9,
      method: 'MESSAGE',
      to: 'sip:bob@contoso.example',
      content: { type: 'text/plain', bytes: textBody('Watson, come here.') },
    });
    wire.run(seconds(1));
    const got = bob.last('request-received');
    expect([got.method, new TextDecoder().decode(got.content?.bytes), got.from]).toMatchObject([
      'MESSAGE',
      'Watson, come here.',
      expect.stringContaining('sip:alice@contoso.example'),
    ]);
    expect(alice.last('request-answered')).toMatchObject({ id: 9, status: 200 });
  });
  it('a loop is found by its branch (16.3 step 4)', () => {
    const { wire, fe1, fe2, alice } = far();
    for (const [fe, other] of [
      [fe1, 'fe2'],
      [fe2, 'fe1'],
    ] as const)
      fe.routeBy = () => ({ kind: 'forward', targets: [{ uri: null, hop: { kind: 'target', host: other, port: 5061 } }] });
    alice.do({ kind: 'request', id: 1, method: 'MESSAGE', to: 'sip:x@contoso.example' });
    wire.run(seconds(1));
    expect(alice.last('request-answered').status).toBe(482);
    expect(wire.between('MESSAGE').filter((l) => /^fe\d>fe\d MESSAGE$/.test(l))).toEqual(['fe1>fe2 MESSAGE', 'fe2>fe1 MESSAGE']);
  });
});

describe('forking (16.7)', () => {
  function forked() {
    const wire = new Wire();
    const fe = new Server(wire, 'fe1', () => here);
    const alice = new Phone(wire, 'alice', 'fe1');
    const desk = new Phone(wire, 'desk', 'fe1', 'secret', 'contoso.example', true);
    const mobile = new Phone(wire, 'mobile', 'fe1', 'secret', 'contoso.example', true);
    fe.routeBy = (r) =>
      r.method === 'REGISTER'
        ? (undefined as never)
        : { kind: 'forward', targets: ['desk', 'mobile'].map((host) => ({ uri: `sip:bob@${host}.phones.example:5061`, hop: null })) };
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    alice.do({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example', content: offer });
    wire.run(millis(100));
    return { wire, fe, alice, desk, mobile };
  }
  it('each early answer is a fork of its own; the first to answer wins, the others are cancelled', () => {
    const { wire, alice, desk, mobile } = forked();
    desk.do({ kind: 'progress', call: FIRST_INCOMING, status: 183, content: answer });
    mobile.do({ kind: 'progress', call: FIRST_INCOMING, status: 183, content: answer });
    wire.run(millis(100));
    const forks = alice.events.flatMap((e) => (e.kind === 'progressed' ? [e.fork] : []));
    expect(new Set(forks).size).toBe(2);
    mobile.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(millis(100));
    expect(alice.last('answered').fork).toBe(forks[1]);
    expect(desk.last('ended').why).toBe('cancelled');
    expect(wire.between('487')).toEqual(['desk>fe1 487 INVITE']);
  });
  it('both answer at once: the later one is acknowledged and hung up', () => {
    const { wire, alice, desk, mobile } = forked();
    for (const phone of [desk, mobile]) phone.do({ kind: 'answer', call: FIRST_INCOMING, content: answer });
    wire.run(seconds(1));
    expect(alice.kinds().filter((k) => k === 'answered')).toHaveLength(1);
    expect([desk.kinds().includes('ended'), mobile.kinds().includes('ended')].filter(Boolean)).toHaveLength(1);
    expect(wire.between('481')).toEqual([]);
  });
  it('the best of the failures goes back; 603 cancels the rest', () => {
    const a = forked();
    a.desk.do({ kind: 'reject', call: FIRST_INCOMING, status: 486 });
    a.wire.run(millis(100));
    expect(a.alice.kinds()).not.toContain('rejected');
    a.mobile.do({ kind: 'reject', call: FIRST_INCOMING, status: 404 });
    a.wire.run(millis(100));
    expect(a.alice.last('rejected').status).toBe(404);
    const b = forked();
    b.desk.do({ kind: 'progress', call: FIRST_INCOMING, status: 180 });
    b.mobile.do({ kind: 'reject', call: FIRST_INCOMING, status: 603 });
    b.wire.run(millis(100));
    expect(b.alice.last('rejected').status).toBe(603);
    expect(b.desk.last('ended').why).toBe('cancelled');
  });
  it('a branch that does not answer its CANCEL is over after 64*T1 (9.1)', () => {
    const { wire, alice, desk, mobile } = forked();
    desk.do({ kind: 'progress', call: FIRST_INCOMING, status: 180 });
    mobile.do({ kind: 'reject', call: FIRST_INCOMING, status: 480 });
    wire.run(millis(100));
    wire.lose = (from, m) => from === 'desk' && m.kind === 'response';
    alice.do({ kind: 'cancel', call: 1 });
    wire.run(seconds(31));
    expect(alice.kinds()).not.toContain('ended');
    wire.run(seconds(2));
    expect(alice.last('ended').why).toBe('cancelled');
  });
  it('timer C ends a branch that rings for ever (16.8)', () => {
    const { wire, alice, desk, mobile } = forked();
    desk.do({ kind: 'progress', call: FIRST_INCOMING, status: 180 });
    mobile.do({ kind: 'reject', call: FIRST_INCOMING, status: 480 });
    wire.run(seconds(180));
    expect(alice.kinds()).not.toContain('rejected');
    wire.run(seconds(5));
    expect(desk.last('ended').why).toBe('cancelled');
    expect(alice.last('rejected').status).toBe(480);
  });
});
