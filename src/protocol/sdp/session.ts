/**
 * Session descriptions (RFC 8866) as neutral values, with what calls here need: ICE (RFC 8839), SDES keys (RFC 4568),
 * rtcp-mux (RFC 5761), static and dynamic codecs. Codec over `sdp-transform`, strict where that is lenient.
 * @module
 */
import * as transform from 'sdp-transform';
import { LabError } from '../../base/error.js';
import { isRejected, parseCandidate, type Candidate } from '../ice/candidates/candidate.js';
import { formatKey, parseCrypto, type CryptoAttribute } from '../rtp/sdes.js';
import { familyOf } from '../../wire/address.js';

export const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** RFC 8839 section 5.2. */
export interface RemoteCandidate {
  readonly component: number;
  readonly address: string;
  readonly port: number;
}

export interface SdpCodec {
  readonly payloadType: number;
  readonly name: string;
  /** Hz. */
  readonly clockRate: number;
  readonly fmtp?: string;
}

export interface SdpMedia {
  /** `audio`, `video`, `applicationsharing` ... */
  readonly kind: string;
  /** 0 = rejected or ended. */
  readonly port: number;
  /** `RTP/SAVP`, `RTP/AVP`, `TCP/RTP/SAVP` ... */
  readonly protocol: string;
  /** Of its c= line, or of the session's. */
  readonly address: string;
  /** In order of preference. */
  readonly codecs: readonly SdpCodec[];
  readonly direction: Direction;
  /** a=rtcp (RFC 3605), when it is not port + 1. */
  readonly rtcp?: { readonly address: string; readonly port: number };
  readonly rtcpMux: boolean;
  /** Milliseconds. */
  readonly ptime?: number;
  /** Null without ICE. */
  readonly ice: { readonly ufrag: string; readonly password: string } | null;
  /** Without those that this agent must pass over (RFC 8839 section 5.1): names, unknown transports. */
  readonly candidates: readonly Candidate[];
  readonly remoteCandidates: readonly RemoteCandidate[];
  /** Without suites that are not known. */
  readonly cryptos: readonly CryptoAttribute[];
  readonly label?: string;
  /** RFC 5888. */
  readonly mid?: string;
  /** RFC 9143 section 6: worth nothing unless bundled; its port is 0. */
  readonly bundleOnly?: boolean;
  /** a=extmap (RFC 8285): the header extensions of its RTP packets. */
  readonly extensions?: readonly { readonly id: number; readonly uri: string }[];
}

export interface SdpSession {
  readonly origin: { readonly username: string /** Digits. */; readonly sessionId: string; readonly version: number; readonly address: string };
  readonly name: string;
  /** a=group:BUNDLE (RFC 9143): the `mid`s of each group, the tagged one first. */
  readonly bundles?: readonly (readonly string[])[];
  readonly media: readonly SdpMedia[];
}

/** RFC 3551 table 4: payload types that need no rtpmap. */
export const STATIC_CODECS: readonly SdpCodec[] = [
  { payloadType: 0, name: 'PCMU', clockRate: 8000 },
  { payloadType: 3, name: 'GSM', clockRate: 8000 },
  { payloadType: 8, name: 'PCMA', clockRate: 8000 },
  { payloadType: 9, name: 'G722', clockRate: 8000 },
  { payloadType: 12, name: 'QCELP', clockRate: 8000 },
  { payloadType: 13, name: 'CN', clockRate: 8000 },
  { payloadType: 18, name: 'G729', clockRate: 8000 },
  { payloadType: 31, name: 'H261', clockRate: 90000 },
  { payloadType: 34, name: 'H263', clockRate: 90000 },
];

function malformed(line: number, why: string, expected?: string): never {
  throw new LabError('SDP_MALFORMED', `line ${line} of the session description: ${why}`, expected === undefined ? {} : { expected });
}

