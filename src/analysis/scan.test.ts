import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { DROP } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import { millis } from '../base/time.js';
import { echoPayload, ipv4Frame, udpPayload } from '../capture/testing/small-lab.js';
import type { Direction } from './direction.js';
import { HandMade, PLAN, RTCP, STUN, addressOf, rtp, tcp, udp } from './ledger.testkit.js';
import { observe } from './legs.js';
import type { Leg, Observation } from './legs.js';

const at = (ms: number): Nanos => millis(ms);

function legNamed(observation: Observation, id: string): Leg {
  const leg = observation.legs.find((candidate) => candidate.id === id);
  if (leg === undefined) throw new Error(`no leg ${id}; there are ${observation.legs.map((one) => one.id).join(', ')}`);
  return leg;
}

function paths(direction: Direction): string[] {
  return direction.paths.map((path) => `${path.links.map((id) => PLAN.links[id]?.name).join(' ')} ${path.delivered}/${path.packets}`);
}

function observed(play: (lab: HandMade) => void): Observation {
  const lab = new HandMade();
  play(lab);
  return observe(lab.ledger(), PLAN);
}

const TO_HOME = 'bob lan rt ce msee ms-lan online-fe';
const FROM_HOME = 'online-fe ms-lan msee ce rt lan bob';
const sip = tcp('bob', 40000, 'online-fe', 443);
const answer = tcp('online-fe', 443, 'bob', 40000);

describe('a direction', () => {
  it('has the links, their delays and jitter, and those of the whole way', () => {
    const observation = observed((lab) => {
      lab.send({ way: TO_HOME, at: at(0), frame: sip });
      lab.send({ way: TO_HOME, at: at(10), frame: sip, delays: [1, 1, 1, 5, 1, 1].map(millis) });
      lab.send({ way: TO_HOME, at: at(20), frame: sip, delays: [1, 1, 1, 3, 1, 1].map(millis) });
      lab.send({ way: FROM_HOME, at: at(30), frame: answer });
    });
    const { there, back, label } = legNamed(observation, 'signalling/bob-online-fe');
    expect(label).toBe('ExpressRoute');
    expect([there.packets, there.delivered, there.lost, there.refused, there.underWay]).toEqual([3, 3, 0, 0, 0]);
    expect(there.delay).toEqual({ min: 6e6, mean: 8e6, max: 10e6 });
    // Steps of 4 ms and 2 ms.
    expect(there.jitter).toBe(3e6);
    const circuit = there.links.find((share) => PLAN.links[share.link]?.name === 'er-primary');
    expect(circuit).toMatchObject({ side: 0, offered: 3, carried: 3, missing: 0, delay: { min: 1e6, mean: 3e6, max: 5e6 }, jitter: 3e6 });
    expect(there.links.map((share) => PLAN.links[share.link]?.name)).toEqual([
      'bob--lan',
      'rt--lan',
      'rt--ce',
      'er-primary',
      'msee--ms-lan',
      'online-fe--ms-lan',
    ]);
    expect(back.packets).toBe(1);
    expect(back.links[0]).toMatchObject({ side: 0 });
    expect(there.evidence).toEqual([1, 2, 3]);
  });

  it('keeps both paths of packets that took different ones', () => {
    const observation = observed((lab) => {
      lab.send({ way: TO_HOME, at: at(0), frame: sip });
      lab.send({ way: TO_HOME, at: at(1), frame: sip });
      lab.send({ way: 'bob lan rt ce isp msee ms-lan online-fe', at: at(2), frame: sip });
    });
    const { there, label } = legNamed(observation, 'signalling/bob-online-fe');
    expect(label).toBe('ExpressRoute and Internet');
    expect(paths(there)).toEqual([
      'bob--lan rt--lan rt--ce er-primary msee--ms-lan online-fe--ms-lan 2/2',
      'bob--lan rt--lan rt--ce ce--isp isp--msee msee--ms-lan online-fe--ms-lan 1/1',
    ]);
  });

  it('counts what was lost half-way with its path, and a path that nothing survived as its own', () => {
    const observation = observed((lab) => {
      lab.send({ way: TO_HOME, at: at(0), frame: sip });
      lab.send({ way: 'bob lan rt ce msee', at: at(1), frame: sip, lost: DROP.LINK_LOSS });
      lab.send({ way: 'bob lan rt ce isp', at: at(2), frame: sip, dropped: DROP.NO_ROUTE, why: { route: 'none' } });
    });
    const { there, label } = legNamed(observation, 'signalling/bob-online-fe');
    expect(paths(there)).toEqual(['bob--lan rt--lan rt--ce er-primary msee--ms-lan online-fe--ms-lan 1/2', 'bob--lan rt--lan rt--ce ce--isp 0/1']);
    // What was sent toward the Internet and lost there was not sent by the circuit.
    expect(label).toBe('ExpressRoute and Internet');
    expect(there.lost).toBe(2);
    expect(there.endings).toEqual([
      { reason: 'link-loss', where: 'er-primary', packets: 1, examples: [2] },
      { reason: 'no-route', where: 'isp', packets: 1, examples: [3] },
    ]);
    expect(there.links.find((share) => PLAN.links[share.link]?.name === 'er-primary')).toMatchObject({ offered: 2, carried: 1, missing: 1 });
  });

  it('tells what was still under way, and what no socket took, from what was lost', () => {
    const observation = observed((lab) => {
      lab.send({ way: 'alice lan bob', at: at(0), frame: udp('alice', 50000, 'bob', 50000, STUN), dropped: DROP.NO_LISTENER });
      lab.send({ way: 'alice lan bob', at: at(1), frame: udp('alice', 50000, 'bob', 50000, STUN), flying: true });
    });
    const { there } = legNamed(observation, 'stun/alice-bob');
    expect([there.packets, there.delivered, there.lost, there.refused, there.underWay]).toEqual([2, 0, 0, 1, 1]);
    expect(there.endings.map((ending) => `${ending.reason} ${ending.where}`)).toEqual(['no-listener bob', 'in-flight bob--lan']);
    expect(there.delay).toBeNull();
  });
});

