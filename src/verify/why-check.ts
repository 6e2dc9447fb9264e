/**
 * Checks that a flow broke for the reason that is expected: where it was dropped and by what, where the ways of question
 * and answer part, who holds the connection's state. Judged by what `callpath why` would say.
 * @module
 */
import { explainFlows } from '../analysis/why/explain.js';
import type { End, FlowStory, Line, Way } from '../analysis/why/story.js';
import { placeWords, whyLine } from '../analysis/why/words.js';
import type { WhyExpectation } from '../scenario/flow.js';
import type { Context } from './context.js';
import { legEvidence } from './evidence.js';
import type { Verdict } from './finding.js';

type Dropped = Extract<End, { kind: 'dropped' }>;

/** What a story has of what can be expected, by its names. */
interface Reason {
  readonly story: FlowStory;
  readonly way: Way;
  readonly end: Dropped;
}

/** Passes when one flow between the two broke so, in every respect that is expected. */
export function judgeWhy(c: Context, e: WhyExpectation): Verdict {
  const ends = e.nodes.map((node) => c.node(node));
  const legs = c.observation.legs.filter(
    (leg) =>
      (e.medium === null || leg.medium === (e.medium === 'audio' ? 'rtp' : e.medium)) && ends.every((name) => leg.a.name === name || leg.b.name === name),
  );
  const evidence = legEvidence(legs, c.observation, c.plan);
  if (evidence.total === 0) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot(evidence) };
  const reasons = explainFlows(
    c.ledger,
    c.plan,
    legs.flatMap((leg) => leg.flows),
  ).flatMap(reasonsOf);
  const [nearest] = [...reasons].sort((a, b) => misses(a, e) - misses(b, e));
  if (nearest === undefined) return { status: 'fail', observed: 'nothing was dropped', evidence };
  const { packets, examples } = nearest.way;
  const why = whyLine(nearest.story);
  return {
    status: misses(nearest, e) === 0 ? 'pass' : 'fail',
    observed: factsText(nearest),
    evidence: { packets: examples, total: packets, links: nearest.way.hops.map(({ link }) => link), ...(why !== null && { why }) },
  };
}

function reasonsOf(story: FlowStory): readonly Reason[] {
  return [...story.there.ways, ...story.back.ways].flatMap((way) => (way.end.kind === 'dropped' ? [{ story, way, end: way.end }] : []));
}

/** In how many respects a reason is not the expected one. */
function misses({ story, end }: Reason, e: WhyExpectation): number {
  const { rule } = end.decided;
  const held: readonly boolean[] = [
    e.partsAt === null || story.parting?.node === e.partsAt,
    e.meetsAt === null || story.parting?.again?.node === e.meetsAt,
    e.stateAt.length === 0 || e.stateAt.some((name) => story.state.holders.includes(name)),
    e.droppedAt.length === 0 || e.droppedAt.includes(end.where),
    e.by === null || end.drop === e.by,
    e.rule === null || (rule?.src !== null && rule?.src !== undefined && isAt(rule.src, e.rule)),
    e.says === null || (rule?.says ?? '').includes(e.says),
  ];
  return held.filter((holds) => !holds).length;
}

/** `FILE` or `FILE:LINE`, the file by the end of its path. */
function isAt({ file, line }: Line, wanted: string): boolean {
  const [name = '', number] = wanted.split(':');
  return (file === name || file.endsWith(`/${name}`)) && (number === undefined || Number(number) === line);
}

/** What is expected, in the words of {@link factsText}. */
export function whyText(e: WhyExpectation): string {
  const anyOf = (names: readonly string[]): string | null => (names.length === 0 ? null : names.join(' or '));
  return words({ partsAt: e.partsAt, meetsAt: e.meetsAt, stateAt: anyOf(e.stateAt), droppedAt: anyOf(e.droppedAt), by: e.by, rule: e.rule, says: e.says });
}

function factsText({ story, end }: Reason): string {
  const { rule } = end.decided;
  return words({
    partsAt: story.parting?.node ?? null,
    meetsAt: story.parting?.again?.node ?? null,
    stateAt: story.state.holders.length === 0 ? null : story.state.holders.join(' and '),
    droppedAt: end.where,
    by: end.drop,
    rule: rule?.src === null || rule?.src === undefined ? null : placeWords(rule.src),
    says: rule?.says ?? null,
  });
}

interface Facts {
  readonly partsAt: string | null;
  readonly meetsAt: string | null;
  readonly stateAt: string | null;
  readonly droppedAt: string | null;
  readonly by: string | null;
  readonly rule: string | null;
  readonly says: string | null;
}

function words({ partsAt, meetsAt, stateAt, droppedAt, by, rule, says }: Facts): string {
  const drop = [droppedAt === null ? '' : `at ${droppedAt}`, by === null ? '' : `by ${by}`, rule ?? '', says === null ? '' : `"${says}"`]
    .filter((part) => part !== '')
    .join(' ');
  const parts = [
    ...(drop === '' ? [] : [`dropped ${drop}`]),
    ...(partsAt === null ? [] : [`parts at ${partsAt}`]),
    ...(meetsAt === null ? [] : [`meets at ${meetsAt}`]),
    ...(stateAt === null ? [] : [`state at ${stateAt}`]),
  ];
  return parts.join('; ');
}
