/**
 * Where two ways of a flow part: the last node that they share, and the two ways out of it; and where they meet again.
 *
 * Of two directions the shared part is looked for at the end where the second one begins: the packets of the first came
 * *in* to that node by another link than the one by which those of the second leave it.
 * @module
 */
import type { Ledger } from '../../capture/ledger.js';
import type { Branch, HopStory, Parting, RouteTaken, Way } from './story.js';

type DirectionName = 'there' | 'back';

interface Line {
  readonly direction: DirectionName;
  readonly hops: readonly HopStory[];
}

/** Null when the two have the same links as far as both are known. @param one of the first direction */
export function partingOf(ledger: Ledger, one: Way, other: Way, direction: DirectionName): Parting | null {
  const first: Line = { direction: 'there', hops: one.hops };
  const second: Line = { direction, hops: other.hops };
  return direction === 'there' ? alongside(ledger, first, second) : against(ledger, first, second);
}

/** Both from the same sender. */
function alongside(ledger: Ledger, one: Line, other: Line): Parting | null {
  const at = one.hops.findIndex((hop, i) => hop.link !== other.hops[i]?.link);
  const [left, strayed] = [one.hops[at], other.hops[at]];
  if (left === undefined || strayed === undefined || left.node !== strayed.node) return null;
  const later = new Set(one.hops.slice(at).map(({ to }) => to));
  const again = other.hops.slice(at).find(({ to }) => later.has(to));
  const joins = again?.to ?? nearest(ledger, other.hops, later);
  const came = one.hops.slice(at).find(({ to }) => to === joins);
  return {
    node: left.node,
    one: out(one.direction, left),
    other: out(other.direction, strayed),
    again:
      joins === null || came === undefined
        ? null
        : { node: joins, one: into(one.direction, came), other: again === undefined ? null : into(other.direction, again) },
  };
}

/** The second begins where the first one ended. */
function against(ledger: Ledger, one: Line, other: Line): Parting | null {
  const back = [...one.hops].reverse();
  if (back[0] === undefined || back[0].to !== other.hops[0]?.node) return null;
  const at = other.hops.findIndex((hop, i) => hop.link !== back[i]?.link);
  const [came, left] = [back[at], other.hops[at]];
  if (came === undefined || left === undefined) return null;
  const earlier = new Set(back.slice(at).map(({ node }) => node));
  const again = other.hops.slice(at).find(({ to }) => earlier.has(to));
  const joins = again?.to ?? nearest(ledger, other.hops, earlier);
  const went = back.slice(at).find(({ node }) => node === joins);
  return {
    node: left.node,
    one: into(one.direction, came),
    other: out(other.direction, left),
    again:
      joins === null || went === undefined
        ? null
        : { node: joins, one: out(one.direction, went), other: again === undefined ? null : into(other.direction, again) },
  };
}

function out(direction: DirectionName, hop: HopStory): Branch {
  return { direction, goes: 'out', link: hop.link, neighbour: hop.to, route: routeOf(hop) };
}

function into(direction: DirectionName, hop: HopStory): Branch {
  return { direction, goes: 'in', link: hop.link, neighbour: hop.node, route: null };
}

function routeOf(hop: HopStory): RouteTaken | null {
  return hop.decided.find(({ route }) => route !== null)?.route ?? null;
}

/** The node of those that is nearest, by links, to where the way ended; without the links that it crossed already. */
function nearest(ledger: Ledger, way: readonly HopStory[], wanted: ReadonlySet<string>): string | null {
  const end = way.at(-1)?.to;
  if (end === undefined) return null;
  const crossed = new Set(way.map(({ link }) => link));
  const seen = new Set([...way.map(({ node }) => node), end]);
  for (let ring = [end]; ring.length > 0; ) {
    const beyond: string[] = [];
    for (const node of ring) {
      for (const point of ledger.points.interfacesOf(node)) {
        const to = ledger.points.linkPoint(point.index ^ 1).node;
        if (crossed.has(point.linkName) || seen.has(to)) continue;
        if (wanted.has(to)) return to;
        seen.add(to);
        beyond.push(to);
      }
    }
    ring = beyond;
  }
  return null;
}
