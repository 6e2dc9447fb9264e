import { describe, expect, it } from 'vitest';
import { DROP } from '../../base/drop.js';
import { millis } from '../../base/time.js';
import { HandMade, STUN, tcp, udp } from '../ledger.testkit.js';
import { strandsOf } from './strands.js';
import type { FlowStrands, Strand } from './strands.js';

function strands(play: (lab: HandMade) => void): FlowStrands {
  const lab = new HandMade();
  play(lab);
  const ledger = lab.ledger();
  const [found] = strandsOf(ledger, ledger.flows());
  if (found === undefined) throw new Error('no flow');
  return found;
}

const brief = ({ direction, packets, drop, examples }: Strand): readonly unknown[] => [direction, packets, drop, examples];
const asked = udp('alice', 5, 'dave', 6, STUN);

describe('strands', () => {
  it('are packets of one direction with equal journeys', () => {
    const found = strands((lab) => {
      for (const k of [0, 1, 2]) lab.send({ way: 'alice lan rt branch dave', at: millis(k * 10), frame: asked });
      lab.send({ way: 'alice lan rt branch', at: millis(40), frame: asked, lost: DROP.LINK_LOSS });
      lab.send({ way: 'dave branch rt lan alice', at: millis(50), frame: udp('dave', 6, 'alice', 5, STUN) });
    });
    expect(found.from).toBe('alice');
    expect(found.strands.map(brief)).toEqual([
      ['there', 3, DROP.NONE, [1, 2, 3]],
      ['there', 1, DROP.LINK_LOSS, [4]],
      ['back', 1, DROP.NONE, [5]],
    ]);
    expect(found.strands[0]).toMatchObject({ first: 0, last: 20e6, silence: null });
  });

  it('are parted by what decided, on the same links too', () => {
    const route = (member: string) => ({ rt: { route: '0.0.0.0/0', member } });
    const found = strands((lab) => {
      lab.send({ way: 'alice lan rt branch dave', at: millis(0), frame: asked, decided: route('1/2') });
      lab.send({ way: 'alice lan rt branch dave', at: millis(9), frame: asked, decided: route('2/2') });
    });
    expect(found.strands.map(({ packets }) => packets)).toEqual([1, 1]);
  });

  it('a copy that a bridge made is how the packet went on: the best one counts', () => {
    const found = strands((lab) => {
      const frame = tcp('alice', 40000, 'dc-fe', 5061);
      const id = lab.send({ way: 'alice lan bob', at: millis(0), frame, dropped: DROP.NOT_MINE });
      lab.send({ way: 'lan rt dc-fe', at: millis(1), frame, cause: id });
    });
    expect(found.strands.map(brief)).toEqual([['there', 1, DROP.NONE, [1]]]);
    expect(found.strands[0]?.steps.filter(({ kind }) => kind === 'in')).toHaveLength(3);
  });

  it('know for how long the node that dropped a packet had passed none, and what packets caused elsewhere', () => {
    const found = strands((lab) => {
      lab.send({ way: 'alice lan rt branch dave', at: millis(0), frame: asked });
      lab.send({ way: 'dave branch dave', at: millis(9), frame: udp('dave', 9, 'alice', 9, STUN), cause: 1 });
      lab.send({ way: 'alice lan rt', at: millis(30_000), frame: asked, dropped: DROP.CT_INVALID });
      lab.send({ way: 'alice lan rt branch', at: millis(30_100), frame: asked, dropped: DROP.NO_ROUTE });
    });
    expect(found.strands.map(({ silence, effects }) => [silence, effects])).toEqual([
      [null, [2]],
      [30_000e6, []],
      [30_100e6, []],
    ]);
  });
});
