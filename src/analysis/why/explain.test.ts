import { describe, expect, it } from 'vitest';
import type { PacketId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import { millis } from '../../base/time.js';
import { ipv4Frame } from '../../capture/testing/small-lab.js';
import { HandMade, PLAN, STUN, addressOf, rtp, tcp, udp } from '../ledger.testkit.js';
import { explain } from './explain.js';
import type { FlowStory } from './story.js';

function stories(packets: readonly number[], play: (lab: HandMade) => void, plan: typeof PLAN | null = PLAN): readonly FlowStory[] {
  const lab = new HandMade();
  play(lab);
  return explain(lab.ledger(), plan, packets as readonly PacketId[]);
}

const question = tcp('bob', 40000, 'online-fe', 443);
const answer = tcp('online-fe', 443, 'bob', 40000);
const TO_HOME = 'bob lan rt ce msee ms-lan online-fe';

describe('the story of a flow', () => {
  it('is fine when both directions arrive, with names and counts', () => {
    const [story] = stories([2, 1], (lab) => {
      lab.send({ way: TO_HOME, at: millis(0), frame: question });
      lab.send({ way: 'online-fe ms-lan msee ce rt lan bob', at: millis(9), frame: answer });
    });
    expect(story).toMatchObject({ protocol: 'tcp', verdict: 'fine', parting: null, state: { holders: [], missing: [] }, onward: [] });
    expect(story?.there).toMatchObject({ from: 'bob', to: 'online-fe', packets: 1, delivered: 1 });
    expect(story?.back).toMatchObject({ from: 'online-fe', to: 'bob', packets: 1, delivered: 1 });
  });

  it('is refused when only a port was closed, broken when anything was dropped before', () => {
    const ended = (dropped: Parameters<HandMade['send']>[0]['dropped'] & number, way: string) =>
      stories([1], (lab) => void lab.send({ way, at: millis(0), frame: question, dropped }))[0]?.verdict;
    expect(ended(DROP.NO_LISTENER, TO_HOME)).toBe('refused');
    expect(ended(DROP.NO_LISTENER, 'bob lan rt')).toBe('broken');
    expect(ended(DROP.NO_ROUTE, 'bob lan rt ce')).toBe('broken');
  });

  it.each([
    ['is fine when TCP learnt the MTU and sent smaller segments', question, 'lan', 'lan bob', 20, 'fine'],
    ['is broken when the error about a large packet died', question, 'lan', 'lan', 20, 'broken'],
    ['is broken when nothing arrived after the large packet', question, 'lan', 'lan bob', -1, 'broken'],
    ['is broken when the large packet was a datagram, which nobody sends again', udp('bob', 40000, 'online-fe', 443, STUN), 'lan', 'lan bob', 20, 'broken'],
  ] as const)('%s', (_, large, way, back, later, verdict) => {
    const tooBig = ipv4Frame(addressOf('rt'), addressOf('bob'), 1, Uint8Array.of(3, 4, 0, 0, 0, 0, 4, 226, ...large.subarray(14, 42)));
    const [story] = stories([1], (lab) => {
      lab.send({ way: 'bob lan rt', at: millis(2), frame: large, dropped: DROP.MTU_DF });
      lab.send({ way: `rt ${back}`, at: millis(4), frame: tooBig, cause: 1, ...(back === way ? { dropped: DROP.FIREWALL_RULE } : {}) });
      lab.send({ way: TO_HOME, at: millis(2 + later), frame: large });
    });
    expect(story?.verdict).toBe(verdict);
  });

  it('knows which firewall holds the state, and which was asked and had none', () => {
    const [story] = stories([1], (lab) => {
      lab.send({ way: TO_HOME, at: millis(0), frame: question, decided: { ce: { ct: 'new' } } });
      lab.send({
        way: 'online-fe ms-lan msee isp',
        at: millis(9),
        frame: answer,
        dropped: DROP.FIREWALL_RULE,
        why: { chain: 'ip/f/c', rule: '1', ct: 'invalid' },
      });
    });
    expect(story?.state).toEqual({ holders: ['ce'], missing: ['isp'] });
    expect(story?.parting?.node).toBe('msee');
    expect(story?.back.ways[0]?.end).toMatchObject({ kind: 'dropped', where: 'isp', state: { ct: 'invalid', answer: true, silence: null } });
  });

  it('does not blame the state for a first packet that a rule forbids', () => {
    const [story] = stories(
      [1],
      (lab) =>
        void lab.send({ way: 'bob lan rt', at: millis(0), frame: question, dropped: DROP.FIREWALL_RULE, why: { chain: 'ip/f/c', rule: '1', ct: 'new' } }),
    );
    expect(story?.there.ways[0]?.end).toMatchObject({ state: null });
    expect(story?.state).toEqual({ holders: [], missing: [] });
  });

  it('is that of the packet that an ICMP error is about; of an unknown packet there is none', () => {
    const about = udp('bob', 5, 'dave', 6, STUN);
    const error = ipv4Frame(addressOf('rt'), addressOf('bob'), 1, Uint8Array.of(3, 13, 0, 0, 0, 0, 0, 0, ...about.subarray(14, 42)));
    const play = (lab: HandMade): void => {
      lab.send({ way: 'bob lan rt', at: millis(0), frame: about, dropped: DROP.FIREWALL_RULE });
      lab.send({ way: 'rt lan bob', at: millis(3), frame: error, cause: 1 });
    };
    const [story, ...others] = stories([2, 1], play);
    expect(others).toEqual([]);
    expect(story?.protocol).toBe('udp');
    expect(story?.there.ways[0]?.errors).toMatchObject([{ node: 'rt', means: 'communication administratively prohibited', reached: 'bob' }]);
    expect(stories([77], play)).toEqual([]);
  });

  it('goes on in the flow that a relay made of it, once however many packets', () => {
    const [story] = stories([1], (lab) => {
      for (const k of [0, 1]) {
        const cause = lab.send({ way: 'alice lan rt edge2', at: millis(k * 20), frame: udp('alice', 5, 'edge2', 3478, rtp(7, k)) });
        lab.send({ way: 'edge2 rt lan bob', at: millis(k * 20 + 3), frame: udp('edge2', 49152, 'bob', 6, rtp(7, k)), cause });
      }
    });
    expect(story?.onward).toMatchObject([{ node: 'edge2', protocol: 'udp', a: `${addressOf('edge2')}:49152`, b: `${addressOf('bob')}:6` }]);
    expect(story?.verdict).toBe('fine');
  });

  it('without a plan names who took and who answered', () => {
    const [story] = stories([1], (lab) => void lab.send({ way: TO_HOME, at: millis(0), frame: question }), null);
    expect(story?.there).toMatchObject({ from: 'bob', to: 'online-fe', delivered: 1 });
    const [lost] = stories([1], (lab) => void lab.send({ way: 'bob lan', at: millis(0), frame: question, lost: DROP.LINK_LOSS }), null);
    expect(lost?.there).toMatchObject({ from: 'bob', to: `${addressOf('online-fe')}:443`, delivered: 0 });
  });
});