describe('what the network makes of a packet', () => {
  it('a bridge that knows no better sends copies: one that arrives is the packet itself', () => {
    const observation = observed((lab) => {
      // The original goes astray, to bob; the copy that the bridge made goes to the router.
      const id = lab.send({ way: 'alice lan bob', at: at(0), frame: tcp('alice', 40000, 'dc-fe', 5061), dropped: DROP.NOT_MINE });
      lab.send({ way: 'lan rt dc-fe', at: at(1), frame: tcp('alice', 40000, 'dc-fe', 5061), cause: id });
    });
    const { there, back } = legNamed(observation, 'signalling/alice-dc-fe');
    expect([there.packets, there.delivered, there.lost, back.packets]).toEqual([1, 1, 0, 0]);
    expect(paths(there)).toEqual(['alice--lan rt--lan dc-fe--rt 1/1']);
    expect(there.delay).toMatchObject({ mean: 3e6 });
    expect(there.endings).toEqual([]);
    expect(there.links.map((share) => PLAN.links[share.link]?.name)).toEqual(['alice--lan', 'rt--lan', 'dc-fe--rt']);
  });

  it('copies that go astray are no loss of a packet that arrived', () => {
    const observation = observed((lab) => {
      const id = lab.send({ way: 'alice lan rt dc-fe', at: at(0), frame: tcp('alice', 40000, 'dc-fe', 5061) });
      lab.send({ way: 'lan bob', at: at(1), frame: tcp('alice', 40000, 'dc-fe', 5061), cause: id, dropped: DROP.NOT_MINE });
    });
    const { there } = legNamed(observation, 'signalling/alice-dc-fe');
    expect([there.packets, there.delivered, there.lost]).toEqual([1, 1, 0]);
    expect(observation.drops).toMatchObject([{ reason: 'not-mine', where: 'bob', at: 'node', packets: 1, examples: [2] }]);
  });

  it('when all copies go astray the packet is lost', () => {
    const observation = observed((lab) => {
      const id = lab.send({ way: 'alice lan bob', at: at(0), frame: tcp('alice', 40000, 'dc-fe', 5061), dropped: DROP.NOT_MINE });
      lab.send({ way: 'lan rt', at: at(1), frame: tcp('alice', 40000, 'dc-fe', 5061), cause: id, lost: DROP.LINK_DOWN });
    });
    const { there } = legNamed(observation, 'signalling/alice-dc-fe');
    expect([there.delivered, there.lost]).toEqual([0, 1]);
    expect(there.endings[0]).toMatchObject({ reason: 'not-mine', where: 'bob' });
  });

  it("a link's duplicate is no second packet, and saves one that was lost", () => {
    const frame = udp('alice', 50000, 'dave', 50000, STUN);
    const observation = observed((lab) => {
      const first = lab.send({ way: 'alice lan rt branch dave', at: at(0), frame });
      lab.send({ way: 'rt branch dave', at: at(2), frame, cause: first, duplicate: true });
      const second = lab.send({ way: 'alice lan rt branch', at: at(10), frame, dropped: DROP.POLICED });
      lab.send({ way: 'rt branch dave', at: at(12), frame, cause: second, duplicate: true });
    });
    const { there } = legNamed(observation, 'stun/alice-dave');
    expect([there.packets, there.delivered, there.lost]).toEqual([2, 2, 0]);
    expect(paths(there)).toEqual(['alice--lan rt--lan branch--rt dave--branch 2/2']);
  });

  /** A datagram of 1,480 octets behind its first fragment's header, cut by the router. */
  function fragments(arriving: number): Direction {
    const whole = udpPayload(50000, 50000, new Uint8Array([...rtp(7, 1), ...new Uint8Array(1200)]));
    const [a, b] = [addressOf('alice'), addressOf('dave')];
    const observation = observed((lab) => {
      const id = lab.send({ way: 'alice lan rt', at: at(0), frame: ipv4Frame(a, b, 17, whole, 0) });
      const pieces = [ipv4Frame(a, b, 17, whole.subarray(0, 800), 0x2000), ipv4Frame(a, b, 17, whole.subarray(800), 100)];
      pieces.forEach((frame, i) => lab.send({ way: 'rt branch dave', at: at(2 + i), frame, cause: id, ...(i >= arriving && { lost: DROP.LINK_LOSS }) }));
      // A second packet, so that the stream is one.
      lab.send({ way: 'alice lan rt branch dave', at: at(20), frame: udp('alice', 50000, 'dave', 50000, rtp(7, 2)) });
    });
    return legNamed(observation, 'audio/alice-dave').there;
  }

  it('of fragments all must arrive', () => {
    const complete = fragments(2);
    expect([complete.packets, complete.delivered, complete.lost]).toEqual([2, 2, 0]);
    expect(paths(complete)).toEqual(['alice--lan rt--lan branch--rt dave--branch 2/2']);
    const torn = fragments(1);
    expect([torn.packets, torn.delivered, torn.lost]).toEqual([2, 1, 1]);
    expect(torn.endings[0]).toMatchObject({ reason: 'incomplete', where: 'rt--lan' });
  });

  it('fragments that the sender made are of the medium of the first one', () => {
    const whole = udpPayload(50000, 50000, new Uint8Array([...STUN, ...new Uint8Array(1200)]));
    const [a, b] = [addressOf('alice'), addressOf('bob')];
    const observation = observed((lab) => {
      // The datagram itself was never on a link: its id has no record.
      lab.send({ way: 'alice lan bob', at: at(0), frame: ipv4Frame(a, b, 17, whole.subarray(0, 800), 0x2000), cause: 900 });
      lab.send({ way: 'alice lan bob', at: at(1), frame: ipv4Frame(a, b, 17, whole.subarray(800), 100), cause: 900 });
    });
    expect(observation.legs.map((leg) => leg.id)).toEqual(['stun/alice-bob']);
    expect(observation.legs[0]?.there.delivered).toBe(2);
  });
});

