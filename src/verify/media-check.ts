/**
 * Checks of media between two actors: the path, the sites, both ways alike, ICE's choice, quality.
 * @module
 */
import { groupsOf, linksOf } from '../analysis/direction.js';
import type { Direction } from '../analysis/direction.js';
import { AddressOwners } from '../analysis/addresses.js';
import { legsOf } from '../analysis/legs.js';
import type { Leg } from '../analysis/legs.js';
import type { Nanos } from '../base/time.js';
import { formatDuration } from '../base/time.js';
import type { LabEvent } from '../capture/ledger.js';
import type { Expectation } from '../scenario/flow.js';
import type { PlanNode } from '../topology/plan.js';
import type { Context } from './context.js';
import { legEvidence, silences } from './evidence.js';
import type { Verdict } from './finding.js';
import { judgePath } from './path-check.js';

type Of<K extends Expectation['expect']> = Extract<Expectation, { expect: K }>;
type Pair = readonly [string, string];

function mediaLegs(c: Context, between: Pair): readonly Leg[] {
  return legsOf(c.observation, 'rtp', c.node(between[0]), c.node(between[1]));
}

export function judgeMedia(c: Context, e: Of<'media'>): Verdict {
  const legs = mediaLegs(c, e.between);
  const path = judgePath(legs, e.is, c.observation, c.plan);
  if (path.status === 'unproved') return { ...path, evidence: c.whyNot(path.evidence) };
  const silent = silentCalls(c, e.between, legs);
  const strangers = e.sites === null ? [] : strangeSites(c, legs, e.sites);
  const observed = [
    path.observed,
    ...silent,
    ...(strangers.length > 0 ? [`through ${strangers.join(' and ')}`] : []),
    ...(e.sites !== null && strangers.length === 0 ? [`by ${e.sites.join(' and ')} only`] : []),
  ].join(', ');
  return { status: silent.length + strangers.length > 0 ? 'fail' : path.status, observed, evidence: path.evidence };
}

/** Of several calls each must have media of its own, both ways: one must not pass for the other. */
function silentCalls(c: Context, between: Pair, legs: readonly Leg[]): readonly string[] {
  const [x, y] = [c.node(between[0]), c.node(between[1])];
  const calls = c.observation.calls.filter(({ from, to }) => (from === x && to === y) || (from === y && to === x));
  const streams = legs.flatMap((leg) => leg.streams);
  return calls.flatMap((call, i) =>
    [
      [x, y],
      [y, x],
    ].flatMap(([from, to]) => {
      const heard = streams.some((stream) => stream.from === from && stream.packets > 0 && stream.first <= call.ended && stream.last >= call.answered);
      return heard ? [] : [`call ${i + 1}: nothing of ${from ?? '?'} reaches ${to ?? '?'}`];
    }),
  );
}

/** Sites (nodes, where there is none) that the legs crossed and that are not allowed. */
function strangeSites(c: Context, legs: readonly Leg[], sites: readonly string[]): readonly string[] {
  const crossed = new Set<PlanNode>();
  for (const link of legs.flatMap((leg) => [leg.there, leg.back]).flatMap((direction) => linksOf(direction, c.plan))) {
    for (const end of link.ends) {
      const node = c.plan.nodes[end.node];
      if (node !== undefined) crossed.add(node);
    }
  }
  return [...new Set([...crossed].filter((node) => node.site === null || !sites.includes(node.site)).map((node) => node.site ?? node.name))];
}

export function judgeIce(c: Context, e: Of<'ice'>): Verdict {
  const [first, second] = e.between;
  const selected = [...selections(c, first, second), ...selections(c, second, first)];
  if (selected.length === 0) return { status: 'unproved', observed: 'no pair selected', evidence: c.whyNot() };
  const seen = selected.map((event) => {
    const [local, remote] = [event.fields['local-type'] ?? '?', event.fields['remote-type'] ?? '?'];
    return event.node === c.node(first) ? `${local}/${remote}` : `${remote}/${local}`;
  });
  const kinds = [...new Set(seen)];
  const both = [first, second].every((actor) => selected.some((event) => event.node === c.node(actor)));
  const direct = legsOf(c.observation, 'stun', c.node(first), c.node(second));
  // By way of relays the checks are seen between each actor and them.
  const checks = direct.length > 0 ? direct : [first, second].flatMap((actor) => legsOf(c.observation, 'stun', c.node(actor)));
  const evidence = legEvidence(checks, c.observation, c.plan);
  if (evidence.total === 0) return { status: 'unproved', observed: `${kinds.join(' and ')}, but no STUN packet`, evidence: c.whyNot() };
  const ok = both && kinds.length === 1 && kinds[0] === `${e.local}/${e.remote}`;
  return { status: ok ? 'pass' : 'fail', observed: both ? kinds.join(' and ') : `${kinds.join(' and ')}, one side only`, evidence };
}

