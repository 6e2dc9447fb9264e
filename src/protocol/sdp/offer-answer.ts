/**
 * The offer/answer model (RFC 3264) over {@link SdpSession}: making offers and answers, matching the two.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Candidate } from '../ice/candidates/candidate.js';
import { MID } from '../rtp/header-extension.js';
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
  /**
   * Shares one transport with all others that say so (RFC 9143), the first of which is the tagged one. `offered`: not
   * agreed on yet, so the others of an offer are bundle-only.
   */
  readonly bundle?: { readonly mid: string; readonly state: 'offered' | 'agreed' };
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
  const bundled = media.filter((m) => m.bundle !== undefined);
  const described = media.map((m) => {
    const keys = m.keys.map((k, i) => ({ tag: i + 1, ...k, sessionParameters: [] }));
    const own = describe(m, m.codecs, keys, m.direction, m.rtcpMux);
    if (m.bundle === undefined) return own;
    const named = { ...own, mid: m.bundle.mid, extensions: [{ id: MID_ID, uri: MID }] };
    return m === bundled[0] ? named : m.bundle.state === 'agreed' ? untagged(named) : { ...untagged(named), port: 0, bundleOnly: true };
  });
  return { origin, name: '-', ...bundlesOf(bundled.map((m) => m.bundle?.mid ?? '')), media: described };
}

/** Id of the MID header extension in an offer of ours. */
const MID_ID = 1;

function bundlesOf(mids: readonly string[]): Pick<SdpSession, 'bundles'> {
  return mids.length > 0 ? { bundles: [mids] } : {};
}

/** An m-line that shares the tagged one's transport says nothing of it (RFC 9143 section 7.1.3). */
function untagged(m: SdpMedia): SdpMedia {
  const own = Object.fromEntries(Object.entries(m).filter(([key]) => key !== 'rtcp')) as unknown as SdpMedia;
  return { ...own, rtcpMux: false, ice: null, candidates: [], remoteCandidates: [], cryptos: [] };
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
    ...(offered.formats !== undefined && { formats: offered.formats }),
    direction: 'inactive',
    rtcpMux: false,
    ice: null,
    candidates: [],
    remoteCandidates: [],
    cryptos: [],
    ...(offered.mid !== undefined && { mid: offered.mid }),
  };
}

/** Why an m-line was refused, for the event log; null = taken. */
export type Refused = 'offered-rejected' | 'not-wanted' | 'protocol' | 'no-codec' | 'no-key' | 'no-transport' | null;

export interface Answered {
  readonly session: SdpSession;
  /** One per m-line of the offer. */
  readonly refused: readonly Refused[];
}

/**
 * Answers an offer. An m-line of ours that may share a transport does so when it was offered in a BUNDLE group
 * (RFC 9143 section 7.3): the first of the group that is taken is the tagged one.
 * @param local what this side brings to the m-line, null = refuse it
 */
export function makeAnswer(origin: Origin, offer: SdpSession, local: (offered: SdpMedia, index: number) => LocalMedia | null): Answered {
  const refused: Refused[] = [];
  const bundles = (offer.bundles ?? []).map((mids): AnsweredBundle => ({ mids, tagged: null, taken: [] }));
  // Our one transport can serve one m-line of a peer that does not bundle.
  let served = false;
  const media = offer.media.map((offered, i) => {
    const own = offered.port === 0 && offered.bundleOnly !== true ? null : local(offered, i);
    const bundle = own?.bundle === undefined ? undefined : bundles.find((b) => b.mids.includes(offered.mid ?? ''));
    const answer = own?.bundle !== undefined && bundle === undefined && served ? 'no-transport' : answerMedia(offered, own, bundle?.tagged?.offered ?? offered);
    refused.push(typeof answer === 'string' ? answer : null);
    if (typeof answer === 'string') return rejected(offered);
    if (own?.bundle !== undefined) served = true;
    return bundle === undefined ? named(answer, offered) : joinBundle(bundle, offered, named(answer, offered));
  });
  const taken = bundles.filter((b) => b.taken.length > 0).map((b) => b.taken);
  return { session: { origin, name: '-', ...(taken.length > 0 && { bundles: taken }), media }, refused };
}

interface AnsweredBundle {
  readonly mids: readonly string[];
  tagged: { readonly offered: SdpMedia; readonly answer: SdpMedia } | null;
  readonly taken: string[];
}

function named(answer: SdpMedia, { mid }: SdpMedia): SdpMedia {
  return mid === undefined ? answer : { ...answer, mid };
}

