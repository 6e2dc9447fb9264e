/**
 * `why: { between: [alice, online-fe], dropped-at: inet-fw, by: firewall-rule }`: a flow broke for this reason. Where it was
 * dropped and by what, where the ways of question and answer part, who holds the connection's state; judged by what
 * `callpath why` would say.
 * @module
 */
import { z } from 'zod';
import { explainFlows } from '../../analysis/why/explain.js';
import type { Leg } from '../../analysis/legs.js';
import type { Dropped, FlowStory, Line, Way } from '../../analysis/why/story.js';
import { isTrouble, placeWords, sentencesOf, whyLine } from '../../analysis/why/words.js';
import { DROP_NAMES, type DropName } from '../../base/drop.js';
import { LabError } from '../../base/error.js';
import type { SourceRef } from '../../base/error.js';
import { didYouMean, listed } from '../../base/suggest.js';
import type { Ruleset } from '../../nft/ruleset.js';
import { nobodyTwice, unknownNames } from '../../scenario/description/faults.js';
import { name, names, nodePair } from '../../scenario/description/fields.js';
import type { Plan } from '../../topology/plan.js';
import { legEvidence } from '../evidence.js';
import { check } from './check.js';

/** What a flow carries, as far as an expectation can name it. */
const MEDIA = ['signalling', 'audio', 'rtcp', 'stun', 'dns'] as const;
type WhyMedium = (typeof MEDIA)[number];

/** Why a flow between two nodes broke. What is null may be anything. */
export interface WhyExpected {
  /** One or two ends: actors, or nodes of the topology. */
  readonly nodes: readonly string[];
  readonly medium: WhyMedium | null;
  /** The node at which the ways of question and answer part, and the one at which they would meet again. */
  readonly partsAt: string | null;
  readonly meetsAt: string | null;
  /** Firewalls, of which one holds the state of the connection; empty: it may be any or none. */
  readonly stateAt: readonly string[];
  /** Nodes or links, of which one dropped it; empty: it may be any. */
  readonly droppedAt: readonly string[];
  readonly by: DropName | null;
  /** The rule, or the chain of the policy: `er-filter.nft`, or with its line `er-filter.nft:12`. */
  readonly rule: string | null;
  /** A part of the rule's comment. */
  readonly says: string | null;
  /** Nodes, of which one took packets for itself that were for somebody else; empty: it may be any or none. */
  readonly takenBy?: readonly string[];
  /** Nodes or links, of which one ended the ICMP errors about packets; `by`, `rule` and `says` are then about those. */
  readonly errorDiedAt?: readonly string[];
  /** A part of a sentence of `callpath why`. */
  readonly tells?: string;
}

const schema = z
  .strictObject({
    between: nodePair.optional(),
    of: name.optional(),
    medium: z.enum(MEDIA).optional(),
    'parts-at': z.string().optional(),
    'meets-at': z.string().optional(),
    'state-at': names.optional(),
    'dropped-at': names.optional(),
    by: z.enum(DROP_NAMES).exclude(['none']).optional(),
    rule: z
      .string()
      .regex(/^[^:]+(:\d+)?$/, { error: 'a rule file, or FILE:LINE' })
      .optional(),
    says: z.string().min(1).optional(),
    'taken-by': names.optional(),
    'error-died-at': names.optional(),
    tells: z.string().min(1).optional(),
  })
  .refine((why) => (why.between === undefined) !== (why.of === undefined), { error: 'either between: [NODE, NODE] or of: NODE' })
  .refine((why) => Object.keys(why).some((key) => !['between', 'of', 'medium'].includes(key)), {
    error: 'at least one of parts-at, meets-at, state-at, dropped-at, taken-by, error-died-at, by, rule, says, tells',
  });

