/**
 * Two runs of one flow, on a topology and on a changed one: what moved and what broke, with what decided it.
 *
 * What counts is what an engineer would call a change: another outcome of a step, another verdict of an expectation, a
 * leg on other links, a leg of which nothing arrives any more, packets that end for a reason that was not there before.
 * Numbers alone (three packets lost where two were) do not count: a clock decides them.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import { linksOf } from '../analysis/direction.js';
import type { Direction } from '../analysis/direction.js';
import type { DropGroup } from '../analysis/drops.js';
import type { Leg, Observation } from '../analysis/legs.js';
import { parseComment } from '../capture/comment.js';
import type { Ledger } from '../capture/ledger.js';
import type { StepOutcome } from '../scenario/script.js';
import type { Plan } from '../topology/plan.js';
import type { Finding, Status } from '../verify/finding.js';
import { endingWords } from '../verify/evidence.js';
import { partedAt } from './parting.js';
import type { Parted, Way } from './parting.js';

/** What is compared of a run. */
export interface DiffSide {
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly observation: Observation;
  readonly outcomes: readonly StepOutcome[];
  readonly findings: readonly Finding[];
}

export interface Difference {
  readonly steps: readonly StepChange[];
  readonly findings: readonly FindingChange[];
  /** Those that broke first, then those that moved, the others last. */
  readonly legs: readonly LegChange[];
  /** Reasons for which packets end now and did not before, and the other way round. */
  readonly drops: readonly DropChange[];
}

export interface StepChange {
  /** From 1. */
  readonly number: number;
  readonly step: StepOutcome['step'];
  /** What it said; null when the script had ended before. */
  readonly before: Said | null;
  readonly after: Said | null;
}

export interface Said {
  readonly ok: boolean;
  readonly says: string;
}

export interface FindingChange {
  readonly subject: string;
  readonly expected: string;
  readonly before: { readonly status: Status; readonly observed: string };
  readonly after: { readonly status: Status; readonly observed: string };
  readonly src: Finding['src'];
}

/** As they are told, the worst first. */
export const LEG_CHANGES = ['broke', 'moved', 'mended', 'gone', 'new'] as const;

export interface LegChange {
  /** `signalling/bob-online-fe`. */
  readonly id: string;
  /** `broke`: nothing arrives any more, in a direction in which it did; `mended`: the other way round. */
  readonly change: (typeof LEG_CHANGES)[number];
  readonly directions: readonly DirectionChange[];
}

export interface DirectionChange {
  /** `there`: from the first node of the leg's id to the second. */
  readonly side: 'there' | 'back';
  readonly from: string;
  readonly to: string;
  readonly before: Seen;
  readonly after: Seen;
  readonly parted: Parted | null;
}

export interface Seen {
  /** Names of the links that packets crossed, in the order of crossing. */
  readonly links: readonly string[];
  readonly packets: number;
  readonly delivered: number;
  /** One of its packets; null without any. */
  readonly example: PacketId | null;
  /** What became of those that did not arrive: `7 × firewall-rule at fw1 (... src=fw1.nft:12)`. */
  readonly endings: readonly string[];
}

export interface DropChange {
  readonly reason: string;
  readonly where: string;
  readonly decision: string;
  readonly before: number;
  readonly after: number;
  readonly example: PacketId | null;
}

export function difference(before: DiffSide, after: DiffSide): Difference {
  return { steps: stepChanges(before, after), findings: findingChanges(before, after), legs: legChanges(before, after), drops: dropChanges(before, after) };
}

/** True when there is nothing to tell. */
export function unchanged({ steps, findings, legs, drops }: Difference): boolean {
  return steps.length + findings.length + legs.length + drops.length === 0;
}

/** By their places in the file, in its order: what is side by side may end in another order. */
function stepChanges(before: DiffSide, after: DiffSide): readonly StepChange[] {
  const place = ({ step: { src } }: StepOutcome): string => `${src.line}:${src.column}`;
  const [was, is] = [before, after].map(({ outcomes }) => new Map(outcomes.map((one) => [place(one), one])));
  const said = (outcome: StepOutcome | undefined): Said | null => (outcome === undefined ? null : { ok: outcome.ok, says: outcome.says });
  const all = [...new Map([...(was ?? []), ...(is ?? [])]).values()];
  all.sort((a, b) => a.step.src.line - b.step.src.line || a.step.src.column - b.step.src.column);
  return all.flatMap((one, i) => {
    const [earlier, later] = [said(was?.get(place(one))), said(is?.get(place(one)))];
    return earlier?.ok === later?.ok && earlier?.says === later?.says ? [] : [{ number: i + 1, step: one.step, before: earlier, after: later }];
  });
}

/** Where the words alone differ the legs tell it. */
function findingChanges(before: DiffSide, after: DiffSide): readonly FindingChange[] {
  return before.findings.flatMap((was, i) => {
    const is = after.findings[i];
    if (is === undefined || is.status === was.status) return [];
    const { subject, expected, src } = was;
    return [{ subject, expected, src, before: { status: was.status, observed: was.observed }, after: { status: is.status, observed: is.observed } }];
  });
}

