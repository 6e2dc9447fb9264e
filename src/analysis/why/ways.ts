/**
 * Strands put together to ways: packets of one direction that crossed the same links and ended alike, however different
 * the decisions that let them through.
 * @module
 */
import type { PacketId } from '../../base/brand.js';
import { DROP, dropName } from '../../base/drop.js';
import type { Ledger, Step } from '../../capture/ledger.js';
import { crossingsOf, isBridge, nodeAt, placeOf } from '../trails.js';
import { EXAMPLES } from '../direction-tally.js';
import { decidedOf } from './decided.js';
import { hopsOf, loopOf } from './hops.js';
import { addressesOf } from './packet-ends.js';
import type { Dropped, End, Way } from './story.js';
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
  return [...groups.values()].map(({ end, strands: alike }) => {
    const hops = hopsOf(ledger, alike);
    return {
      packets: alike.reduce((sum, strand) => sum + strand.packets, 0),
      examples: alike
        .flatMap(({ examples }) => examples)
        .sort((a, b) => a - b)
        .slice(0, EXAMPLES),
      first: alike.reduce((first, strand) => (strand.first < first ? strand.first : first), alike[0]?.first ?? ledger.first),
      last: alike.reduce((last, strand) => (strand.last > last ? strand.last : last), alike[0]?.last ?? ledger.last),
      hops,
      end,
      loop: loopOf(ledger, hops),
      strands: alike,
    };
  });
}

/** As the packet was when it last came or went. */
function addressesAt(ledger: Ledger, steps: readonly Step[], owners: readonly PacketId[]): Dropped['routed'] {
  const at = steps.findLastIndex(({ kind }) => kind !== 'drop');
  const [step, owner] = [steps[at], owners[at]];
  const bytes = step === undefined || owner === undefined ? null : ledger.bytes(owner, step.point);
  return bytes === null ? null : addressesOf(bytes);
}

/** Equal for alike ends. */
export function endKey(end: End): string {
  if (end.kind !== 'dropped') return `${end.kind}`;
  const { rule, ct, stage } = end.decided;
  return `${end.drop} ${end.at} ${end.where} ${stage} ${rule?.chain ?? ''} ${rule?.rule ?? ''} ${ct ?? ''} ${end.routed?.source ?? ''} ${end.routed?.destination ?? ''}`;
}

/** How packets with these steps ended. @param target node that they were for, where it is known */
export function endOf(ledger: Ledger, { steps, owners, drop }: Pick<Strand, 'steps' | 'owners' | 'drop'>, target: string | null): End {
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
      routed: drop === DROP.NO_ROUTE || drop === DROP.RP_FILTER ? addressesAt(ledger, steps, owners) : null,
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
  return isBridge(ledger, node) ? node : null;
}
