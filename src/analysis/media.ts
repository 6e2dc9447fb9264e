/**
 * Which medium a packet belongs to: by the flow alone where ports and ends say it, else by its bytes.
 * @module
 */
import type { FlowId, PacketId } from '../base/brand.js';
import { protocolName } from '../capture/ledger.js';
import type { Flow, Ledger } from '../capture/ledger.js';
import type { Plan, PlanNode } from '../topology/plan.js';
import { ownersOf, splitEndpoint } from './addresses.js';
import type { AddressOwners } from './addresses.js';
import { rtpHeader, udpPayload } from './payload.js';
import type { PayloadKind, RtpHeader } from './payload.js';

/** `icmp`: errors and echoes, of both versions. `other`: everything that none of the rest is. */
export const MEDIA = ['signalling', 'audio', 'rtcp', 'stun', 'dns', 'icmp', 'other'] as const;
export type Medium = (typeof MEDIA)[number];

/** A flow between two nodes of the plan. */
export interface PlacedFlow {
  readonly id: FlowId;
  /** Who sent first. */
  readonly from: PlanNode;
  readonly to: PlanNode;
  /** Null when its packets must be looked at. */
  readonly medium: Medium | null;
}

const DNS_PORT = 53;
const FRONT_END = 'front-end';

/** Flows by id; undefined for those that are not between two nodes of the plan. */
export function placeFlows(flows: readonly Flow[], plan: Plan): ReadonlyMap<FlowId, PlacedFlow> {
  const owners = ownersOf(plan);
  const placed = new Map<FlowId, PlacedFlow>();
  for (const flow of flows) {
    const names = [flow, ...flow.aliases];
    const [a, b] = [
      endOf(
        names.map((name) => name.a),
        owners,
      ),
      endOf(
        names.map((name) => name.b),
        owners,
      ),
    ];
    if (a === null || b === null || a.node === b.node) continue;
    placed.set(flow.id, { id: flow.id, from: a.node, to: b.node, medium: mediumOf(protocolName(flow.protocol), a.port, b.port, a.node, b.node) });
  }
  return placed;
}

/** Who stands behind the names that translations gave an end: a host rather than the router that translates. */
function endOf(names: readonly string[], owners: AddressOwners): { readonly node: PlanNode; readonly port: number } | null {
  const known = names.map(splitEndpoint).flatMap(({ address, port }) => {
    const node = owners.of(address);
    return node === undefined ? [] : [{ node, port }];
  });
  return known.find(({ node }) => !node.forwards) ?? known[0] ?? null;
}

function mediumOf(protocol: string, aPort: number, bPort: number, from: PlanNode, to: PlanNode): Medium | null {
  switch (protocol) {
    case 'tcp':
      if (aPort === DNS_PORT || bPort === DNS_PORT) return 'dns';
      return from.kind === FRONT_END || to.kind === FRONT_END ? 'signalling' : 'other';
    case 'udp':
      return aPort === DNS_PORT || bPort === DNS_PORT ? 'dns' : null;
    case 'icmp':
    case 'icmpv6':
      return 'icmp';
    default:
      return 'other';
  }
}

export type Seen = { readonly medium: Exclude<Medium, 'audio'> } | { readonly medium: 'audio'; readonly header: RtpHeader };

const MEDIUM_OF: Readonly<Record<Exclude<PayloadKind, 'rtp'>, Exclude<Medium, 'audio'>>> = { rtcp: 'rtcp', stun: 'stun', dtls: 'other', other: 'other' };
const OTHER: Seen = { medium: 'other' };

/** Looks at UDP packets. Later fragments have no header: they are what the first one was. */
export class PayloadLooker {
  readonly #ledger: Ledger;
  /** By the datagram that fragments were cut from. */
  readonly #datagrams = new Map<number, Seen>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** @param cause of the packet, 0 = none */
  look(id: PacketId, cause: number): Seen {
    const frame = this.#ledger.firstBytes(id);
    const payload = frame === null ? null : udpPayload(frame);
    if (payload === null) return this.#datagrams.get(cause) ?? OTHER;
    const seen: Seen = payload.kind === 'rtp' ? { medium: 'audio', header: rtpHeader(payload.bytes) } : { medium: MEDIUM_OF[payload.kind] };
    if (payload.cut && cause !== 0) this.#datagrams.set(cause, seen);
    return seen;
  }
}

/** SSRCs that nodes told of, with who told. */
export function toldStreams(ledger: Ledger): ReadonlyMap<number, ReadonlySet<string>> {
  const told = new Map<number, Set<string>>();
  for (const { name, node, fields } of ledger.events()) {
    if (name !== 'media-started' && name !== 'media-heard') continue;
    const ssrc = Number(fields['ssrc'] ?? NaN);
    if (!Number.isInteger(ssrc)) continue;
    const nodes = told.get(ssrc);
    if (nodes === undefined) told.set(ssrc, new Set([node]));
    else nodes.add(node);
  }
  return told;
}