function legChanges(before: DiffSide, after: DiffSide): readonly LegChange[] {
  const ids = [...new Set([...before.observation.legs, ...after.observation.legs].map((leg) => leg.id))];
  const legOf = (side: DiffSide, id: string): Leg | undefined => side.observation.legs.find((leg) => leg.id === id);
  const changes = ids.flatMap((id) => legChange(id, before, legOf(before, id), after, legOf(after, id)) ?? []);
  return changes.sort((a, b) => LEG_CHANGES.indexOf(a.change) - LEG_CHANGES.indexOf(b.change));
}

function legChange(id: string, before: DiffSide, was: Leg | undefined, after: DiffSide, is: Leg | undefined): LegChange | null {
  if (was === undefined || is === undefined) {
    const [side, leg] = was === undefined ? [after, is] : [before, was];
    if (leg === undefined) return null;
    const one = (way: 'there' | 'back'): DirectionChange => {
      const { direction, from, to } = wayOf(side, leg, way);
      const seen = seenOf(side, direction);
      return { side: way, from: from.name, to: to.name, before: was === undefined ? UNSEEN : seen, after: was === undefined ? seen : UNSEEN, parted: null };
    };
    return { id, change: was === undefined ? 'new' : 'gone', directions: [one('there'), one('back')] };
  }
  const directions = (['there', 'back'] as const)
    .map((side) => directionChange(side, { side: before, leg: was }, { side: after, leg: is }))
    .filter((one) => one !== null);
  if (directions.length === 0) return null;
  const broke = directions.some((one) => one.before.delivered > 0 && one.after.delivered === 0);
  const mended = directions.some((one) => one.before.delivered === 0 && one.after.delivered > 0);
  return { id, change: broke ? 'broke' : mended ? 'mended' : 'moved', directions };
}

const UNSEEN: Seen = { links: [], packets: 0, delivered: 0, example: null, endings: [] };

function wayOf(side: DiffSide, leg: Leg, direction: 'there' | 'back'): Way {
  const [from, to] = direction === 'there' ? [leg.a, leg.b] : [leg.b, leg.a];
  return { plan: side.plan, ledger: side.ledger, direction: leg[direction], from, to };
}

interface LegOfRun {
  readonly side: DiffSide;
  readonly leg: Leg;
}

function directionChange(side: 'there' | 'back', before: LegOfRun, after: LegOfRun): DirectionChange | null {
  const [was, is] = [wayOf(before.side, before.leg, side), wayOf(after.side, after.leg, side)];
  const [old, now] = [seenOf(before.side, was.direction), seenOf(after.side, is.direction)];
  const moved = now.packets > 0 && old.packets > 0 && [...old.links].sort().join() !== [...now.links].sort().join();
  const silent = old.delivered > 0 !== now.delivered > 0;
  if (!moved && !silent) return null;
  return { side, from: was.from.name, to: was.to.name, before: old, after: now, parted: now.packets === 0 ? null : partedAt(was, is) };
}

function seenOf({ plan, observation }: DiffSide, direction: Direction): Seen {
  const { packets, delivered, evidence, endings, paths } = direction;
  const told = endings.filter(({ reason }) => reason !== 'in-flight').map((ending) => endingWords(ending, observation.drops));
  return { links: linksOf(direction, plan).map((link) => link.name), packets, delivered, example: paths[0]?.example ?? evidence[0] ?? null, endings: told };
}

/** A socket that was closed a moment before, a bridge that has not learnt yet: no change. */
const FLEETING = ['no-listener', 'not-mine'];

function dropChanges(before: DiffSide, after: DiffSide): readonly DropChange[] {
  const [was, is] = [byReason(before.observation.drops), byReason(after.observation.drops)];
  const row = ([group, ...more]: readonly DropGroup[], side: 'before' | 'after'): readonly DropChange[] => {
    if (group === undefined || FLEETING.includes(group.reason)) return [];
    const packets = [group, ...more].reduce((sum, one) => sum + one.packets, 0);
    const { reason, where, decision, examples } = group;
    return [{ reason, where, decision, before: side === 'before' ? packets : 0, after: side === 'after' ? packets : 0, example: examples[0] ?? null }];
  };
  const fresh = [...is].filter(([key]) => !was.has(key)).flatMap(([, groups]) => row(groups, 'after'));
  const over = [...was].filter(([key]) => !is.has(key)).flatMap(([, groups]) => row(groups, 'before'));
  return [...fresh, ...over];
}

/** Of a decision only what a person wrote counts: ports and states differ from packet to packet. */
function byReason(groups: readonly DropGroup[]): ReadonlyMap<string, readonly DropGroup[]> {
  const found = new Map<string, DropGroup[]>();
  for (const group of groups) {
    const { stage, chain, rule, src } = parseComment(group.decision) ?? {};
    const key = JSON.stringify([group.reason, group.where, stage, chain, rule, src]);
    found.set(key, [...(found.get(key) ?? []), group]);
  }
  return found;
}