describe('legs', () => {
  it('are by medium, and an id does not depend on who spoke first', () => {
    const observation = observed((lab) => {
      lab.send({ way: 'rt lan alice', at: at(0), frame: ipv4Frame(addressOf('rt'), addressOf('alice'), 1, echoPayload(3, 0, 0)) });
      lab.send({ way: 'bob lan alice', at: at(1), frame: udp('bob', 50000, 'alice', 50000, STUN) });
      lab.send({ way: 'alice lan bob', at: at(2), frame: udp('alice', 50000, 'bob', 50000, RTCP) });
      lab.send({ way: 'alice lan rt dns', at: at(3), frame: udp('alice', 50000, 'dns', 53, new Uint8Array(30)) });
      lab.send({ way: 'dns rt dc-fe', at: at(4), frame: tcp('dns', 40000, 'dc-fe', 5061) });
      lab.send({ way: 'alice lan bob', at: at(5), frame: tcp('alice', 40000, 'bob', 8080) });
    });
    expect(observation.legs.map((leg) => leg.id)).toEqual([
      'icmp/alice-rt',
      'stun/alice-bob',
      'rtcp/alice-bob',
      'dns/alice-dns',
      'signalling/dc-fe-dns',
      'other/alice-bob',
    ]);
    expect(legNamed(observation, 'stun/alice-bob').back.packets).toBe(1);
  });

  it('of signalling know the home from a front end that only redirects, and servers from clients', () => {
    const observation = observed((lab) => {
      lab.send({ way: 'bob lan rt dc-fe', at: at(0), frame: tcp('bob', 40000, 'dc-fe', 5061) });
      lab.send({ way: TO_HOME, at: at(1), frame: sip });
      lab.send({ way: 'dc-fe rt ce msee ms-lan online-fe', at: at(2), frame: tcp('dc-fe', 40000, 'online-fe', 443) });
    });
    expect(observation.legs.map((leg) => `${leg.id} ${leg.role} ${leg.label}`)).toEqual([
      'signalling/bob-dc-fe contact local',
      'signalling/bob-online-fe home ExpressRoute',
      'signalling/dc-fe-online-fe servers ExpressRoute',
    ]);
  });

  it('leave out what is not between two nodes of the plan, and say how much that is', () => {
    const observation = observed((lab) => {
      lab.send({ way: 'alice lan rt', at: at(0), frame: ipv4Frame(addressOf('alice'), '9.9.9.9', 17, udpPayload(5, 6, STUN)), dropped: DROP.NO_ROUTE });
    });
    expect(observation.legs).toEqual([]);
    expect(observation.unplaced).toBe(1);
    expect(observation.drops).toHaveLength(1);
  });
});