export const why = check({
  key: 'why',
  schema,
  form: '{ between, ... }',
  doc: 'what `callpath why` says of the flows between two nodes, see [below](#why-it-broke)',
  read: (raw): readonly WhyExpected[] => [
    {
      nodes: raw.between ?? [raw.of ?? ''],
      medium: raw.medium ?? null,
      partsAt: raw['parts-at'] ?? null,
      meetsAt: raw['meets-at'] ?? null,
      stateAt: [raw['state-at'] ?? []].flat(),
      droppedAt: [raw['dropped-at'] ?? []].flat(),
      by: raw.by ?? null,
      rule: raw.rule ?? null,
      says: raw.says ?? null,
      ...(raw['taken-by'] !== undefined && { takenBy: [raw['taken-by']].flat() }),
      ...(raw['error-died-at'] !== undefined && { errorDiedAt: [raw['error-died-at']].flat() }),
      ...(raw.tells !== undefined && { tells: raw.tells }),
    },
  ],
  actors: () => [],
  /** Nodes, a link where something may be lost, at the ends actors too. */
  fit(e, plan, script) {
    const actors = Object.keys(script.actors);
    const nodes = plan.nodes.map((node) => node.name);
    const strangers = (list: readonly (string | null)[], known: readonly string[]): readonly LabError[] =>
      unknownNames(
        'FLOW_EXPECTATION',
        list.filter((it) => it !== null),
        known,
        e.src,
        (it) => `the topology ${plan.name} has no node "${it}"`,
      );
    return [
      ...strangers(e.nodes, [...actors, ...nodes]),
      ...strangers([e.partsAt, e.meetsAt, ...e.stateAt, ...(e.takenBy ?? [])], nodes),
      ...strangers([...e.droppedAt, ...(e.errorDiedAt ?? [])], [...nodes, ...plan.links.map((link) => link.name)]),
      ...nobodyTwice(e.nodes, script, e.src),
      ...(e.rule === null ? [] : strangeRule(e.rule, plan, e.src)),
    ];
  },
  about(e, c) {
    const who = e.nodes.map((node) => c.node(node)).join('-');
    return { check: `why/${who}`, subject: `why ${who}`, expected: whyText(e) };
  },
  /** Passes when one flow between the two broke so, in every respect that is expected. */
  judge(e, c) {
    const ends = e.nodes.map((node) => c.node(node));
    const legs = c.observation.legs.filter(
      (leg) => (e.medium === null || carries(leg, e.medium)) && ends.every((name) => leg.a.name === name || leg.b.name === name),
    );
    const evidence = legEvidence(legs, c.observation, c.plan);
    if (evidence.total === 0) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot(evidence) };
    const reasons = explainFlows(
      c.ledger,
      c.plan,
      legs.flatMap((leg) => leg.flows),
    ).flatMap((story) => reasonsOf(story, e.tells !== undefined));
    const [nearest] = [...reasons].sort((a, b) => misses(a, e) - misses(b, e));
    if (nearest === undefined) return { status: 'fail', observed: 'nothing was dropped', evidence };
    const { packets, examples } = nearest.way;
    const why = whyLine(nearest.story);
    const facts = factsText(nearest, e);
    return {
      status: misses(nearest, e) === 0 ? 'pass' : 'fail',
      observed: facts === '' ? 'nothing was dropped' : facts,
      evidence: { packets: examples, total: packets, links: nearest.way.hops.map(({ link }) => link), ...(why !== null && { why }) },
    };
  },
});

/** A rule that no firewall of the topology has: of another file, or of a line with neither a rule nor a policy. */
function strangeRule(wanted: string, plan: Plan, where: SourceRef): readonly LabError[] {
  const places = plan.nodes.flatMap(({ firewall }) => (firewall === undefined || firewall === null ? [] : placesOf(firewall.ruleset)));
  if (places.some((place) => isAt(place, wanted))) return [];
  const [file = ''] = wanted.split(':');
  const lines = places.filter((place) => isAt(place, file)).map(({ line }) => line);
  const files = [...new Set(places.map((place) => place.file.split('/').at(-1) ?? place.file))];
  if (lines.length === 0) {
    const message = files.length === 0 ? `the topology ${plan.name} has no firewall` : `no firewall of the topology ${plan.name} has a rule of "${file}"`;
    return [new LabError('FLOW_EXPECTATION', message, { where, expected: `one of: ${listed(files)}`, ...didYouMean(file, files) })];
  }
  const near = [...new Set(lines)].sort((a, b) => a - b).map(String);
  return [
    new LabError('FLOW_EXPECTATION', `there is no rule at ${wanted}`, {
      where,
      expected: `a rule or policy of ${file}, which stand on the lines ${near.join(', ')}`,
    }),
  ];
}

/** Of its rules and policies. */
function placesOf({ tables }: Ruleset): readonly Line[] {
  const chains = tables.flatMap((table) => table.chains);
  return chains.flatMap(({ base, rules }) => [...rules.map(({ src }) => src), ...(base === null ? [] : [base.policySrc])]);
}

/** `audio` is RTP of which nobody told that it is about something else. */
function carries({ medium, workload }: Leg, wanted: WhyMedium): boolean {
  return wanted === 'audio' ? medium === 'rtp' && (workload ?? wanted) === wanted : medium === wanted;
}

/** What a story has of what can be expected, by its names. */
interface Reason {
  readonly story: FlowStory;
  readonly way: Way;
  /** By what its packets ended; null where they did not. */
  readonly end: Dropped | null;
  readonly takenBy: string | null;
  /** By what ICMP errors about them ended; null where none did. */
  readonly died: Dropped | null;
}

/** Of the ways that went wrong; of a flow that broke without, or of which more is asked, any way. */
function reasonsOf(story: FlowStory, any: boolean): readonly Reason[] {
  const ways = [...story.there.ways, ...story.back.ways];
  const bad = ways.filter((way) => isTrouble(way) || way.errors.some(({ died }) => died !== null));
  return (bad.length === 0 && (any || story.verdict === 'broken') ? ways : bad).flatMap((way) => {
    const end = way.end.kind === 'dropped' ? way.end : null;
    const takenBy = way.end.kind === 'delivered' && !way.end.wanted ? way.end.node : null;
    return [null, ...way.errors.flatMap(({ died }) => died ?? [])].map((died) => ({ story, way, end, takenBy, died }));
  });
}

