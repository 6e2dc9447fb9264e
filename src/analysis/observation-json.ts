/**
 * What was observed, as plain data for reports and other programs: names instead of numbers, times in nanoseconds.
 * @module
 */
import type { LinkId, PacketId } from '../base/brand.js';
import { must } from '../base/assert.js';
import type { Plan, PlanLink, Segment } from '../topology/plan.js';
import type { Call } from './calls.js';
import { groupsOf, segmentsOf } from './direction.js';
import type { Direction, Ending, LinkShare, Spread } from './direction.js';
import type { DropGroup } from './drops.js';
import type { Leg, LegRole, MediaPath, MediaStream, Medium, Observation, Workload } from './legs.js';

/** The documented word for one leg of one user. */
export interface LabelRow {
  /** Address of the user; null for a leg between servers. */
  readonly user: string | null;
  readonly leg: string;
  readonly medium: Medium;
  readonly workload: Workload | null;
  readonly role: LegRole | null;
  readonly label: string;
  readonly segments: { readonly there: readonly Segment[]; readonly back: readonly Segment[] };
  readonly packets: number;
}

export interface LinkShareJson extends Omit<LinkShare, 'link' | 'side'> {
  readonly link: string;
  readonly segment: Segment;
  readonly group: string;
  readonly from: string;
  readonly to: string;
}

export interface PathJson {
  readonly links: readonly string[];
  readonly packets: number;
  readonly delivered: number;
  readonly example: PacketId;
}

export interface DirectionJson {
  readonly from: string;
  readonly to: string;
  readonly packets: number;
  readonly delivered: number;
  readonly lost: number;
  readonly refused: number;
  readonly underWay: number;
  readonly delay: Spread | null;
  readonly jitter: number;
  readonly segments: readonly Segment[];
  readonly groups: readonly string[];
  readonly paths: readonly PathJson[];
  readonly links: readonly LinkShareJson[];
  readonly endings: readonly Ending[];
  readonly evidence: readonly PacketId[];
}

export interface LegJson {
  readonly id: string;
  readonly medium: Medium;
  readonly workload: Workload | null;
  readonly role: LegRole | null;
  readonly label: string;
  readonly there: DirectionJson;
  readonly back: DirectionJson;
  readonly streams: readonly MediaStream[];
}

/** What a listener heard of a sender. */
export interface MediaPathJson {
  readonly id: string;
  readonly workload: Workload | null;
  readonly label: string;
  /** By the id of the leg; SSRCs of its streams. */
  readonly stages: readonly { readonly leg: string; readonly by: MediaPath['stages'][number]['by']; readonly streams: readonly number[] }[];
  readonly whole: DirectionJson;
}

export interface ObservationJson {
  readonly format: 'callpath-observation-2';
  readonly labels: readonly LabelRow[];
  readonly legs: readonly LegJson[];
  readonly media: readonly MediaPathJson[];
  readonly calls: readonly Call[];
  readonly drops: readonly DropGroup[];
  readonly unplaced: number;
}

export function observationJson(observation: Observation, plan: Plan): ObservationJson {
  const { legs, media, calls, drops, unplaced } = observation;
  return {
    format: 'callpath-observation-2',
    labels: labelRows(observation, plan),
    legs: legs.map((leg) => legJson(leg, plan)),
    media: media.map((path) => pathJson(path, plan)),
    calls,
    drops,
    unplaced,
  };
}

/** Per user, leg and medium; in the order of the plan's users, legs between servers last. */
export function labelRows(observation: Observation, plan: Plan): readonly LabelRow[] {
  const rows: LabelRow[] = [];
  const add = (user: string | null, leg: Leg): void => {
    const segments = { there: [...segmentsOf(leg.there, plan)], back: [...segmentsOf(leg.back, plan)] };
    rows.push({
      user,
      leg: leg.id,
      medium: leg.medium,
      workload: leg.workload,
      role: leg.role,
      label: leg.label,
      segments,
      packets: leg.there.packets + leg.back.packets,
    });
  };
  for (const user of plan.users) {
    for (const leg of observation.legs) if (leg.a.name === user.node || leg.b.name === user.node) add(user.address, leg);
  }
  const seats = new Set(plan.users.map((user) => user.node));
  for (const leg of observation.legs) if (!seats.has(leg.a.name) && !seats.has(leg.b.name)) add(null, leg);
  return rows;
}

function legJson(leg: Leg, plan: Plan): LegJson {
  const { id, medium, workload, role, label, streams } = leg;
  return {
    id,
    medium,
    workload,
    role,
    label,
    there: directionJson(leg.there, leg.a.name, leg.b.name, plan),
    back: directionJson(leg.back, leg.b.name, leg.a.name, plan),
    streams,
  };
}

function pathJson({ id, from, to, workload, label, stages, whole }: MediaPath, plan: Plan): MediaPathJson {
  const named = stages.map(({ leg, by, streams }) => ({ leg: leg.id, by, streams: streams.map(({ ssrc }) => ssrc) }));
  return { id, workload, label, stages: named, whole: directionJson(whole, from, to, plan) };
}

function directionJson(direction: Direction, from: string, to: string, plan: Plan): DirectionJson {
  const { packets, delivered, lost, refused, underWay, delay, jitter, endings, evidence } = direction;
  return {
    from,
    to,
    packets,
    delivered,
    lost,
    refused,
    underWay,
    delay,
    jitter,
    endings,
    evidence,
    segments: [...segmentsOf(direction, plan)],
    groups: groupsOf(direction, plan),
    paths: direction.paths.map((path) => ({ ...path, links: path.links.map((link) => linkOf(plan, link).name) })),
    links: direction.links.map((share) => linkShareJson(share, plan)),
  };
}

/** A link's share with names: what a report prints. */
export function linkShareJson(share: LinkShare, plan: Plan): LinkShareJson {
  const { link: id, side, ...numbers } = share;
  const link = linkOf(plan, id);
  return { link: link.name, segment: link.segment, group: link.group, from: link.ends[side].nodeName, to: link.ends[side === 0 ? 1 : 0].nodeName, ...numbers };
}

function linkOf(plan: Plan, id: LinkId): PlanLink {
  return must(plan.links[id], `link ${id}`);
}
