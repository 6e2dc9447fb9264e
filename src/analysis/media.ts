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
import { isTurn, kindOf, rtpHeader, turnData, udpPayload } from './payload.js';
import type { RtpHeader, UdpPayload } from './payload.js';

/**
 * What protocol it is; what RTP is about is its {@link Workload}. `turn`: requests of RFC 8656, and what they and its
 * channels carry. `icmp`: errors and echoes, of both versions. `other`: everything that none of the rest is.
 */
export const MEDIA = ['signalling', 'rtp', 'rtcp', 'stun', 'turn', 'dtls', 'dns', 'icmp', 'other'] as const;
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
      return from.traits.homes === true || to.traits.homes === true ? 'signalling' : 'other';
    case 'udp':
      return aPort === DNS_PORT || bPort === DNS_PORT ? 'dns' : null;
    case 'icmp':
    case 'icmpv6':
      return 'icmp';
    default:
      return 'other';
  }
}

export interface Seen {
  readonly medium: Medium;
  /** Header of the RTP packet that it is, or that TURN carries in it; else null. */
  readonly rtp: RtpHeader | null;
}

const SEEN = Object.fromEntries(MEDIA.map((medium) => [medium, { medium, rtp: null }])) as Readonly<Record<Medium, Seen>>;

/** Of a medium that is known without a look. */
export function unseen(medium: Medium): Seen {
  return SEEN[medium];
}

function seenIn(payload: UdpPayload): Seen {
  const { kind } = payload;
  switch (kind) {
    case 'rtp':
      return { medium: 'rtp', rtp: rtpHeader(payload.bytes) };
    case 'turn-channel':
    case 'stun': {
      if (!isTurn(payload)) return SEEN.stun;
      const carried = turnData(payload);
      return carried !== null && kindOf(carried) === 'rtp' ? { medium: 'turn', rtp: rtpHeader(carried) } : SEEN.turn;
    }
    case 'rtcp':
    case 'dtls':
    case 'other':
      return SEEN[kind];
  }
}

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
    if (payload === null) return this.#datagrams.get(cause) ?? SEEN.other;
    const seen = seenIn(payload);
    if (payload.cut && cause !== 0) this.#datagrams.set(cause, seen);
    return seen;
  }
}
