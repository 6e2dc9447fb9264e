import { describe, expect, it } from 'vitest';
import { type HandMade, STUN, addressOf, channelData, udp } from '../../analysis/ledger.testkit.js';
import { CALLER_CALLEE, SRC, at, judged, verdict } from './check.testkit.js';
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

  it('is judged the other way round from the other side', () => {
    const both = (lab: HandMade): void => {
      checks(lab);
      selected(lab, 'alice', 'bob', 'host/srflx');
      selected(lab, 'bob', 'alice', 'srflx/host');
    };
    expect(verdict({ ...expectation, between: ['callee', 'caller'], local: 'srflx', remote: 'host' }, both)).toBe('pass: srflx/host');
    expect(verdict({ ...expectation, between: ['callee', 'caller'] }, both)).toBe('fail: srflx/host');
    expect(verdict({ ...expectation, local: 'relay' }, both)).toBe('fail: host/srflx');
  });

  it('fails when only one side selected as documented, whichever it is', () => {
    expect(verdict(expectation, (lab) => (checks(lab), selected(lab, 'bob', 'alice', 'srflx/host')))).toBe('fail: host/srflx, one side only');
    const others = (lab: HandMade): void => {
      checks(lab);
      selected(lab, 'alice', 'bob', 'host/host');
      selected(lab, 'alice', 'bob', 'host/srflx');
    };
    expect(verdict(expectation, others)).toBe('fail: host/host and host/srflx, one side only');
  });

  it('has a question mark for a type that was not told', () => {
    const untold = (lab: HandMade): void => {
      checks(lab);
      lab.event('alice', at(50), 'ice-selected', { remote: `${addressOf('bob')}:50000` });
    };
    expect(verdict(expectation, untold)).toBe('fail: ?/?, one side only');
  });

  it('counts pairs that lead to the other or to a server, not to a third client, nor those of others', () => {
    const via = (peer: string) => (lab: HandMade) => {
      checks(lab);
      selected(lab, 'alice', peer, 'host/srflx');
      selected(lab, 'bob', 'alice', 'srflx/host');
      selected(lab, 'dave', 'bob', 'relay/relay');
    };
    expect(verdict(expectation, via('edge'))).toBe('pass: host/srflx');
    expect(verdict(expectation, via('dave'))).toBe('fail: host/srflx, one side only');
    // An address of nobody's in the plan: what a translator made of the peer's.
    const unknown = (lab: HandMade): void => {
      checks(lab);
      lab.event('alice', at(50), 'ice-selected', { 'local-type': 'host', 'remote-type': 'srflx', remote: '192.0.2.77:50000' });
      lab.event('bob', at(50), 'ice-selected', { 'local-type': 'srflx', 'remote-type': 'host' });
    };
    expect(verdict(expectation, unknown)).toBe('pass: host/srflx');
  });

  it('is shown by the checks between the two; by way of relays by those of each with them', () => {
    const both = (lab: HandMade): void => {
      selected(lab, 'alice', 'bob', 'host/srflx');
      selected(lab, 'bob', 'alice', 'srflx/host');
    };
    const toRelay = (lab: HandMade): void => {
      lab.send({ way: 'alice lan rt ce msee ms-lan stun', at: at(1), frame: udp('alice', 50000, 'stun', 3478, STUN) });
      lab.send({ way: 'bob lan rt ce msee ms-lan edge', at: at(2), frame: udp('bob', 50000, 'edge', 3478, channelData(STUN)) });
      lab.send({ way: 'dave branch rt ce msee ms-lan stun', at: at(3), frame: udp('dave', 50000, 'stun', 3478, STUN) });
      lab.send({ way: 'alice lan rt dns', at: at(4), frame: udp('alice', 5353, 'dns', 53, new Uint8Array(20)) });
    };
    expect(judged(expectation, (lab) => (toRelay(lab), checks(lab), both(lab)))).toMatchObject({ status: 'pass', evidence: { packets: [5], total: 1 } });
    expect(judged(expectation, (lab) => (toRelay(lab), both(lab)))).toMatchObject({ status: 'pass', evidence: { packets: [1, 2], total: 2 } });
  });

  it('says why there is nothing to judge', () => {
    const refused = (lab: HandMade): void => lab.event(null, at(90), 'step', { step: 'call', ok: 'no', says: '480' });
    expect(judged(expectation, (lab) => (checks(lab), refused(lab))).evidence.why).toBe('step call: 480');
    const alone = judged(expectation, (lab) => (selected(lab, 'alice', 'bob', 'host/srflx'), selected(lab, 'bob', 'alice', 'host/host'), refused(lab)));
    expect(alone).toMatchObject({
      status: 'unproved',
      observed: 'host/srflx and host/host, but no STUN packet',
      evidence: { total: 0, why: 'step call: 480' },
    });
  });
});