/** What `sdp-transform` would pass over or guess. */
function checkLine(line: string, n: number): void {
  const type = line[0] ?? '';
  if (line[1] !== '=' || !/[a-z]/.test(type)) malformed(n, 'no type and value', 'one letter, an equals sign and the value');
  const value = line.slice(2);
  switch (type) {
    case 'v':
      if (value !== '0') malformed(n, `version ${value}`, 'v=0');
      return;
    case 'o':
      if (!/^\S+ \d+ \d+ IN IP[46] \S+$/.test(value)) malformed(n, 'malformed origin', 'o=user id version IN IP4 address');
      return;
    case 'c':
      if (!/^IN IP[46] \S+$/.test(value)) malformed(n, 'malformed connection data', 'c=IN IP4 address');
      return;
    case 'm': {
      const port = /^\S+ (\d{1,5})(?:\/\d+)? \S+( \S+)+$/.exec(value)?.[1];
      if (port === undefined || Number(port) > 65535) malformed(n, 'malformed media description', 'm=kind port protocol formats');
      return;
    }
    case 'a':
      if (value.startsWith('candidate:')) checkCandidate(value, n);
      if (value.startsWith('crypto:') && !/^crypto:\d{1,9} \S+ inline:[A-Za-z0-9+/]+=*/.test(value))
        malformed(n, 'malformed crypto attribute', 'a=crypto:tag suite inline:key (RFC 4568)');
      if (value.startsWith('ice-ufrag:') && !/^ice-ufrag:[A-Za-z0-9+/]{4,256}$/.test(value)) malformed(n, 'ice-ufrag has 4 to 256 ice-chars');
      if (value.startsWith('ice-pwd:') && !/^ice-pwd:[A-Za-z0-9+/]{22,256}$/.test(value)) malformed(n, 'ice-pwd has 22 to 256 ice-chars');
      if (value.startsWith('rtpmap:') && !/^rtpmap:\d{1,3} [^\s/]+(\/\d+(\/\S+)?)?$/.test(value)) malformed(n, 'malformed rtpmap', 'a=rtpmap:type name/rate');
      return;
    default:
      return;
  }
}

function checkCandidate(value: string, n: number): void {
  const candidate = parseCandidate(value);
  if (isRejected(candidate) && candidate.malformed) malformed(n, `malformed candidate: ${candidate.why}`, 'RFC 8839 section 5.1');
}

/** Errors: SDP_MALFORMED, with the line. */
export function parseSdp(text: string): SdpSession {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  lines.forEach((line, i) => {
    checkLine(line, i + 1);
  });
  if (lines[0] !== 'v=0') malformed(1, 'a session description starts with v=0');
  for (const [type, name] of [
    ['o', 'origin'],
    ['s', 'session name'],
    ['t', 'timing'],
  ] as const) {
    if (!lines.some((line) => line.startsWith(`${type}=`))) malformed(lines.length, `no ${name}`, `a line ${type}=`);
  }
  const session = transform.parse(text);
  const starts = lines.flatMap((line, n) => (line.startsWith('m=') ? [n] : []));
  const media = session.media.map((m, i) => mediaOf(m, session, lines.slice(starts[i], starts[i + 1]), (starts[i] ?? 0) + 1));
  const bundles = (session.groups ?? []).filter((g) => g.type === 'BUNDLE').map((g) => g.mids.trim().split(/ +/));
  return {
    origin: { username: session.origin.username, sessionId: originId(lines), version: session.origin.sessionVersion, address: session.origin.address },
    name: session.name,
    ...(bundles.length > 0 && { bundles }),
    media,
  };
}

/** As written: the library would make a double of it. */
function originId(lines: readonly string[]): string {
  return lines.find((line) => line.startsWith('o='))?.split(' ')[1] ?? '0';
}

/** @param lines its own, from the m-line on @param line number of that one */
function mediaOf(m: transform.MediaDescription, session: transform.SessionDescription, lines: readonly string[], line: number): SdpMedia {
  const address = m.connection?.ip ?? session.connection?.ip;
  if (address === undefined && m.port !== 0) malformed(line, 'no connection data, neither here nor for the session');
  const ufrag = m.iceUfrag ?? session.iceUfrag;
  const password = m.icePwd ?? session.icePwd;
  if ((ufrag === undefined) !== (password === undefined)) malformed(line, 'ice-ufrag and ice-pwd go together');
  return {
    kind: m.type,
    port: m.port,
    protocol: m.protocol,
    address: address ?? '0.0.0.0',
    codecs: codecsOf(m, line),
    direction: m.direction ?? session.direction ?? 'sendrecv',
    ...(m.rtcp !== undefined && { rtcp: { address: m.rtcp.address ?? address ?? '0.0.0.0', port: m.rtcp.port } }),
    rtcpMux: m.rtcpMux !== undefined,
    ...(m.ptime !== undefined && { ptime: m.ptime }),
    ice: ufrag === undefined || password === undefined ? null : { ufrag, password },
    candidates: attributes(lines, 'candidate').flatMap((value) => {
      const candidate = parseCandidate(value);
      return isRejected(candidate) ? [] : [candidate];
    }),
    remoteCandidates: remoteCandidatesOf(m.remoteCandidates, line),
    cryptos: attributes(lines, 'crypto').flatMap((value) => parseCrypto(value) ?? []),
    ...(m.label !== undefined && { label: String(m.label) }),
    ...(m.mid !== undefined && { mid: String(m.mid) }),
    ...(m.bundleOnly !== undefined && { bundleOnly: true }),
    ...(m.ext !== undefined && { extensions: m.ext.map((e) => ({ id: e.value, uri: e.uri })) }),
  };
}