function joinBundle(bundle: AnsweredBundle, offered: SdpMedia, answer: SdpMedia): SdpMedia {
  const extension = offered.extensions?.find((e) => e.uri === MID);
  const own = extension === undefined ? answer : { ...answer, extensions: [extension] };
  bundle.taken.push(offered.mid ?? '');
  const tagged = bundle.tagged?.answer;
  if (tagged !== undefined) return { ...untagged(own), port: tagged.port, address: tagged.address };
  bundle.tagged = { offered, answer: own };
  return own;
}

/** An m-line of a bundle with what the tagged one says of their transport. */
function withTransport(m: SdpMedia, tagged: SdpMedia): SdpMedia {
  if (m === tagged) return m;
  const { address, port, rtcpMux, ice, candidates, remoteCandidates, cryptos } = tagged;
  return { ...m, address, port, rtcpMux, ice, candidates, remoteCandidates, cryptos, ...(tagged.rtcp !== undefined && { rtcp: tagged.rtcp }) };
}

/** @param tagged the m-line that speaks for its transport: itself, unless it is bundled with one that was taken before */
function answerMedia(bare: SdpMedia, local: LocalMedia | null, tagged: SdpMedia): SdpMedia | Exclude<Refused, null> {
  const offered = withTransport(bare, tagged);
  if (local === null) return bare.port === 0 ? 'offered-rejected' : 'not-wanted';
  if (offered.port === 0) return 'no-transport';
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
 * Matches an answer to its offer (RFC 3264 sections 6 and 7). Bundled m-lines get the transport of the tagged one.
 * @param side which of the two is this side's
 * Errors: SDP_MALFORMED when the answer does not fit the offer.
 */
export function agree(offer: SdpSession, answer: SdpSession, side: 'offerer' | 'answerer'): (Agreed | null)[] {
  if (offer.media.length !== answer.media.length) unfit(`${answer.media.length} m-lines answer ${offer.media.length}`);
  const bundles = (answer.bundles ?? []).map((mids) => bundleOf(offer, answer, mids));
  return offer.media.map((bareOffer, i) => {
    const bareAnswer = answer.media[i];
    if (bareAnswer === undefined) unfit(`m-line ${i + 1} has no answer`);
    const bundle = bundles.find((b) => b.mids.includes(bareAnswer.mid ?? ''));
    const offered = bundle === undefined ? bareOffer : withTransport(bareOffer, bundle.offered);
    const answered = bundle === undefined ? bareAnswer : withTransport(bareAnswer, bundle.answered);
    const agreed = agreeMedia(offered, answered, side, i);
    if (agreed === null || bundle === undefined) return agreed;
    // One octet's worth of ids is spoken here (RFC 8285 section 4.2).
    const extension = bareAnswer.extensions?.find((e) => e.uri === MID && e.id >= 1 && e.id <= 14)?.id ?? 0;
    return { ...agreed, bundled: { mid: bareAnswer.mid ?? '', extension } };
  });
}

/** Errors: SDP_MALFORMED when the group was not offered like this (RFC 9143 section 7.3). */
function bundleOf(
  offer: SdpSession,
  answer: SdpSession,
  mids: readonly string[],
): { readonly mids: readonly string[]; readonly offered: SdpMedia; readonly answered: SdpMedia } {
  const group = offer.bundles?.find((g) => mids.every((mid) => g.includes(mid)));
  if (group === undefined) unfit(`BUNDLE ${mids.join(' ')} was not offered`);
  const offered = offer.media.find((m) => m.mid === mids[0]);
  const answered = answer.media.find((m) => m.mid === mids[0]);
  if (offered === undefined || answered === undefined) unfit(`BUNDLE ${mids.join(' ')} names no m-line`);
  if (mids.some((mid) => answer.media.find((m) => m.mid === mid)?.port === 0)) unfit(`BUNDLE ${mids.join(' ')} names an m-line that is refused`);
  return { mids, offered, answered };
}

function agreeMedia(offered: SdpMedia, answered: SdpMedia, side: 'offerer' | 'answerer', i: number): Agreed | null {
  if (answered.kind !== offered.kind || answered.protocol !== offered.protocol)
    unfit(`m-line ${i + 1} is ${offered.kind} ${offered.protocol}, its answer ${answered.kind} ${answered.protocol}`);
  if (answered.port === 0) return null;
  if (offered.port === 0) unfit(`m-line ${i + 1} was not offered`);
  const codec = answered.codecs.find((c) => offered.codecs.some((o) => sameCodec(o, c)));
  if (codec === undefined) unfit(`no codec of m-line ${i + 1} was offered`);
  if (answered.rtcpMux && !offered.rtcpMux) unfit(`m-line ${i + 1}: rtcp-mux was not offered`);
  if (answerDirection('sendrecv', offered.direction) !== answered.direction && answerDirection(answered.direction, offered.direction) !== answered.direction) {
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
