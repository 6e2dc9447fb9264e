import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { DROP } from '../../base/drop.js';
import { millis } from '../../base/time.js';
import { HandMade, PLAN, tcp } from '../ledger.testkit.js';
import type { Sending } from '../ledger.testkit.js';
import { explainFlows } from './explain.js';
import { partingOf } from './parting.js';
import type { Parting } from './story.js';

const there = tcp('bob', 40000, 'online-fe', 443);
const answer = tcp('online-fe', 443, 'bob', 40000);
const BY_CIRCUIT = 'bob lan rt ce msee ms-lan online-fe';
const ANSWER_BY_CIRCUIT = 'online-fe ms-lan msee ce rt lan bob';
const ANSWER_BY_INTERNET = 'online-fe ms-lan msee isp ce rt lan bob';

/** Of the first way of bob's and another one. */
function parting(direction: 'there' | 'back', way: string, how: Partial<Sending> = {}): Parting | null {
  const lab = new HandMade();
  lab.send({ way: BY_CIRCUIT, at: millis(0), frame: there });
  lab.send({ way, at: millis(20), frame: direction === 'there' ? there : answer, ...how });
  const ledger = lab.ledger();
  const [story] = explainFlows(
    ledger,
    PLAN,
    ledger.flows().map(({ id }) => id),
  );
  const { there: forth, back } = must(story, 'a story');
  const [one, other] = [forth.ways[0], direction === 'there' ? forth.ways.at(-1) : back.ways[0]];
  return partingOf(ledger, must(one, 'a way'), must(other, 'another'), direction);
}

describe('where ways part', () => {
  it('question and answer: the answer leaves by another link than the question came in by; and where they meet', () => {
    const route = { route: '0.0.0.0/0', via: '192.0.2.5', dev: 'isp' };
    expect(parting('back', ANSWER_BY_INTERNET, { decided: { msee: route } })).toEqual({
      node: 'msee',
      one: { direction: 'there', goes: 'in', link: 'er-primary', neighbour: 'ce', route: null },
      other: {
        direction: 'back',
        goes: 'out',
        link: 'isp--msee',
        neighbour: 'isp',
        route: { prefix: '0.0.0.0/0', via: '192.0.2.5', dev: 'isp', metric: null, table: null, member: null, proto: null, chosen: null },
      },
      again: {
        node: 'ce',
        one: { direction: 'there', goes: 'out', link: 'er-primary', neighbour: 'msee', route: null },
        other: { direction: 'back', goes: 'in', link: 'ce--isp', neighbour: 'isp', route: null },
      },
    });
  });

  it('dropped on the way, the answer would have met the question at the nearest node of its way', () => {
    expect(parting('back', 'online-fe ms-lan msee isp', { dropped: DROP.FIREWALL_RULE })).toMatchObject({ node: 'msee', again: { node: 'ce', other: null } });
  });

  it('two ways of one direction', () => {
    expect(parting('there', 'bob lan rt ce isp msee ms-lan online-fe')).toMatchObject({
      node: 'ce',
      one: { direction: 'there', goes: 'out', link: 'er-primary', neighbour: 'msee' },
      other: { direction: 'there', goes: 'out', link: 'ce--isp', neighbour: 'isp' },
      again: { node: 'msee', one: { goes: 'in', link: 'er-primary' }, other: { goes: 'in', link: 'isp--msee' } },
    });
  });

  it('nowhere, as long as the links are the same', () => {
    expect(parting('back', ANSWER_BY_CIRCUIT)).toBeNull();
    expect(parting('there', 'bob lan rt ce', { dropped: DROP.NO_ROUTE })).toBeNull();
    // The answer ends before it could leave the way.
    expect(parting('back', 'online-fe ms-lan msee', { dropped: DROP.NO_ROUTE })).toBeNull();
  });
});
