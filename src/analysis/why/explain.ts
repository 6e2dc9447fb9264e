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
import type { DirectionStory, End, FlowStory, Parting, StateFault, StateStory, Way } from './story.js';
import { strandsOf } from './strands.js';
import type { FlowStrands, Strand } from './strands.js';
import { waysOf } from './ways.js';
import type { RawWay } from './ways.js';

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
  return strandsOf(ledger, flows).map((strands) => storyOf({ ledger, owners, icmpOnes, all }, strands));
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
  readonly owners: AddressOwners | null;
  readonly icmpOnes: ReadonlySet<FlowId>;
  readonly all: ReadonlyMap<FlowId, Flow>;
}

function storyOf(around: Around, found: FlowStrands): FlowStory {
  const { ledger, icmpOnes } = around;
  const { flow, strands } = found;
  const names = [flow, ...flow.aliases].map(({ a, b }) => ({ a, b }));
  const side = (direction: Strand['direction']): readonly Strand[] => strands.filter((strand) => strand.direction === direction);
  const to = otherEnd(around, found);
  const [there, back] = [waysOf(ledger, side('there'), to), waysOf(ledger, side('back'), found.from)];
  const state = stateOf(there, back);
  const finish = (ways: readonly RawWay[], direction: Strand['direction']): readonly Way[] =>
    ways.map(({ strands: own, ...way }) => ({
      ...way,
      end: withState(way.end, direction, own, state),
      errors: errorsAmong(
        ledger,
        own.flatMap(({ effects }) => effects),
        icmpOnes,
      ),
    }));
  const [fromName, toName] = [found.from ?? flow.a, to ?? flow.b];
  const [thereStory, backStory] = [directionOf(fromName, toName, finish(there, 'there')), directionOf(toName, fromName, finish(back, 'back'))];
  return {
    flow: flow.id,
    protocol: protocolName(flow.protocol),
    names,
    there: thereStory,
    back: backStory,
    parting: partedWays(ledger, thereStory, backStory),
    state,
    onward: onwardOf(around, strands),
    verdict: verdictOf(thereStory, backStory),
  };
}

function verdictOf(...directions: readonly DirectionStory[]): FlowStory['verdict'] {
  const marks = directions.flatMap(({ to, ways }) => ways.map(({ end }) => markOf(end, to)));
  return marks.includes('broken') ? 'broken' : marks.includes('refused') ? 'refused' : 'fine';
}

function markOf(end: End, target: string): FlowStory['verdict'] {
  if (end.kind === 'dropped') return end.drop === 'no-listener' && end.where === target ? 'refused' : 'broken';
  return end.kind === 'delivered' && !end.wanted ? 'broken' : 'fine';
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

/** A firewall that let a packet pass as the first of a connection holds its state. */
function stateOf(there: readonly RawWay[], back: readonly RawWay[]): StateStory {
  const passedNew = (ways: readonly RawWay[]): readonly string[] =>
    ways.flatMap(({ hops }) => hops.filter(({ decided }) => decided.some(({ ct }) => ct === 'new')).map(({ node }) => node));
  const holders = [...new Set(passedNew(there))];
  const strange = ({ hops, end }: RawWay, answers: boolean): readonly string[] => [
    ...(answers ? hops.filter(({ decided }) => decided.some(({ ct }) => ct === 'new' || ct === 'invalid')).map(({ node }) => node) : []),
    ...(end.kind === 'dropped' && isStrange(end) && (answers || holders.length > 0) ? [end.where] : []),
  ];
  const missing = [...there.flatMap((way) => strange(way, false)), ...back.flatMap((way) => strange(way, true))];
  return { holders, missing: [...new Set(missing)].filter((node) => !holders.includes(node)) };
}

type Dropped = Extract<End, { kind: 'dropped' }>;

function isStrange({ decided: { ct }, drop }: Dropped): boolean {
  return ct === 'new' || ct === 'invalid' || drop === 'conntrack-invalid' || drop === 'nat-no-mapping';
}

/** Says what is wrong with the connection's state, if it is that. A first packet that a rule forbids is none of it. */
function withState(end: End, direction: Strand['direction'], strands: readonly Strand[], state: StateStory): End {
  if (end.kind !== 'dropped' || !isStrange(end)) return end;
  const answer = direction === 'back';
  const silence = strands[0]?.silence ?? null;
  const elsewhere = state.holders.length > 0 && !state.holders.includes(end.where);
  if (!answer && silence === null && !elsewhere) return end;
  const fault: StateFault = { ct: end.decided.ct ?? 'invalid', answer, silence };
  return { ...end, state: fault };
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
