/**
 * Why packets ended where they did: the flows that they belong to, both directions of each, as stories.
 * A function of the ledger; a plan, where there is one, names who holds an address that nobody answered from.
 * @module
 */
import type { FlowId, PacketId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import { protocolName } from '../../capture/ledger.js';
import type { Flow, Ledger, Step } from '../../capture/ledger.js';
import type { Plan } from '../../topology/plan.js';
import { ownersOf } from '../addresses.js';
import type { AddressOwners } from '../addresses.js';
import { nodeAt } from '../trails.js';
import { errorMeaning, errorsAmong, icmpFlows } from './icmp-errors.js';
import { partingOf } from './parting.js';
import { answersFrom } from './answers.js';
import { withChoices } from './bgp-choice.js';
import { Pieces } from './pieces.js';
import { stateOf, withState } from './state.js';
import type { BothWays } from './state.js';
import type { DirectionStory, End, FlowStory, Parting, Remark, Way } from './story.js';
import { translationRemarks } from './translations.js';
import { strandsOf } from './strands.js';
import type { FlowStrands, Strand } from './strands.js';
import { waysOf } from './ways.js';

/** Stories of the flows that these packets belong to, each once, in the order of the packets. An ICMP error belongs to the flow that it is about. */
export function explain(ledger: Ledger, plan: Plan | null, packets: readonly PacketId[]): readonly FlowStory[] {
  const ids = new Set<FlowId>();
  const errors = icmpFlows(ledger);
  for (const id of packets) {
    const flow = subjectOf(ledger, id, errors);
    if (flow !== null) ids.add(flow);
  }
  return explainFlows(ledger, plan, [...ids]);
}

export function explainFlows(ledger: Ledger, plan: Plan | null, ids: readonly FlowId[]): readonly FlowStory[] {
  if (ids.length === 0) return [];
  const all = new Map(ledger.flows().map((flow) => [flow.id, flow]));
  const flows = ids.flatMap((id) => all.get(id) ?? []);
  const owners = plan === null ? null : ownersOf(plan);
  const icmpOnes = icmpFlows(ledger);
  const pieces = new Pieces(ledger, [...new Set([...flows, ...ledger.flows().filter(({ id }) => icmpOnes.has(id))])]);
  return strandsOf(ledger, flows, pieces).map((strands) => storyOf({ ledger, plan, owners, icmpOnes, pieces, all }, strands));
}

function subjectOf(ledger: Ledger, id: PacketId, errors: ReadonlySet<FlowId>): FlowId | null {
  const flow = ledger.flowOf(id);
  if (flow === null || !errors.has(flow)) return flow;
  const bytes = ledger.firstBytes(id);
  const cause = ledger.journey(id)?.causes[0];
  const about = cause === undefined || bytes === null || errorMeaning(bytes) === null ? null : ledger.flowOf(cause);
  return about ?? flow;
}

interface Around {
  readonly ledger: Ledger;
  readonly plan: Plan | null;
  readonly pieces: Pieces;
  readonly owners: AddressOwners | null;
  readonly icmpOnes: ReadonlySet<FlowId>;
  readonly all: ReadonlyMap<FlowId, Flow>;
}

function storyOf(around: Around, found: FlowStrands): FlowStory {
  const { ledger, plan, icmpOnes, pieces } = around;
  const { flow, strands } = found;
  const names = [flow, ...flow.aliases].map(({ a, b }) => ({ a, b }));
  const side = (direction: Strand['direction']): readonly Strand[] => strands.filter((strand) => strand.direction === direction);
  const to = otherEnd(around, found);
  const both: BothWays = { there: waysOf(ledger, side('there'), to), back: waysOf(ledger, side('back'), found.from) };
  const state = stateOf(both);
  const finish = (direction: Strand['direction']): readonly Way[] =>
    both[direction].map((raw) => {
      const { strands: own, ...way } = raw;
      const effects = own.flatMap((strand) => strand.effects);
      return {
        ...way,
        hops: plan === null ? way.hops : withChoices(plan, way.hops),
        end: withState(ledger, raw, direction, state, both),
        errors: errorsAmong(ledger, effects, icmpOnes, pieces),
      };
    });
  const [fromName, toName] = [found.from ?? flow.a, to ?? flow.b];
  const [thereStory, backStory] = [directionOf(fromName, toName, finish('there')), directionOf(toName, fromName, finish('back'))];
  const answers = answersFrom(ledger, flow, fromName, both);
  const remarks: readonly Remark[] = [...(answers === null ? [] : [answers]), ...translationRemarks(around, flow, both)];
  return {
    flow: flow.id,
    protocol: protocolName(flow.protocol),
    names,
    there: thereStory,
    back: backStory,
    parting: partedWays(ledger, thereStory, backStory),
    state,
    onward: onwardOf(around, strands),
    remarks,
    // A program may take datagrams from anywhere; TCP knows no connection to that address.
    verdict: answers !== null && protocolName(flow.protocol) === 'tcp' ? 'broken' : verdictOf(protocolName(flow.protocol), thereStory, backStory),
  };
}

function verdictOf(protocol: string, ...directions: readonly DirectionStory[]): FlowStory['verdict'] {
  const marks = directions.flatMap((direction) => direction.ways.map((way) => (taughtMtu(protocol, way, direction) ? 'fine' : markOf(way.end, direction))));
  return (['broken', 'lossy', 'refused'] as const).find((mark) => marks.includes(mark)) ?? 'fine';
}

function markOf(end: End, { to, delivered }: DirectionStory): FlowStory['verdict'] {
  if (end.kind !== 'dropped') return end.kind === 'delivered' && !end.wanted ? 'broken' : 'fine';
  if (end.drop === 'no-listener' && end.where === to) return 'refused';
  return (end.drop === 'link-loss' || end.drop === 'link-queue-overflow') && delivered > 0 ? 'lossy' : 'broken';
}

/**
 * What was too large taught its sender the MTU of the way on, and TCP sent the bytes again in smaller segments (RFC 1191
 * section 6.4, RFC 8201 section 5.4): the error arrived, and what came after the last large packet was taken. A datagram is lost for good.
 */
export function taughtMtu(protocol: string, { end, errors, last }: Way, { from, ways }: DirectionStory): boolean {
  if (protocol !== 'tcp' || end.kind !== 'dropped' || end.drop !== 'mtu-df') return false;
  return errors.some(({ reached }) => reached === from) && ways.some((way) => way.end.kind === 'delivered' && way.end.wanted && way.last > last);
}

function directionOf(from: string, to: string, ways: readonly Way[]): DirectionStory {
  const count = (some: readonly Way[]): number => some.reduce((sum, { packets }) => sum + packets, 0);
  return { from, to, packets: count(ways), delivered: count(ways.filter(({ end }) => end.kind === 'delivered' && end.wanted)), ways };
}

/** Who is spoken to: by the plan, the owner of the last name that translations gave the address; else by who answered or took it. */
function otherEnd({ ledger, owners }: Around, { flow, strands, from }: FlowStrands): string | null {
  const owner = [flow, ...flow.aliases]
    .reverse()
    .map(({ b }) => owners?.ofEndpoint(b)?.name)
    .find((name) => name !== undefined && name !== from);
  if (owner !== undefined) return owner;
  const node = (step: Step | undefined): string => nodeAt(ledger, step?.point ?? ledger.points.lab);
  const there = strands.filter(({ direction }) => direction === 'there');
  const taken = there.filter(({ steps, drop }) => drop === 0 && steps.at(-1)?.kind === 'in').map(({ steps }) => node(steps.at(-1)));
  const answered = strands.filter(({ direction, steps }) => direction === 'back' && steps[0]?.kind === 'out').map(({ steps }) => node(steps[0]));
  // Only who has the address finds that nothing listens.
  const refused = there.filter(({ drop }) => drop === DROP.NO_LISTENER).map(({ steps }) => node(steps.at(-1)));
  return answered.find((one) => taken.includes(one)) ?? taken[0] ?? answered[0] ?? refused[0] ?? null;
}

/** Of the ways that went wrong the first that left the common one; else of two directions that went well by different links. */
function partedWays(ledger: Ledger, there: DirectionStory, back: DirectionStory): Parting | null {
  const arrived = (way: Way): boolean => way.end.kind === 'delivered' && way.end.wanted;
  const reference = there.ways.find(arrived) ?? there.ways[0];
  if (reference === undefined) return null;
  const suspects = [
    ...back.ways.filter(({ end }) => end.kind === 'dropped' && end.state !== null).map((way) => ['back', way] as const),
    ...there.ways.filter((way) => way !== reference && way.end.kind === 'dropped').map((way) => ['there', way] as const),
    ...back.ways.filter((way) => !arrived(way)).map((way) => ['back', way] as const),
    ...back.ways.filter(arrived).map((way) => ['back', way] as const),
  ];
  for (const [direction, way] of suspects) {
    const parting = partingOf(ledger, reference, way, direction);
    if (parting !== null) return parting;
  }
  return null;
}

/** What nodes sent in other flows because of packets of this one, but for ICMP errors. */
function onwardOf({ ledger, icmpOnes, all }: Around, strands: readonly Strand[]): FlowStory['onward'] {
  const found = new Map<FlowId, FlowStory['onward'][number]>();
  for (const id of strands.flatMap(({ effects }) => effects)) {
    const flow = ledger.flowOf(id);
    if (flow === null || found.has(flow) || icmpOnes.has(flow)) continue;
    const known = all.get(flow);
    const first = ledger.journey(id)?.hops[0];
    if (known !== undefined && first !== undefined)
      found.set(flow, { node: ledger.points.linkPoint(first.point).node, flow, protocol: protocolName(known.protocol), a: known.a, b: known.b });
  }
  return [...found.values()];
}
