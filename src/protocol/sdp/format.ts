/**
 * Session description -> text (RFC 8866), with CRLF line ends.
 * @module
 */
import { familyOf } from '../../wire/address.js';
import { formatCandidate } from '../ice/candidates/candidate.js';
import { formatCrypto } from '../rtp/sdes.js';
import type { SdpMedia, SdpSession } from './session.js';

const CRLF = '\r\n';

function networkAddress(address: string): string {
  return `IN IP${familyOf(address)} ${address}`;
}

export function formatSdp(session: SdpSession): string {
  const { username, sessionId, version, address } = session.origin;
  const lines = ['v=0', `o=${username} ${sessionId} ${version} ${networkAddress(address)}`, `s=${session.name}`, 't=0 0'];
  if (session.iceLite === true) lines.push('a=ice-lite');
  for (const mids of session.bundles ?? []) lines.push(`a=group:BUNDLE ${mids.join(' ')}`);
  for (const media of session.media) lines.push(...mediaLines(media));
  return `${lines.join(CRLF)}${CRLF}`;
}

function mediaLines(m: SdpMedia): string[] {
  const payloadTypes = m.codecs.map((c) => String(c.payloadType));
  const formats = m.formats ?? (payloadTypes.length === 0 ? ['0'] : payloadTypes);
  const lines = [`m=${m.kind} ${m.port} ${m.protocol} ${formats.join(' ')}`, `c=${networkAddress(m.address)}`];
  const attribute = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) lines.push(`a=${name}:${value}`);
  };
  for (const c of m.codecs) attribute('rtpmap', `${c.payloadType} ${c.name}/${c.clockRate}`);
  for (const c of m.codecs) attribute('fmtp', c.fmtp === undefined ? undefined : `${c.payloadType} ${c.fmtp}`);
  attribute('rtcp', m.rtcp === undefined ? undefined : `${m.rtcp.port} ${networkAddress(m.rtcp.address)}`);
  for (const e of m.extensions ?? []) attribute('extmap', `${e.id} ${e.uri}`);
  for (const c of m.cryptos) attribute('crypto', formatCrypto(c));
  attribute('mid', m.mid);
  attribute('ptime', m.ptime);
  lines.push(`a=${m.direction}`);
  attribute('ice-ufrag', m.ice?.ufrag);
  attribute('ice-pwd', m.ice?.password);
  for (const c of m.candidates) lines.push(`a=${formatCandidate(c)}`);
  if (m.remoteCandidates.length > 0) attribute('remote-candidates', m.remoteCandidates.map((c) => `${c.component} ${c.address} ${c.port}`).join(' '));
  if (m.rtcpMux) lines.push('a=rtcp-mux');
  if (m.bundleOnly === true) lines.push('a=bundle-only');
  attribute('label', m.label);
  return lines;
}
