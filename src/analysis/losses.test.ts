import { describe, expect, it } from 'vitest';
import { DROP } from '../base/drop.js';
import { millis } from '../base/time.js';
import { HandMade, PLAN, STUN, rtp, tcp, udp } from './ledger.testkit.js';
import { observe } from './legs.js';
import { kindOf, lossesOf } from './losses.js';
import type { Losses } from './losses.js';

function lossesIn(play: (lab: HandMade) => void): Losses {
  const lab = new HandMade();
  play(lab);
  const ledger = lab.ledger();
  return lossesOf(ledger, PLAN, observe(ledger, PLAN));
}

const RULE = { chain: 'inet/filter/forward', rule: '7', src: 'lab/rules/fw.nft:12', says: 'no' };
const HOME = 'bob lan rt ce msee ms-lan online-fe';
const sign = tcp('bob', 40000, 'online-fe', 443);
const voice = (k: number): Uint8Array => udp('alice', 50000, 'bob', 50000, rtp(7, k));

describe('what a run lost', () => {
  it('is counted by reason, place and rule, most packets first', () => {
    const { groups } = lossesIn((lab) => {
      for (const k of [1, 2]) lab.send({ way: 'bob lan', at: millis(k), frame: sign, lost: DROP.LINK_LOSS });
      for (const k of [3, 4, 5])
        lab.send({ way: 'bob lan rt ce', at: millis(k), frame: sign, dropped: DROP.FIREWALL_RULE, why: { ...RULE, ct: k === 3 ? 'new' : 'invalid' } });
      lab.send({ way: 'bob lan rt ce', at: millis(6), frame: sign, dropped: DROP.FIREWALL_RULE, why: { ...RULE, src: 'lab/rules/fw.nft:13' } });
    });
    expect(groups).toEqual([
      { reason: 'firewall-rule', where: 'ce', at: 'node', rule: { file: 'lab/rules/fw.nft', line: 12 }, packets: 3, example: 3 },
      { reason: 'link-loss', where: 'bob--lan', at: 'link', rule: null, packets: 2, example: 1 },
      { reason: 'firewall-rule', where: 'ce', at: 'node', rule: { file: 'lab/rules/fw.nft', line: 13 }, packets: 1, example: 6 },
    ]);
  });

  it('has no copies for bystanders; a packet that went nowhere else is lost', () => {
    const flooded = (went: boolean): Losses =>
      lossesIn((lab) => {
        const cause = lab.send({ way: 'alice lan', at: millis(0), frame: voice(1), ...(!went && { dropped: DROP.NOT_MINE, way: 'alice lan rt' }) });
        if (!went) return;
        lab.send({ way: 'lan rt', at: millis(2), frame: voice(1), cause, dropped: DROP.NOT_MINE });
        lab.send({ way: 'lan bob', at: millis(2), frame: voice(1), cause });
      });
    expect(flooded(true).groups).toEqual([]);
    expect(flooded(false).groups).toMatchObject([{ reason: 'not-mine', where: 'rt', packets: 1 }]);
  });
});

describe('what broke', () => {
  const signalling = (lab: HandMade): void => {
    for (const k of [0, 1]) lab.send({ way: HOME, at: millis(k), frame: sign });
    lab.send({ way: 'bob lan rt ce', at: millis(9), frame: sign, dropped: DROP.FIREWALL_RULE, why: RULE });
  };

  it('is a flow of which packets ended otherwise than by chance, with its leg and its reason', () => {
    const losses = lossesIn(signalling);
    expect(losses.broken).toMatchObject([
      { media: ['signalling'], hurt: ['signalling/bob-online-fe'], why: expect.stringContaining('fw.nft:12') as string, example: 3 },
    ]);
    expect(losses.broken.map(kindOf)).toEqual(['signalling']);
  });

  it.each<[string, (lab: HandMade) => void]>([
    ['all is well', (lab) => void lab.send({ way: HOME, at: millis(0), frame: sign })],
    [
      'a link lost some packets',
      (lab) => {
        for (const k of [1, 2, 3]) lab.send({ way: 'alice lan bob', at: millis(k), frame: voice(k) });
        lab.send({ way: 'alice lan', at: millis(4), frame: voice(4), lost: DROP.LINK_LOSS });
      },
    ],
    [
      'a check of ICE found no way',
      (lab) => void lab.send({ way: 'alice lan rt', at: millis(0), frame: udp('alice', 50000, 'bob', 50000, STUN), dropped: DROP.NO_ROUTE }),
    ],
    [
      'a port was closed in time',
      (lab) => {
        for (const k of [1, 2]) lab.send({ way: 'alice lan bob', at: millis(k), frame: voice(k) });
        lab.send({ way: 'alice lan bob', at: millis(9), frame: voice(3), dropped: DROP.NO_LISTENER });
      },
    ],
  ])('hurts nothing where %s', (_, play) => {
    expect(lossesIn(play).broken.flatMap(({ hurt }) => hurt)).toEqual([]);
  });

  it('is media too', () => {
    const losses = lossesIn((lab) => {
      for (const k of [1, 2]) lab.send({ way: 'alice lan bob', at: millis(k), frame: voice(k) });
      lab.send({ way: 'alice lan', at: millis(9), frame: voice(3), lost: DROP.LINK_DOWN });
    });
    expect(losses.broken).toMatchObject([{ media: ['rtp'], hurt: ['audio/alice-bob'] }]);
  });
});
