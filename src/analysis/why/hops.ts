/**
 * The hops of a way: what each node did with its packets, which mark they had before and behind it, and whether they went
 * round in a circle.
 * @module
 */
import { formatComment, type Pairs } from '../../capture/comment.js';
import type { Ledger } from '../../capture/ledger.js';
import { dissect, ipOf } from '../../wire/frame.js';
import { crossingsOf, isBridge } from '../trails.js';
import type { Crossing } from '../trails.js';
import { decidedOf } from './decided.js';
import type { Decided, HopStory, Loop, RouteTaken } from './story.js';
import type { Strand } from './strands.js';

type Told = Decided & { readonly packets: number };

/** Of packets that crossed the same links. */
export function hopsOf(ledger: Ledger, strands: readonly Strand[]): readonly HopStory[] {
  const first = strands[0];
  if (first === undefined) return [];
  const crossings = crossingsOf(first.steps);
  const marks = marksOf(ledger, first, crossings);
  return crossings.map(({ link, side }, k) => {
    const [before, behind] = [marks[k - 1] ?? null, marks[k] ?? null];
    const from = ledger.points.linkPoint(ledger.points.ofLink(link, side));
    const to = ledger.points.linkPoint(from.index ^ 1);
    return {
      node: from.node,
      link: from.linkName,
      interface: from.interface,
      segment: from.segment,
      group: from.group,
      to: to.node,
      decided: oneText([...toldOf(strands, from.node), ...decisionsAt(ledger, strands, k)]),
      dscp: before === null || behind === null || before === behind ? null : { from: before, to: behind },
    };
  });
}

/** Of the node before the k-th link. */
function decisionsAt(ledger: Ledger, strands: readonly Strand[], k: number): readonly Told[] {
  const counts = new Map<number, number>();
  for (const { steps, packets } of strands) {
    const out = crossingsOf(steps)[k]?.out ?? -1;
    const decision = out < 0 ? 0 : (steps[out]?.decision ?? 0);
    if (decision !== 0) counts.set(decision, (counts.get(decision) ?? 0) + packets);
  }
  return [...counts].map(([decision, packets]) => ({ ...decidedOf(ledger.decisionPairs(decision)), packets }));
}

/** What the node told late of packets of the way: alike ones together. */
function toldOf(strands: readonly Strand[], node: string): readonly Told[] {
  const told = new Map<string, { said: Pairs; packets: number }>();
  for (const { said } of strands.flatMap(({ admitted }) => admitted).filter((one) => one.node === node)) {
    const key = formatComment(said);
    const known = told.get(key);
    if (known === undefined) told.set(key, { said, packets: 1 });
    else known.packets += 1;
  }
  return [...told.values()].map(({ said, packets }) => ({ ...decidedOf(said), packets }));
}

/** One route is one text, though one record says more of it than another. */
function oneText(decided: readonly Told[]): readonly Told[] {
  const same = (a: RouteTaken, b: RouteTaken): boolean => a.prefix === b.prefix && a.via === b.via && a.dev === b.dev;
  const whole = (route: RouteTaken): RouteTaken => {
    const like = decided.flatMap((other) => (other.route !== null && same(other.route, route) ? [other.route] : []));
    const first = (key: 'metric' | 'table' | 'member' | 'proto'): string | null => like.find((one) => one[key] !== null)?.[key] ?? null;
    return { ...route, metric: first('metric'), table: first('table'), member: route.member, proto: first('proto') };
  };
  return decided.map((one) => (one.route === null ? one : { ...one, route: whole(one.route) }));
}

/** DSCP with which the first packet left each node; null where its bytes are not at hand. */
function marksOf(ledger: Ledger, { steps, owners }: Strand, crossings: readonly Crossing[]): readonly (number | null)[] {
  return crossings.map(({ out }) => {
    const [step, owner] = [steps[out], owners[out]];
    const bytes = step === undefined || owner === undefined ? null : ledger.bytes(owner, step.point);
    const ip = bytes === null ? null : ipOf(dissect(bytes, 0, bytes.length));
    return ip === null ? null : ip.header.dscp;
  });
}

/** The circle that the hops end in; null where no link was crossed twice in one direction. */
export function loopOf(ledger: Ledger, hops: readonly HopStory[]): Loop | null {
  const keys = hops.map(({ link, node }) => `${link} ${node}`);
  const again = keys.findIndex((key, i) => keys.indexOf(key) < i);
  if (again < 0) return null;
  const at = keys.indexOf(keys[again] ?? '');
  const length = again - at;
  const round = hops.slice(at, again);
  let end = again;
  while (end < keys.length && keys[end] === keys[end - length]) end++;
  const times = Math.floor((end - at) / length);
  if (times < 2) return null;
  const nodes = [...new Set(round.map(({ node }) => node))];
  const routers = nodes.filter((node) => !isBridge(ledger, node));
  return { at, hops: length, nodes: routers.length > 0 ? routers : nodes, times };
}
