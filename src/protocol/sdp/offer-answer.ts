/**
 * The offer/answer model (RFC 3264) over {@link SdpSession}: making offers and answers, matching the two.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Candidate } from '../ice/candidates/candidate.js';
import { chooseCrypto, type CryptoAttribute, type Suite, type SuiteKey } from '../rtp/sdes.js';
import type { Direction, RemoteCandidate, SdpCodec, SdpMedia, SdpSession } from './session.js';

/** What one side brings to one m-line. */
export interface LocalMedia {
  readonly kind: string;
  readonly protocol: string;
  /** Default destination: the address and port of the default candidate of component 1. */
  readonly address: string;
  readonly port: number;
  readonly rtcp?: { readonly address: string; readonly port: number };
  /** In order of preference; payload types count in offers only. */
  readonly codecs: readonly SdpCodec[];
  readonly direction: Direction;
  readonly rtcpMux: boolean;
  readonly ptime?: number;
  readonly ice: { readonly ufrag: string; readonly password: string } | null;
  readonly candidates: readonly Candidate[];
  readonly remoteCandidates?: readonly RemoteCandidate[];
  /** Own keys by suite, in order of preference; empty = plain RTP. */
  readonly keys: readonly SuiteKey[];
}

export interface Origin {
  readonly username: string;
  readonly sessionId: string;
  /** Goes up by one with every change. */
  readonly version: number;
  readonly address: string;
}

const SEND: Readonly<Record<Direction, boolean>> = { sendrecv: true, sendonly: true, recvonly: false, inactive: false };
const RECEIVE: Readonly<Record<Direction, boolean>> = { sendrecv: true, sendonly: false, recvonly: true, inactive: false };

function direction(send: boolean, receive: boolean): Direction {
  return send ? (receive ? 'sendrecv' : 'sendonly') : receive ? 'recvonly' : 'inactive';
}

/** The same stream seen from the other side. */
export function mirrored(d: Direction): Direction {
  return direction(RECEIVE[d], SEND[d]);
}

/** What is left of the own wish when the peer says `theirs` (section 6.1). */
export function answerDirection(wanted: Direction, theirs: Direction): Direction {
  return direction(SEND[wanted] && RECEIVE[theirs], RECEIVE[wanted] && SEND[theirs]);
}

export function makeOffer(origin: Origin, media: readonly LocalMedia[]): SdpSession {
  return {
    origin,
    name: '-',
    media: media.map((m) =>
      describe(
        m,
        m.codecs,
        m.keys.map((k, i) => ({ tag: i + 1, ...k, sessionParameters: [] })),
        m.direction,
        m.rtcpMux,
      ),
    ),
  };
}

function describe(m: LocalMedia, codecs: readonly SdpCodec[], cryptos: readonly CryptoAttribute[], way: Direction, rtcpMux: boolean): SdpMedia {
  return {
    kind: m.kind,
    port: m.port,
    protocol: m.protocol,
    address: m.address,
    codecs,
    direction: way,
    ...(m.rtcp !== undefined && !rtcpMux && { rtcp: m.rtcp }),
    rtcpMux,
    ...(m.ptime !== undefined && { ptime: m.ptime }),
    ice: m.ice,
    candidates: m.candidates,
    remoteCandidates: m.remoteCandidates ?? [],
    cryptos,
  };
}

function sameCodec(a: SdpCodec, b: SdpCodec): boolean {
  return a.name.toLowerCase() === b.name.toLowerCase() && a.clockRate === b.clockRate;
}

/** A refused m-line keeps its place, kind, protocol and formats; its port is 0 (section 6). */
export function rejected(offered: SdpMedia): SdpMedia {
  return {
    kind: offered.kind,
    port: 0,
    protocol: offered.protocol,
    address: offered.address,
    codecs: offered.codecs,
    direction: 'inactive',
    rtcpMux: false,
    ice: null,
    candidates: [],
    remoteCandidates: [],
    cryptos: [],
  };
}

/** Why an m-line was refused, for the event log; null = taken. */
export type Refused = 'offered-rejected' | 'not-wanted' | 'protocol' | 'no-codec' | 'no-key' | null;

export interface Answered {
  readonly session: SdpSession;
  /** One per m-line of the offer. */
  readonly refused: readonly Refused[];
}

/** Answers an offer. @param local what this side brings to the m-line, null = refuse it */
export function makeAnswer(origin: Origin, offer: SdpSession, local: (offered: SdpMedia, index: number) => LocalMedia | null): Answered {
  const refused: Refused[] = [];
  const media = offer.media.map((offered, i) => {
    const answer = answerMedia(offered, offered.port === 0 ? null : local(offered, i));
    refused.push(typeof answer === 'string' ? answer : null);
    return typeof answer === 'string' ? rejected(offered) : answer;
  });
  return { session: { origin, name: '-', media }, refused };
}

