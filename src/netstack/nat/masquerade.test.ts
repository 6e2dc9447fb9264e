/** `masquerade`: a connection is over when its packets leave by another interface than the first one did (nf_nat_oif_changed). */
import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { describeFrame, tcpPacket, udpPacket, unreachable } from '../../../test/support/router/frames.js';
import { type SimRouter, simRouter, type Wire } from '../../../test/support/router/router.js';
import * as tcp from '../../wire/tcp.js';
import { createTranslator } from './translator.js';

const CHANGED = 'dropped at=router stage=postrouting kind=masquerade-interface-changed';

/** What goes to the wire `out` has the router's address there. */
function masquerading(masquerade = true): SimRouter {
  const r = simRouter();
  const nat = createTranslator(r.node, r.tracker);
  const addr = must(r.node.book.parse('10.0.2.254'), 'address');
  const range = { family: 4, addresses: { from: addr, to: addr }, ports: null, random: false, fullyRandom: false, persistent: false, masquerade } as const;
  nat.installChain({ point: 'postrouting', priority: 100, family: 4, run: (p) => (p.oif === 2 ? nat.setup(p, 'postrouting', range) : 0) });
  return r;
}

/** `in 10.0.1.1 > 10.0.2.1` */
function sent(r: SimRouter, wire: Wire, packet: Uint8Array): string {
  const [out] = r.send(wire, packet);
  return out === undefined ? `dropped ${r.drops.at(-1) ?? ''}` : `${out.wire} ${/^\S+ > \S+/.exec(describeFrame(out.frame))?.[0] ?? ''}`;
}

/** From now on 10.0.2.1 is reached by the wire `in`. */
const turn = (r: SimRouter): void => {
  r.node.routes.add({ prefix: '10.0.2.1/32', via: '10.0.1.9' });
};

const there = udpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 9 });
const back = udpPacket({ from: '10.0.2.1', to: '10.0.2.254', sport: 9, dport: 5000 });

describe('when the route moves', () => {
  test('the packet is dropped, and the connection is forgotten: the next one begins it anew', () => {
    const r = masquerading();
    expect(sent(r, 'in', there)).toBe('out 10.0.2.254 > 10.0.2.1');
    turn(r);
    expect(sent(r, 'in', there)).toBe(CHANGED);
    expect(r.tracker.entries()).toEqual([]);
    expect(sent(r, 'in', there)).toBe('in 10.0.1.1 > 10.0.2.1');
  });

  test('of a connection that was answered, too', () => {
    const r = masquerading();
    sent(r, 'in', there);
    expect(sent(r, 'out', back)).toBe('in 10.0.2.1 > 10.0.1.1');
    turn(r);
    expect(sent(r, 'in', there)).toBe(CHANGED);
    expect(r.tracker.entries()).toEqual([]);
  });

  test('answers do not count: they leave by where the source is', () => {
    const r = masquerading();
    sent(r, 'in', there);
    turn(r);
    expect(sent(r, 'out', back)).toBe('in 10.0.2.1 > 10.0.1.1');
    expect(r.tracker.entries()).toHaveLength(1);
  });

  test('`snat` stays: the packet goes the other way with the address that it has', () => {
    const r = masquerading(false);
    sent(r, 'in', there);
    turn(r);
    expect(sent(r, 'in', there)).toBe('in 10.0.2.254 > 10.0.2.1');
    expect(r.tracker.entries()).toHaveLength(1);
  });

  test('an error about it does not count', () => {
    const r = masquerading();
    r.send('in', there);
    const [answer] = r.send('out', back);
    turn(r);
    expect(sent(r, 'in', unreachable({ from: '10.0.1.1', to: '10.0.2.1' }, must(answer, 'answer').frame.slice(14)))).toBe('in 10.0.2.254 > 10.0.2.1');
    expect(r.tracker.entries()).toHaveLength(1);
  });
});

test('while it stays nothing ends', () => {
  const r = masquerading();
  const syn = tcpPacket({ from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 80, flags: tcp.SYN, seq: 1 });
  expect([sent(r, 'in', there), sent(r, 'in', there), sent(r, 'in', syn), sent(r, 'in', syn)]).toEqual(Array(4).fill('out 10.0.2.254 > 10.0.2.1'));
  expect(r.tracker.entries()).toHaveLength(2);
});
