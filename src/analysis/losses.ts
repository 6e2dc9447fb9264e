/**
 * What a run lost, whether anybody expected it or not: packets by reason and place with the rule that decided, and the flows
 * that broke. Copies that bridges flood to bystanders are no losses.
 * @module
 */
import type { FlowId, PacketId } from '../base/brand.js';
import type { DropName } from '../base/drop.js';
import { parseComment } from '../capture/comment.js';
import type { Ledger } from '../capture/ledger.js';
import type { Plan } from '../topology/plan.js';
import type { Direction } from './direction.js';
import { DropTally } from './drops.js';
import type { DropGroup } from './drops.js';
import type { Leg, Medium, Observation } from './legs.js';
import { TrailBook } from './trails.js';
import { bystanderCopies } from './why/bystanders.js';
import { lineOf } from './why/decided.js';
import { explainFlows } from './why/explain.js';
import type { FlowStory, Line } from './why/story.js';
import { whyLine } from './why/words.js';

/** Packets that ended alike. */
export interface Loss {
  readonly reason: DropName;
  /** Name of the node or link. */
  readonly where: string;
  readonly at: 'node' | 'link';
  /** The rule's, where one decided. */
  readonly rule: Line | null;
  readonly packets: number;
  /** The first. */
  readonly example: PacketId;
}

export interface BrokenFlow {
  readonly flow: FlowId;
  /** `udp 192.0.2.1:5 > 192.0.2.2:7`, as first seen. */
  readonly name: string;
  /** What it carried; empty where its ends are not of the plan. */
  readonly media: readonly Medium[];
  /** Ids of signalling and media legs that lost packets of it otherwise than by chance; empty: nothing that counts was hurt. */
  readonly hurt: readonly string[];
  /** In one line. */
  readonly why: string;
  readonly example: PacketId;
}

export interface Losses {
  /** Most packets first. */
  readonly groups: readonly Loss[];
  /** In the order of their first packets. */
  readonly broken: readonly BrokenFlow[];
}

export function lossesOf(ledger: Ledger, plan: Plan, observation: Observation): Losses {
  const bystanders = bystanderCopies(ledger);
  const [trails, tally, hit] = [new TrailBook(ledger), new DropTally(ledger), new Set<FlowId>()];
  for (const cursor = ledger.cursor(); cursor.next(); ) {
    if (cursor.drop === 0 || bystanders.has(cursor.id)) continue;
    tally.add(cursor, trails.of(cursor.trail));
    hit.add(cursor.flow);
  }
  // Where translations gave names, a connection may fail with every packet delivered.
  for (const { id, aliases } of ledger.flows()) if (aliases.length > 0) hit.add(id);
  const stories = explainFlows(
    ledger,
    plan,
    [...hit].sort((a, b) => a - b),
  );
  return {
    groups: together(tally.finish()),
    broken: stories.filter(({ verdict }) => verdict === 'broken').map((story) => brokenOf(story, ledger, observation)),
  };
}

/** One for each reason, place and rule: the state of a connection makes no difference here. */
function together(drops: readonly DropGroup[]): readonly Loss[] {
  const found = new Map<string, Loss & { packets: number; example: PacketId }>();
  for (const { reason, where, at, decision, packets, examples } of drops) {
    const rule = lineOf(parseComment(decision)?.['src']);
    const key = `${reason} ${where} ${rule === null ? '' : `${rule.file}:${rule.line}`}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { reason, where, at, rule, packets, example: examples[0] ?? (0 as PacketId) });
    else {
      known.packets += packets;
      known.example = Math.min(known.example, examples[0] ?? known.example) as PacketId;
    }
  }
  return [...found.values()].sort((a, b) => b.packets - a.packets);
}

function brokenOf(story: FlowStory, ledger: Ledger, { legs }: Observation): BrokenFlow {
  const own = legs.filter(({ flows }) => flows.includes(story.flow));
  const bad = [...story.there.ways, ...story.back.ways].find(({ end }) => end.kind === 'dropped' || (end.kind === 'delivered' && !end.wanted));
  const name = story.names[0];
  return {
    flow: story.flow,
    name: `${story.protocol} ${name?.a ?? '?'} > ${name?.b ?? '?'}`,
    media: [...new Set(own.map(({ medium }) => medium))],
    hurt: own.filter((leg) => counts(leg) && (bad === undefined || isHurt(leg))).map(({ id }) => id),
    why: whyLine(story) ?? 'broken',
    example: bad?.examples[0] ?? ((ledger.packetsOf(story.flow)[0] ?? 0) as PacketId),
  };
}

/** What people notice: not a check of ICE that found no way, nor a name server that was asked twice. */
function counts({ medium }: Leg): boolean {
  return medium === 'signalling' || medium === 'rtp' || medium === 'rtcp' || medium === 'turn' || medium === 'dtls';
}

/** Ends that hurt nobody who did not expect them: chance, a full queue, a port that was closed in time. */
const BY_CHANCE: readonly string[] = ['in-flight', 'link-loss', 'link-queue-overflow', 'no-listener'];

function isHurt({ there, back }: Leg): boolean {
  const hurt = ({ endings }: Direction): boolean => endings.some(({ reason }) => !BY_CHANCE.includes(reason));
  return hurt(there) || hurt(back);
}

/** What a flow carried that counts most; `tcp`, `udp` ... of flows whose ends are not of the plan. */
export function kindOf({ media, name }: BrokenFlow): string {
  return (['signalling', 'rtp', 'rtcp', 'turn', 'dtls'] as const).find((medium) => media.includes(medium)) ?? media[0] ?? name.slice(0, name.indexOf(' '));
}
