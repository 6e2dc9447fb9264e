import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../base/time.js';
import { here, pair, Phone, Server, Wire } from '../testing/wire.js';

describe('registration (RFC 3261 section 10)', () => {
  it('is challenged, granted, refreshed before it ends', () => {
    const wire = new Wire();
    const fe = new Server(wire, 'fe1', () => here);
    const alice = new Phone(wire, 'alice', 'fe1');
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    expect(wire.log).toEqual(['alice>fe1 REGISTER', 'fe1>alice 401 REGISTER', 'alice>fe1 REGISTER', 'fe1>alice 200 REGISTER']);
    expect(alice.last('registered')).toMatchObject({ expires: 600 });
    expect(fe.registrar.location.lookup('alice@contoso.example', wire.now)).toHaveLength(1);
    wire.run(seconds(1799));
    expect(alice.kinds().filter((k) => k === 'registered')).toHaveLength(4);
    alice.do({ kind: 'unregister' });
    wire.run(seconds(1));
    expect(alice.kinds().at(-1)).toBe('unregistered');
    expect(fe.registrar.location.lookup('alice@contoso.example', wire.now)).toEqual([]);
  });
  it('a wrong password is 403, an unknown user 404', () => {
    const wire = new Wire();
    new Server(wire, 'fe1', (a) => (a.startsWith('alice') ? here : { kind: 'unknown' }));
    const alice = new Phone(wire, 'alice', 'fe1', 'guess');
    const eve = new Phone(wire, 'eve', 'fe1');
    for (const phone of [alice, eve]) phone.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    expect([alice.last('register-failed').status, eve.last('register-failed').status]).toEqual([403, 404]);
  });
  it('too short is 423, and tried again with Min-Expires', () => {
    const { wire, alice } = pair();
    alice.do({ kind: 'register', expires: 10 });
    wire.run(seconds(1));
    expect(alice.last('registered').expires).toBe(60);
    expect(wire.between('423')).toHaveLength(1);
  });
  it('follows 301 to the home, and stays there', () => {
    const wire = new Wire();
    new Server(wire, 'fe1', () => ({ kind: 'elsewhere', contact: 'sip:fe2.contoso.example:5061;transport=tls' }));
    new Server(wire, 'fe2', () => here);
    const alice = new Phone(wire, 'alice', 'fe1');
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(600));
    expect(alice.last('redirected').to).toEqual({ kind: 'target', host: 'fe2.contoso.example', port: 5061 });
    expect(wire.log).toEqual([
      'alice>fe1 REGISTER',
      'fe1>alice 301 REGISTER',
      'alice>fe2 REGISTER',
      'fe2>alice 401 REGISTER',
      'alice>fe2 REGISTER',
      'fe2>alice 200 REGISTER',
      'alice>fe2 REGISTER',
      'fe2>alice 401 REGISTER',
      'alice>fe2 REGISTER',
      'fe2>alice 200 REGISTER',
    ]);
  });
  it('two front ends that redirect to each other are left after five turns', () => {
    const wire = new Wire();
    for (const [a, b] of [
      ['fe1', 'fe2'],
      ['fe2', 'fe1'],
    ] as const)
      new Server(wire, a, () => ({ kind: 'elsewhere', contact: `sip:${b}.contoso.example` }));
    const alice = new Phone(wire, 'alice', 'fe1');
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(5));
    expect(alice.last('register-failed').status).toBe(301);
    expect(wire.between('REGISTER')).toHaveLength(12);
  });
  it('a refresh that is refused is told as a registration that was lost, with the response', () => {
    const wire = new Wire();
    let known = true;
    new Server(wire, 'fe1', () => (known ? here : { kind: 'unknown' }));
    const alice = new Phone(wire, 'alice', 'fe1');
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(460));
    known = false;
    wire.run(seconds(900));
    expect(alice.kinds().slice(-2)).toEqual(['registered', 'registration-lost']);
    expect(alice.last('registration-lost').refused).toMatchObject({ status: 404 });
    // Whoever asks for a registration, or for its end, is told that it failed.
    alice.do({ kind: 'register', expires: 600 });
    wire.run(seconds(1));
    expect(alice.kinds().at(-1)).toBe('register-failed');
  });
  it('a refresh whose connection is cut is lost once', () => {
    const { wire, alice } = pair();
    wire.run(seconds(449));
    wire.log.length = 0;
    while (wire.log.length === 0) wire.run(millis(10));
    wire.cut('alice');
    wire.run(seconds(60));
    expect(alice.kinds().filter((kind) => kind === 'registration-lost')).toHaveLength(1);
    expect(alice.last('registration-lost').refused).toBeNull();
  });
  it('a lost connection is told, and the flow has gone at the registrar', () => {
    const { wire, fe, alice } = pair();
    wire.cut('alice');
    expect(alice.kinds().at(-1)).toBe('registration-lost');
    expect(fe.registrar.location.lookup('alice@contoso.example', wire.now)).toEqual([]);
  });
});
