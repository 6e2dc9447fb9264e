/**
 * ICE candidates between the agent's form and the session description's.
 * @module
 */
import type { Candidate } from '../../protocol/ice/candidates/candidate.js';
import type { SdpCandidate } from '../../protocol/sdp/session.js';
import { canonicalAddress, type TransportAddress } from '../../protocol/stun/transport-address.js';

export function toSdpCandidate(c: Candidate): SdpCandidate {
  return {
    foundation: c.foundation,
    component: c.component,
    transport: c.transport,
    priority: c.priority,
    address: c.address.address,
    port: c.address.port,
    type: c.type,
    ...(c.related !== undefined && { related: { address: c.related.address, port: c.related.port } }),
    ...(c.tcpType !== undefined && { tcpType: c.tcpType }),
  };
}

/** Null for names in place of addresses: RFC 8839 section 5.1 has them passed over. */
export function fromSdpCandidate(c: SdpCandidate): Candidate | null {
  const address = transportAddress(c.address, c.port);
  const related = c.related === undefined ? null : transportAddress(c.related.address, c.related.port);
  if (address === null) return null;
  return {
    foundation: c.foundation,
    component: c.component,
    transport: c.transport,
    priority: c.priority,
    address,
    type: c.type,
    ...(related !== null && { related }),
    ...(c.tcpType !== undefined && { tcpType: c.tcpType }),
  };
}

/** Null when the text is no IP address. */
export function transportAddress(text: string, port: number): TransportAddress | null {
  const address = canonicalAddress(text);
  return address === undefined ? null : { address, port, family: address.includes(':') ? 6 : 4 };
}
