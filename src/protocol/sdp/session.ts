/**
 * Session descriptions (RFC 8866) as neutral values, with what calls here need: ICE (RFC 8839), SDES keys (RFC 4568),
 * rtcp-mux (RFC 5761), static and dynamic codecs. Text: `parse.ts`, `format.ts`.
 * @module
 */
import type { Candidate } from '../ice/candidates/candidate.js';
import type { CryptoAttribute } from '../rtp/sdes.js';

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
  /** The formats as they stand in the m-line, when they are not just the payload types of `codecs`. */
  readonly formats?: readonly string[];
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
  /** a=ice-lite (RFC 8839 section 5.3): the agent only answers checks. */
  readonly iceLite?: boolean;
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
