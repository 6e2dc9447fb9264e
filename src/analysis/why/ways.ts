/**
 * Strands put together to ways: packets of one direction that crossed the same links and ended alike, however different
 * the decisions that let them through.
 * @module
 */
import { DROP, dropName } from '../../base/drop.js';
import { formatComment, type Pairs } from '../../capture/comment.js';
import type { Ledger, Step } from '../../capture/ledger.js';
import { crossingsOf, nodeAt, placeOf } from '../trails.js';
import { EXAMPLES } from '../direction-tally.js';
import { decidedOf } from './decided.js';
import type { Decided, End, HopStory, Way } from './story.js';
import type { Strand } from './strands.js';

/** A way whose ICMP errors and state faults are still to be found. */
export interface RawWay extends Omit<Way, 'errors'> {
  readonly strands: readonly Strand[];
}

/** In the order of their first packets. @param target node at the other end, where it is known */
export function waysOf(ledger: Ledger, strands: readonly Strand[], target: string | null): readonly RawWay[] {
  const groups = new Map<string, { end: End; strands: Strand[] }>();
  for (const strand of strands) {
    const end = endOf(ledger, strand, target);
    const key = `${crossingsOf(strand.steps)
      .map(({ link, side }) => link * 2 + side)
      .join(' ')} | ${endKey(end)}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { end, strands: [strand] });
    else known.strands.push(strand);
  }
  return [...groups.values()].map(({ end, strands: alike }) => ({
    packets: alike.reduce((sum, strand) => sum + strand.packets, 0),
    examples: alike
      .flatMap(({ examples }) => examples)
      .sort((a, b) => a - b)
      .slice(0, EXAMPLES),
    first: alike.reduce((first, strand) => (strand.first < first ? strand.first : first), alike[0]?.first ?? ledger.first),
    last: alike.reduce((last, strand) => (strand.last > last ? strand.last : last), alike[0]?.last ?? ledger.last),
    hops: hopsOf(ledger, alike),
    end,
    strands: alike,
  }));
}

function endKey(end: End): string {
  if (end.kind !== 'dropped') return `${end.kind}`;
  const { rule, ct, stage } = end.decided;
  return `${end.drop} ${end.at} ${end.where} ${stage} ${rule?.chain ?? ''} ${rule?.rule ?? ''} ${ct ?? ''}`;
}

function endOf(ledger: Ledger, strand: Strand, target: string | null): End {
  const { steps, drop } = strand;
  const last = steps.at(-1);
  if (last === undefined) return { kind: 'unknown', link: '?' };
  if (drop !== 0) {
    const verdict = steps.findLast(({ kind }) => kind === 'lost' || kind === 'drop') ?? last;
    const decided = decidedOf(verdict.kind === 'drop' ? ledger.decisionPairs(verdict.decision) : {});
    return {
      kind: 'dropped',
      drop: dropName(drop),
      at: ledger.points.at(verdict.point).kind === 'link' ? 'link' : 'node',
      where: placeOf(ledger, verdict.point),
      decided,
      state: null,
      flooded: drop === DROP.NOT_MINE ? bridgeBefore(ledger, steps) : null,
    };
  }
  if (last.kind === 'in') {
    const node = nodeAt(ledger, last.point);
    return { kind: 'delivered', node, wanted: target === null || node === target };
  }
  return { kind: ledger.run().records === 'both' ? 'in-flight' : 'unknown', link: placeOf(ledger, last.point) };
}

/** The node that sent the packet last, if it is a bridge. */
function bridgeBefore(ledger: Ledger, steps: readonly Step[]): string | null {
  const last = crossingsOf(steps).at(-1);
  if (last === undefined) return null;
  const { node } = ledger.points.linkPoint(ledger.points.ofLink(last.link, last.side));
  const point = ledger.points.named(`node:${node}`);
  return point?.kind === 'node' && point.bridge ? node : null;
}

function hopsOf(ledger: Ledger, strands: readonly Strand[]): readonly HopStory[] {
  const first = strands[0];
  if (first === undefined) return [];
  return crossingsOf(first.steps).map(({ link, side }, k) => {
    const from = ledger.points.linkPoint(ledger.points.ofLink(link, side));
    const to = ledger.points.linkPoint(from.index ^ 1);
    return {
      node: from.node,
      link: from.linkName,
      interface: from.interface,
      segment: from.segment,
      group: from.group,
      to: to.node,
      decided: [...toldOf(strands, from.node), ...decisionsAt(ledger, strands, k)],
    };
  });
}

/** Of the node before the k-th link. */
function decisionsAt(ledger: Ledger, strands: readonly Strand[], k: number): readonly (Decided & { readonly packets: number })[] {
  const counts = new Map<number, number>();
  for (const { steps, packets } of strands) {
    const out = crossingsOf(steps)[k]?.out ?? -1;
    const decision = out < 0 ? 0 : (steps[out]?.decision ?? 0);
    if (decision !== 0) counts.set(decision, (counts.get(decision) ?? 0) + packets);
  }
  return [...counts].map(([decision, packets]) => ({ ...decidedOf(ledger.decisionPairs(decision)), packets }));
}

/** What the node told late of packets of the way: alike ones together. */
function toldOf(strands: readonly Strand[], node: string): readonly (Decided & { readonly packets: number })[] {
  const told = new Map<string, { said: Pairs; packets: number }>();
  for (const { said } of strands.flatMap(({ admitted }) => admitted).filter((one) => one.node === node)) {
    const key = formatComment(said);
    const known = told.get(key);
    if (known === undefined) told.set(key, { said, packets: 1 });
    else known.packets += 1;
  }
  return [...told.values()].map(({ said, packets }) => ({ ...decidedOf(said), packets }));
}