test('drops stand by reason, place and decision, with their first packets', () => {
  const why = { chain: 'inet/filter/forward', rule: '7', src: 'fw1.nft:12' };
  const observation = observed((lab) => {
    for (let i = 0; i < 12; i++) lab.send({ way: 'bob lan rt ce', at: at(i), frame: sip, dropped: DROP.FIREWALL_RULE, why });
    lab.send({ way: 'bob lan rt', at: at(20), frame: sip, lost: DROP.LINK_QUEUE });
    lab.send({ way: 'online-fe ms-lan msee ce rt lan', at: at(21), frame: answer, lost: DROP.LINK_QUEUE });
  });
  expect(observation.drops).toEqual([
    {
      reason: 'firewall-rule',
      where: 'ce',
      at: 'node',
      stage: 'forward',
      decision: 'at=ce stage=forward chain=inet/filter/forward rule=7 src=fw1.nft:12',
      packets: 12,
      examples: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    },
    // Both directions of a link are one place.
    { reason: 'link-queue-overflow', where: 'rt--lan', at: 'link', stage: null, decision: '', packets: 2, examples: [13, 14] },
  ]);
});

test('every packet is delivered, lost, refused or under way, and no link carries more than it was offered', () => {
  const fates = [{}, { lost: DROP.LINK_LOSS }, { dropped: DROP.NOT_MINE }, { dropped: DROP.NO_LISTENER }, { flying: true }] as const;
  const one = fc.record({
    way: fc.constantFrom(TO_HOME, 'bob lan rt ce', 'bob lan rt ce isp msee ms-lan online-fe', 'bob lan alice'),
    fate: fc.nat(4),
    copy: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 30 }), (list) => {
      const { legs } = observed((lab) => {
        for (const [i, { way, fate, copy }] of list.entries()) {
          const id = lab.send({ way, at: at(i * 10), frame: sip, ...fates[fate] });
          if (copy) lab.send({ way: 'lan rt ce msee ms-lan online-fe', at: at(i * 10 + 1), frame: sip, cause: id });
        }
      });
      const directions = legs.flatMap((leg) => [leg.there, leg.back]);
      expect(directions.reduce((sum, direction) => sum + direction.packets, 0)).toBe(list.length);
      for (const { packets, delivered, lost, refused, underWay, paths: ways, endings, links } of directions) {
        expect(delivered + lost + refused + underWay).toBe(packets);
        expect(endings.reduce((sum, ending) => sum + ending.packets, 0)).toBe(packets - delivered);
        expect(ways.reduce((sum, path) => sum + path.packets, 0)).toBe(packets);
        expect(ways.reduce((sum, path) => sum + path.delivered, 0)).toBe(delivered);
        for (const share of links) expect(share.carried).toBeLessThanOrEqual(share.offered);
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});
