import { describe, expect, it } from 'vitest';
import { type HandMade, STUN, addressOf, udp } from '../../analysis/ledger.testkit.js';
import { CALLER_CALLEE, SRC, at, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

describe('ICE', () => {
  const expectation: Expectation = { expect: 'ice', between: CALLER_CALLEE, local: 'host', remote: 'srflx', src: SRC };
  const selected = (lab: HandMade, node: string, peer: string, types: string): void => {
    const [local = '', remote = ''] = types.split('/');
    lab.event(node, at(50), 'ice-selected', { 'local-type': local, 'remote-type': remote, remote: `${addressOf(peer)}:50000` });
  };
  const checks = (lab: HandMade): void => {
    lab.send({ way: 'alice lan bob', at: at(0), frame: udp('alice', 50000, 'bob', 50000, STUN) });
  };

  it('is judged from both sides, each with its own end first', () => {
    const run = (mine: string, its: string) => (lab: HandMade) => {
      checks(lab);
      selected(lab, 'alice', 'bob', mine);
      selected(lab, 'bob', 'alice', its);
    };
    expect(verdict(expectation, run('host/srflx', 'srflx/host'))).toBe('pass: host/srflx');
    expect(verdict(expectation, run('host/host', 'host/host'))).toBe('fail: host/host');
    expect(verdict(expectation, run('host/srflx', 'host/host'))).toBe('fail: host/srflx and host/host');
  });

  it('of one side, of nobody, of another call, and without a packet', () => {
    expect(verdict(expectation, (lab) => (checks(lab), selected(lab, 'alice', 'bob', 'host/srflx')))).toBe('fail: host/srflx, one side only');
    expect(verdict(expectation, checks)).toBe('unproved: no pair selected');
    expect(verdict(expectation, (lab) => (checks(lab), selected(lab, 'alice', 'dave', 'host/srflx')))).toBe('unproved: no pair selected');
    expect(verdict(expectation, (lab) => selected(lab, 'alice', 'bob', 'host/srflx'))).toBe('unproved: host/srflx, but no STUN packet');
  });
});