/** In how many respects a reason is not the expected one. */
function misses({ story, end, takenBy, died }: Reason, e: WhyExpected): number {
  const [errorDiedAt, taken, tells] = [e.errorDiedAt ?? [], e.takenBy ?? [], e.tells ?? null];
  const about = errorDiedAt.length > 0 ? died : end;
  const rule = about?.decided.rule ?? null;
  const held: readonly boolean[] = [
    e.partsAt === null || story.parting?.node === e.partsAt,
    e.meetsAt === null || story.parting?.again?.node === e.meetsAt,
    e.stateAt.length === 0 || e.stateAt.some((name) => story.state.holders.includes(name)),
    e.droppedAt.length === 0 || (end !== null && e.droppedAt.includes(end.where)),
    taken.length === 0 || (takenBy !== null && taken.includes(takenBy)),
    errorDiedAt.length === 0 || (died !== null && errorDiedAt.includes(died.where)),
    e.by === null || about?.drop === e.by,
    e.rule === null || (rule !== null && rule.src !== null && isAt(rule.src, e.rule)),
    e.says === null || (rule?.says ?? '').includes(e.says),
    tells === null || sentencesOf(story).some((sentence) => sentence.includes(tells)),
  ];
  return held.filter((holds) => !holds).length;
}

/** `FILE` or `FILE:LINE`, the file by the end of its path. */
function isAt({ file, line }: Line, wanted: string): boolean {
  const [name = '', number] = wanted.split(':');
  return (file === name || file.endsWith(`/${name}`)) && (number === undefined || Number(number) === line);
}

/** What is expected, in the words of {@link factsText}. */
function whyText(e: WhyExpected): string {
  const anyOf = (names: readonly string[]): string | null => (names.length === 0 ? null : names.join(' or '));
  return words({
    partsAt: e.partsAt,
    meetsAt: e.meetsAt,
    stateAt: anyOf(e.stateAt),
    droppedAt: anyOf(e.droppedAt),
    takenBy: anyOf(e.takenBy ?? []),
    errorDiedAt: anyOf(e.errorDiedAt ?? []),
    by: e.by,
    rule: e.rule,
    says: e.says,
    tells: e.tells ?? null,
  });
}

function factsText({ story, end, takenBy, died }: Reason, e: WhyExpected): string {
  const ofError = (e.errorDiedAt ?? []).length > 0 && died !== null;
  const about = ofError ? died : end;
  const rule = about?.decided.rule ?? null;
  const tells = e.tells ?? null;
  return words({
    partsAt: story.parting?.node ?? null,
    meetsAt: story.parting?.again?.node ?? null,
    stateAt: story.state.holders.length === 0 ? null : story.state.holders.join(' and '),
    droppedAt: end === null || (ofError && e.droppedAt.length === 0) ? null : end.where,
    takenBy,
    errorDiedAt: ofError ? died.where : null,
    by: about?.drop ?? null,
    rule: rule === null || rule.src === null ? null : placeWords(rule.src),
    says: rule?.says ?? null,
    // Of many sentences the one that was asked for, or what stands for them all.
    tells: tells === null ? null : (sentencesOf(story).find((sentence) => sentence.includes(tells)) ?? whyLine(story)),
  });
}

type Facts = Readonly<Record<'partsAt' | 'meetsAt' | 'stateAt' | 'droppedAt' | 'takenBy' | 'errorDiedAt' | 'by' | 'rule' | 'says' | 'tells', string | null>>;

function words({ partsAt, meetsAt, stateAt, droppedAt, takenBy, errorDiedAt, by, rule, says, tells }: Facts): string {
  const reason = [by === null ? '' : `by ${by}`, rule ?? '', says === null ? '' : `"${says}"`];
  const ofDrop = [droppedAt === null ? '' : `at ${droppedAt}`, ...(errorDiedAt === null ? reason : [])].filter((part) => part !== '').join(' ');
  const ofError = errorDiedAt === null ? '' : [`at ${errorDiedAt}`, ...reason].filter((part) => part !== '').join(' ');
  const parts = [
    ...(ofDrop === '' ? [] : [`dropped ${ofDrop}`]),
    ...(ofError === '' ? [] : [`the ICMP error died ${ofError}`]),
    ...(takenBy === null ? [] : [`taken by ${takenBy} for itself`]),
    ...(partsAt === null ? [] : [`parts at ${partsAt}`]),
    ...(meetsAt === null ? [] : [`meets at ${meetsAt}`]),
    ...(stateAt === null ? [] : [`state at ${stateAt}`]),
    ...(tells === null ? [] : [`"${tells}"`]),
  ];
  return parts.join('; ');
}