/** Pairs that an actor's agent selected, without those that lead to a third endpoint: it may have other calls. */
function selections(c: Context, actor: string, peer: string): readonly LabEvent[] {
  const owners = new AddressOwners(c.plan);
  return c.events('ice-selected').filter((event) => {
    const remote = owners.ofEndpoint(event.fields['remote'] ?? '');
    const third = remote?.traits.is === 'endpoint' && remote.name !== c.node(peer);
    return event.node === c.node(actor) && !third;
  });
}

export function judgeSymmetric(c: Context, e: Of<'symmetric'>): Verdict {
  const legs = mediaLegs(c, e.between);
  if (legs.length === 0) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot() };
  const evidence = legEvidence(legs, c.observation, c.plan);
  const silent = silences(legs);
  if (silent.length > 0) return { status: 'unproved', observed: silent.join(', '), evidence };
  const groups = (side: (leg: Leg) => Direction): readonly string[] => [...new Set(legs.flatMap((leg) => groupsOf(side(leg), c.plan)))];
  const [there, back] = [groups((leg) => leg.there), groups((leg) => leg.back)];
  const onlyThere = there.filter((group) => !back.includes(group));
  const onlyBack = back.filter((group) => !there.includes(group));
  if (onlyThere.length + onlyBack.length === 0) return { status: 'pass', observed: 'same links both ways', evidence };
  const [a, b] = [legs[0]?.a.name ?? '?', legs[0]?.b.name ?? '?'];
  const part = (from: string, to: string, only: readonly string[]): string[] => (only.length > 0 ? [`only ${from} > ${to}: ${only.join(', ')}`] : []);
  return { status: 'fail', observed: [...part(a, b, onlyThere), ...part(b, a, onlyBack)].join('; '), evidence };
}

export function judgeQuality(c: Context, e: Of<'quality'>): Verdict {
  const legs = mediaLegs(c, e.between);
  const directions = legs.flatMap((leg) => [leg.there, leg.back]);
  if (directions.length === 0) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot() };
  const evidence = legEvidence(legs, c.observation, c.plan);
  const silent = silences(legs);
  if (silent.length > 0) return { status: 'unproved', observed: silent.join(', '), evidence };
  const loss = Math.max(...directions.map((direction) => direction.lost / direction.packets));
  const delay = Math.max(...directions.map((direction) => direction.delay?.mean ?? Infinity)) as Nanos;
  // As their receivers had it: interarrival jitter of RFC 3550, its greatest value.
  const jitter = Math.max(0, ...legs.flatMap((leg) => leg.streams).map((stream) => stream.maxJitter ?? Infinity)) as Nanos;
  const ok = (e.loss === null || loss < e.loss) && (e.delay === null || delay < e.delay) && (e.jitter === null || jitter < e.jitter);
  const observed = [
    ...(e.loss === null ? [] : [`loss ${(loss * 100).toFixed(2)}%`]),
    ...(e.delay === null ? [] : [`delay ${rounded(delay)}`]),
    ...(e.jitter === null ? [] : [`jitter ${rounded(jitter)}`]),
  ];
  return { status: ok ? 'pass' : 'fail', observed: observed.join(', '), evidence };
}

export function boundsText(e: Of<'quality'>): string {
  return [
    ...(e.loss === null ? [] : [`loss < ${Number((e.loss * 100).toPrecision(12))}%`]),
    ...(e.delay === null ? [] : [`delay < ${formatDuration(e.delay)}`]),
    ...(e.jitter === null ? [] : [`jitter < ${formatDuration(e.jitter)}`]),
  ].join(', ');
}

/** To the microsecond. */
function rounded(time: Nanos): string {
  return formatDuration((Math.round(time / 1000) * 1000) as Nanos);
}
