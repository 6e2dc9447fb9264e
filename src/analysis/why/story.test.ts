/** Stories cross to other programs as JSON: nothing in one may be lost on the way. */
import { expect, it } from 'vitest';
import type { PacketId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import { millis } from '../../base/time.js';
import { HandMade, PLAN, tcp } from '../ledger.testkit.js';
import { explain } from './explain.js';
import type { End } from './story.js';

/** Every kind of end, exhaustively: a new one does not compile without a line here. */
const KINDS: Readonly<Record<End['kind'], true>> = { delivered: true, 'in-flight': true, unknown: true, dropped: true };

it('is plain JSON, whatever the end', () => {
  const lab = new HandMade();
  const frame = tcp('bob', 40000, 'online-fe', 443);
  lab.send({ way: 'bob lan rt ce msee ms-lan online-fe', at: millis(0), frame, decided: { ce: { ct: 'new', route: '0.0.0.0/0' } } });
  lab.send({ way: 'bob lan rt ce', at: millis(1), frame, dropped: DROP.FIREWALL_RULE, why: { chain: 'ip/f/c', rule: '3', src: 'a.nft:7' } });
  lab.send({ way: 'bob lan rt', at: millis(2), frame, flying: true });
  lab.send({ way: 'online-fe ms-lan msee isp ce rt lan bob', at: millis(9), frame: tcp('online-fe', 443, 'bob', 40000) });
  const found = explain(lab.ledger(), PLAN, [1 as PacketId]);
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  const ends = found.flatMap(({ there, back }) => [...there.ways, ...back.ways]).map(({ end }) => end.kind);
  expect([...new Set(ends)].sort()).toEqual(['delivered', 'dropped', 'in-flight']);
  for (const kind of ends) expect(KINDS[kind]).toBe(true);
});

it('of nothing is none', () => {
  expect(explain(new HandMade().ledger(), PLAN, [])).toEqual([]);
});