/** Values of one attribute, in their order. */
function attributes(lines: readonly string[], name: string): string[] {
  const start = `a=${name}:`;
  return lines.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
}

function codecsOf(m: transform.MediaDescription, line: number): SdpCodec[] {
  return String(m.payloads ?? '')
    .split(' ')
    .filter((f) => /^\d+$/.test(f))
    .flatMap((format): SdpCodec[] => {
      const payloadType = Number(format);
      if (payloadType > 127 && m.protocol.includes('RTP')) malformed(line, `payload type ${payloadType} is above 127`);
      const map = m.rtp.find((r) => r.payload === payloadType);
      const fmtp = m.fmtp.find((f) => f.payload === payloadType)?.config;
      const known = STATIC_CODECS.find((c) => c.payloadType === payloadType);
      if (map === undefined && known === undefined) return [];
      return [{ payloadType, name: map?.codec ?? known?.name ?? '', clockRate: map?.rate ?? known?.clockRate ?? 8000, ...(fmtp !== undefined && { fmtp }) }];
    });
}

function remoteCandidatesOf(text: string | undefined, line: number): RemoteCandidate[] {
  if (text === undefined) return [];
  if (!/^\d+ \S+ \d+( \d+ \S+ \d+)*$/.test(text.trim())) malformed(line, 'malformed remote-candidates', 'component, address and port for each component');
  return transform.parseRemoteCandidates(text.trim()).map((c) => ({ component: c.component, address: c.ip, port: c.port }));
}

/** Text with CRLF line ends. */
export function formatSdp(session: SdpSession): string {
  const { origin } = session;
  return transform.write({
    version: 0,
    origin: {
      username: origin.username,
      sessionId: origin.sessionId,
      sessionVersion: origin.version,
      netType: 'IN',
      ipVer: familyOf(origin.address),
      address: origin.address,
    },
    name: session.name,
    timing: { start: 0, stop: 0 },
    ...(session.bundles !== undefined && { groups: session.bundles.map((mids) => ({ type: 'BUNDLE', mids: mids.join(' ') })) }),
    media: session.media.map(writeMedia),
  });
}

function writeMedia(m: SdpMedia): transform.MediaDescription {
  return {
    type: m.kind,
    port: m.port,
    protocol: m.protocol,
    payloads: m.codecs.length === 0 ? '0' : m.codecs.map((c) => c.payloadType).join(' '),
    connection: { version: familyOf(m.address), ip: m.address },
    rtp: m.codecs.map((c) => ({ payload: c.payloadType, codec: c.name, rate: c.clockRate })),
    fmtp: m.codecs.flatMap((c) => (c.fmtp === undefined ? [] : [{ payload: c.payloadType, config: c.fmtp }])),
    ...(m.rtcp !== undefined && { rtcp: { port: m.rtcp.port, netType: 'IN', ipVer: familyOf(m.rtcp.address), address: m.rtcp.address } }),
    direction: m.direction,
    ...(m.rtcpMux && { rtcpMux: 'rtcp-mux' as const }),
    ...(m.ptime !== undefined && { ptime: m.ptime }),
    ...(m.ice !== null && { iceUfrag: m.ice.ufrag, icePwd: m.ice.password }),
    ...(m.candidates.length > 0 && { candidates: m.candidates.map(writeCandidate) }),
    ...(m.remoteCandidates.length > 0 && { remoteCandidates: m.remoteCandidates.map((c) => `${c.component} ${c.address} ${c.port}`).join(' ') }),
    ...(m.cryptos.length > 0 && { crypto: m.cryptos.map(writeCrypto) }),
    ...(m.label !== undefined && { label: m.label }),
    ...(m.mid !== undefined && { mid: m.mid }),
    ...(m.bundleOnly === true && { bundleOnly: 'bundle-only' as const }),
    ...(m.extensions !== undefined && { ext: m.extensions.map((e) => ({ value: e.id, uri: e.uri })) }),
  };
}

function writeCrypto(c: CryptoAttribute): NonNullable<transform.MediaDescription['crypto']>[number] {
  const session = c.sessionParameters.join(' ');
  return { id: c.tag, suite: c.suite, config: formatKey(c), ...(session !== '' && { sessionConfig: session }) };
}

function writeCandidate(c: Candidate): NonNullable<transform.MediaDescription['candidates']>[number] {
  return {
    foundation: c.foundation,
    component: c.component,
    transport: c.transport.toUpperCase(),
    priority: c.priority,
    ip: c.address.address,
    port: c.address.port,
    type: c.type,
    ...(c.related !== undefined && { raddr: c.related.address, rport: c.related.port }),
    ...(c.tcpType !== undefined && { tcptype: c.tcpType }),
  };
}