function answerMedia(offered: SdpMedia, local: LocalMedia | null): SdpMedia | Exclude<Refused, null> {
  if (offered.port === 0) return 'offered-rejected';
  if (local === null) return 'not-wanted';
  if (offered.protocol !== local.protocol) return 'protocol';
  // The offerer's order and payload types (section 6.1).
  const codecs = offered.codecs.filter((c) => local.codecs.some((own) => sameCodec(own, c)));
  if (codecs.length === 0) return 'no-codec';
  let cryptos: CryptoAttribute[] = [];
  if (offered.protocol.includes('SAVP')) {
    const taken = chooseCrypto(
      offered.cryptos,
      local.keys.map((k) => k.suite),
    );
    const own = local.keys.find((k) => k.suite === taken?.suite);
    if (taken === undefined || own === undefined) return 'no-key';
    // RFC 4568 section 5.1.2: tag and suite of the one that was taken, the own key.
    cryptos = [{ tag: taken.tag, suite: own.suite, key: own.key, sessionParameters: [] }];
  }
  const answer = describe(local, codecs, cryptos, answerDirection(local.direction, offered.direction), local.rtcpMux && offered.rtcpMux);
  return offered.ice === null ? { ...answer, ice: null, candidates: [], remoteCandidates: [] } : answer;
}

/** Keys of both directions: master key and salt of the packets that each side sends. */
export interface SessionKeys {
  readonly suite: Suite;
  readonly local: Uint8Array;
  readonly remote: Uint8Array;
}

/** What one m-line came to, from this side's view; null = refused. */
export interface Agreed {
  readonly kind: string;
  readonly codec: SdpCodec;
  readonly direction: Direction;
  readonly rtcpMux: boolean;
  readonly local: SdpMedia;
  readonly remote: SdpMedia;
  /** Null on plain RTP. */
  readonly keys: SessionKeys | null;
  /** Shares its transport (RFC 9143): its name, and the id of the MID header extension (0 = none). Null without BUNDLE. */
  readonly bundled: { readonly mid: string; readonly extension: number } | null;
}

/**
 * Matches an answer to its offer (RFC 3264 sections 6 and 7).
 * @param side which of the two is this side's
 * Errors: SDP_MALFORMED when the answer does not fit the offer.
 */
export function agree(offer: SdpSession, answer: SdpSession, side: 'offerer' | 'answerer'): (Agreed | null)[] {
  if (offer.media.length !== answer.media.length) unfit(`${answer.media.length} m-lines answer ${offer.media.length}`);
  return offer.media.map((offered, i) => {
    const answered = answer.media[i];
    if (answered === undefined) unfit(`m-line ${i + 1} has no answer`);
    if (answered.kind !== offered.kind || answered.protocol !== offered.protocol)
      unfit(`m-line ${i + 1} is ${offered.kind} ${offered.protocol}, its answer ${answered.kind} ${answered.protocol}`);
    if (answered.port === 0) return null;
    if (offered.port === 0) unfit(`m-line ${i + 1} was not offered`);
    const codec = answered.codecs.find((c) => offered.codecs.some((o) => sameCodec(o, c)));
    if (codec === undefined) unfit(`no codec of m-line ${i + 1} was offered`);
    if (answered.rtcpMux && !offered.rtcpMux) unfit(`m-line ${i + 1}: rtcp-mux was not offered`);
    if (
      answerDirection('sendrecv', offered.direction) !== answered.direction &&
      answerDirection(answered.direction, offered.direction) !== answered.direction
    ) {
      unfit(`m-line ${i + 1}: ${answered.direction} does not answer ${offered.direction}`);
    }
    const own = side === 'offerer' ? offered : answered;
    return {
      kind: offered.kind,
      codec,
      direction: side === 'offerer' ? mirrored(answered.direction) : answered.direction,
      rtcpMux: answered.rtcpMux,
      local: own,
      remote: side === 'offerer' ? answered : offered,
      keys: keysOf(offered, answered, side, i),
      bundled: null,
    };
  });
}

function keysOf(offered: SdpMedia, answered: SdpMedia, side: 'offerer' | 'answerer', i: number): Agreed['keys'] {
  if (!offered.protocol.includes('SAVP')) return null;
  const chosen = answered.cryptos[0];
  const matching = offered.cryptos.find((c) => c.tag === chosen?.tag && c.suite === chosen.suite);
  if (chosen === undefined || matching === undefined) unfit(`m-line ${i + 1}: the crypto attribute answers none that was offered`);
  return side === 'offerer'
    ? { suite: chosen.suite, local: matching.key, remote: chosen.key }
    : { suite: chosen.suite, local: chosen.key, remote: matching.key };
}

function unfit(why: string): never {
  throw new LabError('SDP_MALFORMED', `the answer does not fit the offer: ${why}`, { expected: 'an answer by RFC 3264' });
}
