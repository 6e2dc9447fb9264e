import { describe, expect, it } from 'vitest';
import { DROP } from '../../base/drop.js';
import { millis } from '../../base/time.js';
import { HandMade, STUN, tcp, udp } from '../ledger.testkit.js';
import { strandsOf } from './strands.js';
import { waysOf } from './ways.js';
import type { RawWay } from './ways.js';

function ways(target: string | null, play: (lab: HandMade) => void): readonly RawWay[] {
  const lab = new HandMade();
  play(lab);
  const ledger = lab.ledger();
  return waysOf(ledger, strandsOf(ledger, ledger.flows())[0]?.strands ?? [], target);
}

const asked = udp('alice', 5, 'dave', 6, STUN);
const WAY = 'alice lan rt branch dave';

describe('ways', () => {
  it('are strands over the same links with the same end, with all that was decided on them', () => {
    const found = ways('dave', (lab) => {
      for (const [k, ct] of ['new', 'established', 'established'].entries()) lab.send({ way: WAY, at: millis(k * 10), frame: asked, decided: { rt: { ct } } });
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ packets: 3, examples: [1, 2, 3], first: 0, last: 20e6, end: { kind: 'delivered', node: 'dave', wanted: true } });
    expect(found[0]?.hops.map(({ node, link, to }) => `${node} ${link} ${to}`)).toEqual([
      'alice alice--lan lan',
      'lan rt--lan rt',
      'rt branch--rt branch',
      'branch dave--branch dave',
    ]);
    expect(found[0]?.hops[2]?.decided.map(({ ct, packets }) => [ct, packets])).toEqual([
      ['new', 1],
      ['established', 2],
    ]);
  });

  it('are parted by where and why they end', () => {
    const rule = (number: string) => ({ dropped: DROP.FIREWALL_RULE, why: { chain: 'ip/f/c', rule: number } });
    const found = ways('dave', (lab) => {
      lab.send({ way: 'alice lan rt', at: millis(0), frame: asked, ...rule('1') });
      lab.send({ way: 'alice lan rt', at: millis(1), frame: asked, ...rule('2') });
      lab.send({ way: 'alice lan rt', at: millis(2), frame: asked, ...rule('2') });
      lab.send({ way: 'alice lan rt branch', at: millis(3), frame: asked, lost: DROP.LINK_DOWN });
      lab.send({ way: WAY, at: millis(4), frame: asked, flying: true });
    });
    expect(found.map(({ packets, end }) => [packets, end.kind, end.kind === 'dropped' ? `${end.drop} ${end.at} ${end.where}` : ''])).toEqual([
      [1, 'dropped', 'firewall-rule node rt'],
      [2, 'dropped', 'firewall-rule node rt'],
      [1, 'dropped', 'link-down link branch--rt'],
      [1, 'in-flight', ''],
    ]);
  });

  it('that end at another node than the wanted one were taken by it; where none is known any is right', () => {
    const astray = (lab: HandMade): void => void lab.send({ way: 'alice lan rt', at: millis(0), frame: asked });
    expect(ways('dave', astray)[0]?.end).toEqual({ kind: 'delivered', node: 'rt', wanted: false });
    expect(ways(null, astray)[0]?.end).toEqual({ kind: 'delivered', node: 'rt', wanted: true });
  });

  it('name the bridge that flooded, and no router', () => {
    const flooded = (way: string) => (lab: HandMade) =>
      void lab.send({ way, at: millis(0), frame: tcp('alice', 40000, 'dc-fe', 5061), dropped: DROP.NOT_MINE });
    expect(ways('dc-fe', flooded('alice lan bob'))[0]?.end).toMatchObject({ where: 'bob', flooded: 'lan' });
    expect(ways('dc-fe', flooded('alice lan rt branch dave'))[0]?.end).toMatchObject({ where: 'dave', flooded: null });
  });
});
