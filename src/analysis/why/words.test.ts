import { describe, expect, it, test } from 'vitest';
import { must } from '../../base/assert.js';
import type { PacketId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import type { Nanos } from '../../base/time.js';
import { millis, seconds } from '../../base/time.js';
import { HandMade, PLAN, tcp } from '../ledger.testkit.js';
import type { Sending } from '../ledger.testkit.js';
import { explain } from './explain.js';
import type { FlowStory, StateFault } from './story.js';
import { faultWords, holdersWords, partingWords, placeWords, routeWords, ruleWords, whyLine } from './words.js';

function story(play: (lab: HandMade) => void): FlowStory {
  const lab = new HandMade();
  play(lab);
  return must(explain(lab.ledger(), PLAN, [1 as PacketId])[0], 'a story');
}

const frame = tcp('bob', 40000, 'online-fe', 443);
const TO_HOME = 'bob lan rt ce msee ms-lan online-fe';
const send = (lab: HandMade, k: number, more: Omit<Sending, 'at' | 'frame' | 'way'> & { readonly way?: string } = {}): void =>
  void lab.send({ way: TO_HOME, at: millis(k * 10), frame, ...more });

/** Of one packet that ended so. */
const why = (more: Parameters<typeof send>[2]): string | null => whyLine(story((lab) => send(lab, 0, more)));

describe('why, in one line', () => {
  it('is nothing when nothing is wrong', () => {
    expect(why({})).toBeNull();
    expect(why({ flying: true })).toBeNull();
  });

  const rule = { chain: 'inet/filter/forward', rule: '7', src: 'fw1.nft:12', says: 'no relay range' };
  it.each([
    [{ way: 'bob lan rt', dropped: DROP.FIREWALL_RULE, why: rule }, 'dropped at rt (forward): rule 7 of inet/filter/forward, fw1.nft:12, "no relay range"'],
    [{ way: 'bob lan rt', dropped: DROP.FIREWALL_POLICY, why: { chain: 'ip/f/c' } }, 'dropped at rt (forward): policy of ip/f/c'],
    [
      { way: 'bob lan rt', dropped: DROP.RP_FILTER, why: { kind: 'martian' } },
      'dropped at rt (forward): a source address that cannot come from there (martian)',
    ],
    [{ way: 'bob lan rt', dropped: DROP.BLACKHOLE, why: { kind: 'prohibit', route: '10.0.0.0/8' } }, 'dropped at rt (forward): prohibit route 10.0.0.0/8'],
    [{ way: 'bob lan rt', dropped: DROP.TTL }, 'dropped at rt: its TTL has run out: the routes go round in a circle, or the way is too long'],
    [{ dropped: DROP.NO_LISTENER }, 'dropped at online-fe: nothing listens there on tcp port 443'],
    [{ way: 'bob lan rt', lost: DROP.LINK_LOSS }, 'lost on the link rt--lan'],
    [{ way: 'bob lan rt', lost: DROP.LINK_DOWN }, 'lost: the link rt--lan is down'],
    [{ way: 'bob lan rt', lost: DROP.LINK_QUEUE }, 'dropped by the full queue of the link rt--lan'],
    [{ way: 'bob lan alice', dropped: DROP.NOT_MINE }, 'dropped at alice: not for this node: lan sent it out of every port, and none led to online-fe'],
    [{ way: 'bob lan rt' }, 'taken by rt for itself: no state there translates them back'],
  ] as const)('says %o', (more, words) => {
    expect(why(more)).toBe(`bob > online-fe: the packet was ${words}`);
  });

  it('counts, names the worst first, and leaves a closed port for last', () => {
    const line = whyLine(
      story((lab) => {
        for (const k of [0, 1, 2]) send(lab, k, { dropped: DROP.NO_LISTENER });
        for (const k of [3, 4]) send(lab, k, { way: 'bob lan', lost: DROP.LINK_LOSS });
        send(lab, 5);
      }),
    );
    expect(line).toBe('bob > online-fe: 2 of 6 packets were lost on the link bob--lan, and 3 elsewhere');
  });

  it('tells of the state, of who holds it and of where the ways part', () => {
    const told = story((lab) => {
      send(lab, 0, { decided: { ce: { ct: 'new' } } });
      const answer = tcp('online-fe', 443, 'bob', 40000);
      lab.send({ way: 'online-fe ms-lan msee isp', at: millis(9), frame: answer, dropped: DROP.CT_INVALID, why: { ct: 'invalid' } });
    });
    expect(whyLine(told)).toBe(
      'online-fe > bob: the packet was dropped at isp (forward): ct state invalid; ' +
        'it is an answer, yet isp knows no connection that it could belong to (ct state invalid); ' +
        'ce holds its state (saw its first packet), isp has none; the ways part at msee',
    );
    expect(partingWords(must(told.parting, 'a parting'), told)).toEqual([
      'the ways part at msee: bob > online-fe comes by er-primary from ce, online-fe > bob leaves by isp--msee to isp',
      'they would meet again at ce: bob > online-fe leaves by er-primary to msee',
    ]);
    expect(holdersWords({ ...told, state: { holders: ['a', 'b'], missing: [] } })).toBe('a and b hold its state (saw its first packet)');
  });
});

test('a fault of the state: of an answer, and of a connection that was forgotten', () => {
  const told = story((lab) => {
    lab.send({ way: 'bob lan rt ce', at: 0 as Nanos, frame: tcp('bob', 40000, 'online-fe', 443) });
  });
  const words = (fault: StateFault): string => faultWords(fault, 'fw', told.there, told);
  expect(words({ ct: 'new', answer: false, silence: seconds(31), halfSeen: null })).toBe(
    'the connection is older than this packet, yet to fw it begins a connection (ct state new): fw last passed a packet of it 31s before, and has forgotten it since',
  );
  // Nothing is forgotten within a moment.
  expect(words({ ct: 'invalid', answer: true, silence: 1_400_600 as Nanos, halfSeen: null })).toMatch(/packet of it 1ms before$/);
  expect(words({ ct: 'invalid', answer: false, silence: 0 as Nanos, halfSeen: { by: 'gw' } })).toBe('fw saw the SYN, never the SYN-ACK: it went by gw');
  expect(words({ ct: 'invalid', answer: true, silence: 0 as Nanos, halfSeen: { by: null } })).toMatch(
    /^fw saw the SYN-ACK, never the SYN: it went straight from /,
  );
});

test('routes in the words of ip-route(8), rules and places in those of editors', () => {
  const route = { prefix: '10.0.0.0/8', via: '10.0.0.1', dev: 'eth0', metric: '10', table: null, member: '1/2', proto: 'bgp', chosen: null };
  expect(routeWords(route)).toBe("route 10.0.0.0/8 via 10.0.0.1 dev eth0 proto bgp metric 10, next hop 1 of 2 by the flow's hash");
  expect(routeWords({ ...route, via: null, dev: null, metric: null, member: null, proto: null })).toBe('route 10.0.0.0/8');
  expect(ruleWords({ chain: 'ip/f/c', rule: null, src: null, says: null })).toBe('policy of ip/f/c');
  expect(placeWords({ file: 'fw1.nft', line: 12 })).toBe('fw1.nft:12');
});
