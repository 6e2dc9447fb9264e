/**
 * ICMP errors about packets of a flow: who sent them, what they mean, whether they arrived (RFC 792, RFC 1812 section
 * 5.2.7, RFC 4443).
 * @module
 */
import type { FlowId, PacketId } from '../../base/brand.js';
import { protocolName } from '../../capture/ledger.js';
import type { Ledger } from '../../capture/ledger.js';
import { dissect, ipOf } from '../../wire/frame.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import { isMalformed } from '../../wire/malformed.js';
import { nodeAt } from '../trails.js';
import type { Pieces } from './pieces.js';
import type { IcmpError } from './story.js';
import { endKey, endOf } from './ways.js';

const UNREACHABLE4: Readonly<Record<number, string>> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  4: 'fragmentation needed',
  9: 'network administratively prohibited',
  10: 'host administratively prohibited',
  13: 'communication administratively prohibited',
};
const UNREACHABLE6: Readonly<Record<number, string>> = {
  0: 'no route to destination',
  1: 'communication administratively prohibited',
  2: 'beyond scope of source address',
  3: 'address unreachable',
  4: 'port unreachable',
  5: 'source address failed ingress/egress policy',
  6: 'reject route to destination',
};

/** What an ICMP error's bytes say; null when it is none. */
export function errorMeaning(frame: Uint8Array): string | null {
  const transport = ipOf(dissect(frame, 0, frame.length))?.transport;
  if (transport === undefined || isMalformed(transport)) return null;
  const { kind } = transport;
  if (kind === 'icmp' && icmp.isError(transport.type)) return meaning4(transport.type, transport.code, transport.message);
  if (kind === 'icmpv6' && icmpv6.isError(transport.type)) return meaning6(transport.type, transport.code, transport.message);
  return null;
}

function meaning4(type: number, code: number, message: icmp.Icmp): string {
  switch (type) {
    case icmp.TYPES.DESTINATION_UNREACHABLE: {
      const mtu = message.kind === 'destination-unreachable' && code === icmp.UNREACHABLE.FRAGMENTATION_NEEDED ? `, MTU ${message.nextHopMtu}` : '';
      return `${UNREACHABLE4[code] ?? `destination unreachable, code ${code}`}${mtu}`;
    }
    case icmp.TYPES.TIME_EXCEEDED:
      return code === icmp.EXCEEDED.TTL ? 'TTL exceeded in transit' : 'reassembly time exceeded';
    default:
      return `type ${type}, code ${code}`;
  }
}

function meaning6(type: number, code: number, message: icmpv6.Icmpv6): string {
  switch (type) {
    case icmpv6.TYPES.DESTINATION_UNREACHABLE:
      return UNREACHABLE6[code] ?? `destination unreachable, code ${code}`;
    case icmpv6.TYPES.PACKET_TOO_BIG:
      return `packet too big${message.kind === 'packet-too-big' ? `, MTU ${message.mtu}` : ''}`;
    case icmpv6.TYPES.TIME_EXCEEDED:
      return code === icmpv6.EXCEEDED.HOP_LIMIT ? 'hop limit exceeded in transit' : 'reassembly time exceeded';
    default:
      return `type ${type}, code ${code}`;
  }
}

/** Protocols of the flows that are ICMP, by flow: asked once for a ledger. */
export function icmpFlows(ledger: Ledger): ReadonlySet<FlowId> {
  return new Set(
    ledger
      .flows()
      .filter(({ protocol }) => /^icmp(v6)?$/.test(protocolName(protocol)))
      .map(({ id }) => id),
  );
}

/** Errors among the packets that others caused, alike ones together. */
export function errorsAmong(ledger: Ledger, effects: readonly PacketId[], icmpOnes: ReadonlySet<FlowId>, pieces: Pieces): readonly IcmpError[] {
  const found = new Map<string, IcmpError & { packets: number }>();
  for (const id of effects) {
    const flow = ledger.flowOf(id);
    const whole = flow === null || !icmpOnes.has(flow) ? null : pieces.whole(id);
    if (whole === null) continue;
    const bytes = ledger.firstBytes(id);
    const means = bytes === null ? null : errorMeaning(bytes);
    if (bytes !== null && means === null) continue;
    const first = whole.steps[0];
    const node = first === undefined ? '?' : nodeAt(ledger, first.point);
    const end = endOf(ledger, whole, null);
    const [reached, died] = [end.kind === 'delivered' ? end.node : null, end.kind === 'dropped' ? end : null];
    const key = `${node} ${means ?? ''} ${endKey(end)} ${reached ?? ''}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { node, means, packets: 1, reached, died, example: id });
    else known.packets += 1;
  }
  return [...found.values()];
}
