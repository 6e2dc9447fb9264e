import { describe, expect, it } from 'vitest';
import { type HandMade, addressOf, rtp, tcp, udp } from '../analysis/ledger.testkit.js';
import { DROP } from '../base/drop.js';
import { BY_CIRCUIT, SRC, at, judged, talk } from './checks/check.testkit.js';
import type { Expectation } from './checks/table.js';

const signalling: Expectation = { expect: 'signalling', of: 'callee', is: 'ExpressRoute', src: SRC };
const drops = (play: (lab: HandMade) => void): readonly string[] | undefined => judged(signalling, play).evidence.drops;

/** A flow that a node of the branch drops, of dave's from that port. */
function dropped(lab: HandMade, ms: number, port: number, drop: (typeof DROP)[keyof typeof DROP], count = 1): void {
  for (let k = 0; k < count; k++)
    lab.send({ way: 'dave branch', at: at(ms + k), frame: tcp('dave', port, 'stun', 80), dropped: drop, ...(port % 2 === 1 && { why: { kind: 'odd' } }) });
}

describe('why packets were dropped', () => {
  it('is told of the packets of a finding that did not hold', () => {
    const run = (lab: HandMade): void => {
      dropped(lab, 50, 40000, DROP.TTL);
      lab.send({ way: BY_CIRCUIT, at: at(0), frame: tcp('bob', 40000, 'online-fe', 443) });
      lab.send({ way: 'online-fe ms-lan msee', at: at(9), frame: tcp('online-fe', 443, 'bob', 40000), dropped: DROP.NO_ROUTE });
    };
    expect(drops(run)).toEqual([`online-fe > bob: the packet was dropped at msee: no route to ${addressOf('bob')}`]);
  });

  it('is not told of what passed, nor where nothing was dropped', () => {
    const passed = judged(signalling, (lab) => {
      talk(lab, 0, BY_CIRCUIT);
      lab.send({ way: 'bob lan', at: at(20), frame: tcp('bob', 40000, 'online-fe', 443), lost: DROP.LINK_LOSS });
    });
    expect(passed.status).toBe('pass');
    expect(passed.evidence).not.toHaveProperty('drops');
    expect(judged(signalling, (lab) => talk(lab, 0, 'bob lan rt dc-fe')).evidence).not.toHaveProperty('drops');
  });

  it('is not told of packets that arrived where nothing listens: the network is not to blame', () => {
    const refused = judged(signalling, (lab) => {
      lab.send({ way: BY_CIRCUIT, at: at(0), frame: tcp('bob', 40000, 'online-fe', 443), dropped: DROP.NO_LISTENER });
    });
    expect(refused).toMatchObject({ status: 'fail', evidence: { total: 1, why: '1 × no-listener at online-fe' } });
    expect(refused.evidence).not.toHaveProperty('drops');
  });

  it('is told of what nodes dropped, the most frequent first, two lines at most, where nothing came about', () => {
    const lines = drops((lab) => {
      dropped(lab, 0, 40000, DROP.TTL);
      dropped(lab, 10, 40002, DROP.NO_ROUTE, 3);
      dropped(lab, 20, 40004, DROP.MALFORMED, 2);
    });
    expect(lines).toEqual([
      `dave > stun: all 3 packets were dropped at branch: no route to ${addressOf('stun')}`,
      'dave > stun: all 2 packets were dropped at branch: malformed',
    ]);
  });

  it('is told once of drops of one kind, and in the same words once', () => {
    const oneKind = (lab: HandMade): void => {
      dropped(lab, 0, 40000, DROP.NO_ROUTE, 2);
      dropped(lab, 10, 40002, DROP.NO_ROUTE);
    };
    expect(drops(oneKind)).toEqual([`dave > stun: all 2 packets were dropped at branch: no route to ${addressOf('stun')}`]);
    const twoFlows = (lab: HandMade): void => {
      for (const port of [40000, 40001]) lab.send({ way: 'bob lan rt', at: at(port), frame: tcp('bob', port, 'online-fe', 443), dropped: DROP.NO_ROUTE });
    };
    expect(drops(twoFlows)).toEqual([`bob > online-fe: the packet was dropped at rt: no route to ${addressOf('online-fe')}`]);
  });

  it('leaves out what is everyday, and what links lost', () => {
    const everyday = (lab: HandMade): void => {
      dropped(lab, 0, 40000, DROP.NOT_MINE);
      dropped(lab, 10, 40002, DROP.NO_LISTENER);
      lab.send({ way: 'dave branch', at: at(30), frame: udp('dave', 50000, 'alice', 50000, rtp(7, 1)), lost: DROP.LINK_LOSS });
    };
    expect(judged(signalling, everyday).evidence).toEqual({ packets: [], total: 0, links: [] });
    expect(drops((lab) => (everyday(lab), dropped(lab, 50, 40006, DROP.TTL)))).toHaveLength(1);
  });
});
