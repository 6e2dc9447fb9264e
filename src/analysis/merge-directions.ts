/**
 * Several directions as one: what one node sent another in different ways, such as by a relay first and then directly.
 * @module
 */
import type { Nanos } from '../base/time.js';
import { EXAMPLES } from './direction-tally.js';
import type { Direction, Ending, LinkShare, Path, Spread } from './direction.js';

const NOTHING: Direction = {
  packets: 0,
  delivered: 0,
  lost: 0,
  refused: 0,
  underWay: 0,
  paths: [],
  endings: [],
  delay: null,
  jitter: 0 as Nanos,
  links: [],
  evidence: [],
};

/** One alone stays as it is. Between the last packet of one and the first of the next there is no step of delays. */
export function mergeDirections(parts: readonly Direction[]): Direction {
  const [first = NOTHING, ...rest] = parts;
  return rest.reduce(merged, first);
}

function merged(x: Direction, y: Direction): Direction {
  return {
    packets: x.packets + y.packets,
    delivered: x.delivered + y.delivered,
    lost: x.lost + y.lost,
    refused: x.refused + y.refused,
    underWay: x.underWay + y.underWay,
    paths: mergedBy(x.paths, y.paths, ({ links }) => links.join(' '), mergedPath).sort((p, q) => q.delivered - p.delivered || q.packets - p.packets),
    endings: mergedBy(x.endings, y.endings, ({ reason, where }) => `${reason} ${where}`, mergedEnding).sort((p, q) => q.packets - p.packets),
    delay: mergedSpread(x.delay, x.delivered, y.delay, y.delivered),
    jitter: mergedJitter(x.jitter, x.delivered, y.jitter, y.delivered),
    links: mergedBy(x.links, y.links, ({ link, side }) => `${link} ${side}`, mergedShare),
    evidence: [...x.evidence, ...y.evidence].sort((p, q) => p - q).slice(0, EXAMPLES),
  };
}

function mergedBy<T>(xs: readonly T[], ys: readonly T[], keyOf: (one: T) => string, both: (x: T, y: T) => T): T[] {
  const found = new Map(xs.map((x) => [keyOf(x), x]));
  for (const y of ys) {
    const x = found.get(keyOf(y));
    found.set(keyOf(y), x === undefined ? y : both(x, y));
  }
  return [...found.values()];
}

function mergedPath(x: Path, y: Path): Path {
  const example = x.delivered > 0 || y.delivered === 0 ? x.example : y.example;
  return { links: x.links, packets: x.packets + y.packets, delivered: x.delivered + y.delivered, example };
}

function mergedEnding(x: Ending, y: Ending): Ending {
  return { ...x, packets: x.packets + y.packets, examples: [...x.examples, ...y.examples].slice(0, EXAMPLES) };
}

function mergedShare(x: LinkShare, y: LinkShare): LinkShare {
  return {
    link: x.link,
    side: x.side,
    offered: x.offered + y.offered,
    carried: x.carried + y.carried,
    missing: x.missing + y.missing,
    delay: mergedSpread(x.delay, x.carried, y.delay, y.carried),
    jitter: mergedJitter(x.jitter, x.carried, y.jitter, y.carried),
  };
}

function mergedSpread(x: Spread | null, ofX: number, y: Spread | null, ofY: number): Spread | null {
  if (x === null || y === null) return x ?? y;
  return {
    min: Math.min(x.min, y.min) as Nanos,
    mean: Math.round((x.mean * ofX + y.mean * ofY) / (ofX + ofY)) as Nanos,
    max: Math.max(x.max, y.max) as Nanos,
  };
}

/** Steps are one less than packets. */
function mergedJitter(x: Nanos, ofX: number, y: Nanos, ofY: number): Nanos {
  const [stepsX, stepsY] = [Math.max(0, ofX - 1), Math.max(0, ofY - 1)];
  return (stepsX + stepsY === 0 ? 0 : Math.round((x * stepsX + y * stepsY) / (stepsX + stepsY))) as Nanos;
}
