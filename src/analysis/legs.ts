/**
 * Legs: what the documentation speaks of. Who talked to whom about what, over which links, and the word for it.
 * Found in the ledger and the plan alone.
 * @module
 */
import type { FlowId, PacketId } from '../base/brand.js';
import { protocolName } from '../capture/ledger.js';
import type { Flow, Ledger } from '../capture/ledger.js';
import type { Plan, PlanNode, Segment } from '../topology/plan.js';
import { AddressOwners, splitEndpoint } from './addresses.js';
import { observeDirection, segmentsOf } from './direction.js';
import type { Direction } from './direction.js';
import { udpPayload } from './payload.js';
import type { PayloadKind } from './payload.js';

export type Medium = 'signalling' | 'audio' | 'rtcp' | 'stun' | 'dns' | 'other';

export interface Leg {
  /** `signalling/bob-online-fe`, `audio/alice-bob`: stable from run to run. */
  readonly id: string;
  readonly medium: Medium;
  readonly a: PlanNode;
  readonly b: PlanNode;
  readonly flows: readonly FlowId[];
  /** From a to b. */
  readonly there: Direction;
  readonly back: Direction;
  /** The article's word: `local`, `Internet`, `ExpressRoute`, or several, joined by " and ". */
  readonly label: string;
}

export interface Observation {
  readonly legs: readonly Leg[];
}

interface Draft {
  readonly medium: Medium;
  readonly a: PlanNode;
  readonly b: PlanNode;
  readonly flows: Set<FlowId>;
  readonly there: PacketId[];
  readonly back: PacketId[];
}

const MEDIUM_OF: Readonly<Record<PayloadKind, Medium>> = { rtp: 'audio', rtcp: 'rtcp', stun: 'stun', dtls: 'other', other: 'other' };
const DNS_PORT = 53;

/** Every leg of the run, in the order of its first packet. */
export function observe(ledger: Ledger, plan: Plan): Observation {
  const owners = new AddressOwners(plan);
  const drafts = new Map<string, Draft>();
  for (const flow of ledger.flows()) {
    const a = splitEndpoint(flow.a);
    const b = splitEndpoint(flow.b);
    const from = owners.of(a.address);
    const to = owners.of(b.address);
    if (from === undefined || to === undefined || from === to) continue;
    for (const id of ledger.packetsOf(flow.id) as Iterable<number>) {
      const medium = mediumOf(ledger, flow, a.port, b.port, id as PacketId, from, to);
      if (medium !== null) add(drafts, medium, from, to, flow.id, id as PacketId, senderOf(ledger, id as PacketId));
    }
  }
  return { legs: [...drafts.values()].map((draft) => finish(draft, ledger, plan)) };
}

function mediumOf(ledger: Ledger, flow: Flow, aPort: number, bPort: number, id: PacketId, from: PlanNode, to: PlanNode): Medium | null {
  const protocol = protocolName(flow.protocol);
  if (protocol === 'tcp') return from.kind === 'front-end' || to.kind === 'front-end' ? 'signalling' : 'other';
  if (protocol !== 'udp') return null;
  if (aPort === DNS_PORT || bPort === DNS_PORT) return 'dns';
  const frame = ledger.firstBytes(id);
  const payload = frame === null ? null : udpPayload(frame);
  return payload === null ? null : MEDIUM_OF[payload.kind];
}

/** Node that put the packet on its first link. */
function senderOf(ledger: Ledger, id: PacketId): string | null {
  const hop = ledger.journey(id)?.hops[0];
  return hop === undefined ? null : ledger.points.linkPoint(hop.point).node;
}

function add(drafts: Map<string, Draft>, medium: Medium, from: PlanNode, to: PlanNode, flow: FlowId, id: PacketId, sender: string | null): void {
  const [a, b] = order(from, to);
  const key = `${medium}/${a.name}-${b.name}`;
  let draft = drafts.get(key);
  if (draft === undefined) {
    draft = { medium, a, b, flows: new Set(), there: [], back: [] };
    drafts.set(key, draft);
  }
  draft.flows.add(flow);
  if (sender === a.name) draft.there.push(id);
  else draft.back.push(id);
}

/** Clients before servers, then by name: so an id does not depend on who spoke first. */
function order(x: PlanNode, y: PlanNode): readonly [PlanNode, PlanNode] {
  const rank = (node: PlanNode): number => (node.kind === 'client' ? 0 : 1);
  const swap = rank(x) !== rank(y) ? rank(x) > rank(y) : x.name > y.name;
  return swap ? [y, x] : [x, y];
}

function finish(draft: Draft, ledger: Ledger, plan: Plan): Leg {
  const there = observeDirection(ledger, draft.there);
  const back = observeDirection(ledger, draft.back);
  return {
    id: `${draft.medium}/${draft.a.name}-${draft.b.name}`,
    medium: draft.medium,
    a: draft.a,
    b: draft.b,
    flows: [...draft.flows],
    there,
    back,
    label: labelOf(new Set([...segmentsOf(there, plan), ...segmentsOf(back, plan)])),
  };
}

/** The article's word for a set of segments. Microsoft's own network alone counts as `local` to it. */
export function labelOf(segments: ReadonlySet<Segment>): string {
  if (segments.size === 0) return 'nothing';
  const words: string[] = [];
  if (segments.has('expressroute')) words.push('ExpressRoute');
  if (segments.has('internet')) words.push('Internet');
  return words.length === 0 ? 'local' : words.join(' and ');
}

export function legsOf(observation: Observation, medium: Medium, ...nodes: readonly string[]): readonly Leg[] {
  return observation.legs.filter((leg) => leg.medium === medium && nodes.every((node) => leg.a.name === node || leg.b.name === node));
}
