/**
 * One direction of a flow: the paths its packets took, what was lost and where, how long they were under way.
 * @module
 */
import { must } from '../base/assert.js';
import type { LinkId, PacketId } from '../base/brand.js';
import { NEVER, ZERO } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import type { Journey, Ledger } from '../capture/ledger.js';
import type { Plan, PlanLink, Segment } from '../topology/plan.js';

/** The links that packets crossed, in order, and how many took exactly these. */
export interface Path {
  readonly links: readonly LinkId[];
  readonly packets: number;
  /** One of them. */
  readonly example: PacketId;
}

export interface Ending {
  /** `link-loss`, `no-route` ... or `in-flight`. */
  readonly reason: string;
  /** Link or node where it ended. */
  readonly where: string;
  readonly packets: number;
  readonly example: PacketId;
}

export interface Spread {
  readonly min: Nanos;
  readonly mean: Nanos;
  readonly max: Nanos;
}

export interface LinkShare {
  readonly link: LinkId;
  readonly offered: number;
  readonly carried: number;
  /** Time on the link, queueing included; null when nothing was carried. */
  readonly delay: Spread | null;
  /** Mean difference of consecutive delays (RFC 3550 style, without the smoothing). */
  readonly jitter: Nanos;
}

export interface Direction {
  readonly packets: number;
  readonly delivered: number;
  /**
   * Dropped under way. Not: what was still under way when the run ended, and what reached a socket that had just
   * been closed.
   */
  readonly lost: number;
  /** Of the packets that arrived (of all, when none did); most used first. */
  readonly paths: readonly Path[];
  readonly endings: readonly Ending[];
  /** From the first link's offer to the last link's arrival; null when nothing was delivered. */
  readonly delay: Spread | null;
  readonly jitter: Nanos;
  readonly links: readonly LinkShare[];
  /** The first ten packets. */
  readonly evidence: readonly PacketId[];
}

export function observeDirection(ledger: Ledger, ids: readonly PacketId[]): Direction {
  const journeys = ids.map((id) => must(ledger.journey(id), `packet ${id}`));
  const whole = journeys.filter((journey) => journey.end.kind === 'delivered');
  const delays = whole.map(travelTime);
  return {
    packets: journeys.length,
    delivered: whole.length,
    lost: journeys.filter(({ end }) => end.kind === 'dropped' && end.drop !== 'no-listener').length,
    paths: pathsOf(whole.length > 0 ? whole : journeys),
    endings: endingsOf(journeys, ledger),
    delay: spread(delays),
    jitter: meanStep(delays),
    links: sharesOf(journeys),
    evidence: ids.slice(0, 10),
  };
}

function travelTime(journey: Journey): Nanos {
  return journey.end.kind === 'delivered' ? ((journey.end.at - journey.start) as Nanos) : ZERO;
}

function spread(times: readonly Nanos[]): Spread | null {
  if (times.length === 0) return null;
  let min = NEVER;
  let max = ZERO;
  let sum = 0;
  for (const time of times) {
    if (time < min) min = time;
    if (time > max) max = time;
    sum += time;
  }
  return { min, mean: Math.round(sum / times.length) as Nanos, max };
}

function meanStep(times: readonly Nanos[]): Nanos {
  let sum = 0;
  for (let i = 1; i < times.length; i++) sum += Math.abs((times[i] ?? 0) - (times[i - 1] ?? 0));
  return (times.length < 2 ? 0 : Math.round(sum / (times.length - 1))) as Nanos;
}

function pathsOf(journeys: readonly Journey[]): readonly Path[] {
  const found = new Map<string, { links: LinkId[]; packets: number; example: PacketId }>();
  for (const journey of journeys) {
    const links = journey.hops.map((hop) => hop.link);
    const key = links.join(' ');
    const path = found.get(key);
    if (path === undefined) found.set(key, { links, packets: 1, example: journey.id });
    else path.packets += 1;
  }
  return [...found.values()].sort((a, b) => b.packets - a.packets);
}

function endingsOf(journeys: readonly Journey[], ledger: Ledger): readonly Ending[] {
  const found = new Map<string, { reason: string; where: string; packets: number; example: PacketId }>();
  for (const journey of journeys) {
    if (journey.end.kind === 'delivered') continue;
    const [reason, where] = endOf(journey, ledger);
    const key = `${reason} ${where}`;
    const ending = found.get(key);
    if (ending === undefined) found.set(key, { reason, where, packets: 1, example: journey.id });
    else ending.packets += 1;
  }
  return [...found.values()].sort((a, b) => b.packets - a.packets);
}

function endOf(journey: Journey, ledger: Ledger): [reason: string, where: string] {
  if (journey.end.kind === 'dropped') {
    const point = ledger.points.at(journey.end.point);
    return [journey.end.drop, point.kind === 'link' ? point.linkName : point.kind === 'node' ? point.node : point.name];
  }
  const last = journey.hops.at(-1);
  return [journey.end.kind, last === undefined ? '?' : ledger.points.linkPoint(last.point).linkName];
}

function sharesOf(journeys: readonly Journey[]): readonly LinkShare[] {
  const times = new Map<LinkId, { offered: number; delays: Nanos[] }>();
  for (const journey of journeys) {
    for (const hop of journey.hops) {
      const share = times.get(hop.link) ?? { offered: 0, delays: [] };
      share.offered += 1;
      if (hop.in !== null && hop.out !== null) share.delays.push((hop.in - hop.out) as Nanos);
      times.set(hop.link, share);
    }
  }
  return [...times].map(([link, { offered, delays }]) => ({ link, offered, carried: delays.length, delay: spread(delays), jitter: meanStep(delays) }));
}

/** Links of all paths, each once, in the order of first crossing. */
export function linksOf(direction: Direction, plan: Plan): readonly PlanLink[] {
  const seen = new Set<LinkId>();
  for (const path of direction.paths) for (const link of path.links) seen.add(link);
  return [...seen].flatMap((id) => plan.links[id] ?? []);
}

export function segmentsOf(direction: Direction, plan: Plan): ReadonlySet<Segment> {
  return new Set(linksOf(direction, plan).map((link) => link.segment));
}

export function groupsOf(direction: Direction, plan: Plan): readonly string[] {
  return [...new Set(linksOf(direction, plan).map((link) => link.group))];
}
