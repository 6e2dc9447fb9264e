/**
 * Who knows a connection: firewalls that saw its first packet hold its state, others were asked to pass packets of it and
 * knew nothing of it, or saw one direction of it alone.
 * @module
 */
import type { Ledger } from '../../capture/ledger.js';
import { isBridge } from '../trails.js';
import type { Dropped, End, StateFault, StateStory } from './story.js';
import type { Strand } from './strands.js';
import type { RawWay } from './ways.js';

/** The ways of both directions of a flow. */
export interface BothWays {
  readonly there: readonly RawWay[];
  readonly back: readonly RawWay[];
}

/** A firewall that let a packet pass as the first of a connection holds its state. */
export function stateOf({ there, back }: BothWays): StateStory {
  const passedNew = (ways: readonly RawWay[]): readonly string[] =>
    ways.flatMap(({ hops }) => hops.filter(({ decided }) => decided.some(({ ct }) => ct === 'new')).map(({ node }) => node));
  const holders = [...new Set(passedNew(there))];
  const strange = ({ hops, end }: RawWay, answers: boolean): readonly string[] => [
    ...(answers ? hops.filter(({ decided }) => decided.some(({ ct }) => ct === 'new' || ct === 'invalid')).map(({ node }) => node) : []),
    ...(end.kind === 'dropped' && isStrange(end) && (answers || holders.length > 0) ? [end.where] : []),
  ];
  const missing = [...there.flatMap((way) => strange(way, false)), ...back.flatMap((way) => strange(way, true))];
  return { holders, missing: [...new Set(missing)].filter((node) => !holders.includes(node)) };
}

function isStrange({ decided: { ct }, drop }: Dropped): boolean {
  return ct === 'new' || ct === 'invalid' || drop === 'conntrack-invalid' || drop === 'nat-no-mapping';
}

/** Says what is wrong with the connection's state where a way ended, if it is that. A first packet that a rule forbids is none of it. */
export function withState(ledger: Ledger, way: RawWay, direction: Strand['direction'], state: StateStory, both: BothWays): End {
  const { end, strands } = way;
  if (end.kind !== 'dropped' || !isStrange(end)) return end;
  const answer = direction === 'back';
  const silence = strands[0]?.silence ?? null;
  const elsewhere = state.holders.length > 0 && !state.holders.includes(end.where);
  if (!answer && silence === null && !elsewhere) return end;
  const fault: StateFault = { ct: end.decided.ct ?? 'invalid', answer, silence, halfSeen: halfSeen(ledger, way, end.where, answer ? both.there : both.back) };
  return { ...end, state: fault };
}

/** The node passed packets of one direction, and those of the other one, which arrived, went by others. */
function halfSeen(ledger: Ledger, { hops, strands }: RawWay, node: string, others: readonly RawWay[]): StateFault['halfSeen'] {
  const saw = others.some(({ hops: theirs, end }) => theirs.some((hop) => hop.node === node) || (end.kind === 'dropped' && end.where === node));
  const other = others.find(({ end }) => end.kind === 'delivered');
  if (saw || other === undefined || (strands[0]?.silence ?? null) === null) return null;
  const mine = new Set(hops.map((hop) => hop.node));
  const routers = other.hops.slice(1).flatMap((hop) => (isBridge(ledger, hop.node) ? [] : [hop.node]));
  return { by: routers.find((one) => !mine.has(one)) ?? routers.at(-1) ?? null };
}
