/**
 * One call of a client: its media, and the offers and answers about it (RFC 3264). The m-lines of a call keep their
 * places for as long as it lives (section 8); each is a stream of this side, or one that was refused.
 * @module
 */
import { must } from '../../base/assert.js';
import { LabError } from '../../base/error.js';
import type { Host } from '../../host/host.js';
import { agree, type LocalMedia, makeAnswer, makeOffer, type Origin } from '../../protocol/sdp/offer-answer.js';
import { formatSdp } from '../../protocol/sdp/format.js';
import { parseSdp } from '../../protocol/sdp/parse.js';
import type { SdpMedia, SdpSession } from '../../protocol/sdp/session.js';
import type { Content } from '../../protocol/sip/body.js';
import type { CallMedia, ConnectResult } from './call-media.js';

const SDP_TYPE = 'application/sdp';

/** An m-line: the stream that is behind it, or what was refused. */
type Line = { readonly stream: number } | { readonly refused: SdpMedia };

export class ClientCall {
  /** Address of record of the other side. */
  readonly peer: string;
  readonly media: CallMedia;
  readonly #host: Host;
  readonly #sessionId: string;
  #version = 0;
  /** Empty before the first description. */
  #lines: readonly Line[] = [];
  /** Our offer that is not answered yet. */
  #offer: SdpSession | null = null;
  /** Streams whose m-line was refused or removed: their ports are closed. */
  readonly #ended = new Set<number>();
  #ice = true;
  #late = false;

  constructor(host: Host, peer: string, media: CallMedia) {
    this.#host = host;
    this.peer = peer;
    this.media = media;
    this.#sessionId = String(host.random.below(2 ** 31));
  }

  /** An offer of what the media is now: candidates, or after ICE the selected pairs. */
  offer(): Content {
    const streams = this.media.localMedia();
    if (this.#lines.length === 0) this.#lines = streams.map((_, stream) => ({ stream }));
    this.#offer = makeOffer(
      this.#origin(),
      this.#lines.map((line) => ('refused' in line ? withoutPort(line.refused) : must(streams[line.stream], 'a stream'))),
    );
    return content(this.#offer);
  }

  /** An offer for a 2xx, when the request that it answers brought none; the ACK brings the answer (RFC 3261 section 13.2.1). */
  offerLate(): Content {
    this.#late = true;
    return this.offer();
  }

  /** Whether an offer of {@link offerLate} waits for its answer. */
  get awaited(): boolean {
    return this.#late;
  }

  /** The peer takes part in ICE, by its last description. */
  get ice(): boolean {
    return this.#ice;
  }

  /** What we offered stands no more: the peer has refused it, or has not answered. */
  withdraw(): void {
    this.#late = false;
    this.#offer = null;
  }

  /** Takes the answer to our offer. Errors: SDP_MALFORMED, MEDIA_FAILED. */
  answered(body: Content | null): Promise<ConnectResult> {
    const offer = this.#offer;
    this.#late = false;
    if (offer === null) throw new LabError('SDP_MALFORMED', 'an answer came without an offer');
    this.#offer = null;
    return this.#connect(offer, sdpOf(body), 'offerer');
  }

  /**
   * Answers the peer's offer; null when nothing of it can be taken (488). An offer within the call may remove all streams
   * (RFC 3264 section 8.2). Errors: SDP_MALFORMED, MEDIA_FAILED.
   */
  answer(body: Content | null): { readonly content: Content; readonly connected: Promise<ConnectResult> } | null {
    const offer = sdpOf(body);
    const streams = this.media.localMedia();
    const chosen = assign(this.#lines, offer, streams, this.#ended);
    const { session, refused } = makeAnswer(this.#origin(), offer, (_, i) => chosen[i]?.own ?? null);
    const removed = this.#lines.length > 0 && refused.every((why) => why === 'offered-rejected');
    if (!removed && refused.every((why) => why !== null)) return null;
    for (const line of this.#lines)
      if ('stream' in line && !chosen.some((one, i) => one?.stream === line.stream && refused[i] === null)) this.#ended.add(line.stream);
    this.#lines = offer.media.map((offered, i) => {
      const line = chosen[i] ?? null;
      return refused[i] === null && line !== null ? { stream: line.stream } : { refused: offered };
    });
    return { content: content(session), connected: this.#connect(offer, session, 'answerer') };
  }

  #connect(offer: SdpSession, answer: SdpSession, side: 'offerer' | 'answerer'): Promise<ConnectResult> {
    const agreed = agree(offer, answer, side);
    this.#ice = agreed.some((one) => one !== null && one.remote.ice !== null);
    for (const [i, line] of this.#lines.entries()) if ('stream' in line && (agreed[i] ?? null) === null) this.#ended.add(line.stream);
    const lite = (side === 'offerer' ? answer : offer).iceLite === true;
    const byStream = this.media.localMedia().map((_, stream) => {
      const at = this.#lines.findIndex((line) => 'stream' in line && line.stream === stream);
      return agreed[at] ?? null;
    });
    this.#lines = this.#lines.map((line, i) => (agreed[i] === null ? { refused: must(offer.media[i], 'an m-line') } : line));
    return this.media.connect(byStream, lite ? { lite } : {});
  }

  #origin(): Origin {
    return { username: '-', sessionId: this.#sessionId, version: ++this.#version, address: this.#host.addresses[0] ?? '0.0.0.0' };
  }
}

/** The stream for each m-line of an offer: the one that it had, else the first of its kind that has no line yet; null: none. */
function assign(
  lines: readonly Line[],
  offer: SdpSession,
  streams: readonly LocalMedia[],
  ended: ReadonlySet<number>,
): ({ readonly stream: number; readonly own: LocalMedia } | null)[] {
  const taken = new Set([...ended, ...lines.flatMap((line) => ('stream' in line ? [line.stream] : []))]);
  return offer.media.map((offered, i) => {
    const line = lines[i];
    const stream = line !== undefined && 'stream' in line ? line.stream : streams.findIndex((one, free) => one.kind === offered.kind && !taken.has(free));
    const own = streams[stream];
    if (own === undefined) return null;
    taken.add(stream);
    return { stream, own };
  });
}

/** A refused m-line stays, with port 0 (RFC 3264 section 6). */
function withoutPort({ kind, protocol, address, codecs }: SdpMedia): LocalMedia {
  return { kind, protocol, address, port: 0, codecs, direction: 'inactive', rtcpMux: false, ice: null, candidates: [], keys: [] };
}

function content(session: SdpSession): Content {
  return { type: SDP_TYPE, bytes: new TextEncoder().encode(formatSdp(session)) };
}

/** Errors: SDP_MALFORMED. */
function sdpOf(body: Content | null): SdpSession {
  if (body === null || !body.type.toLowerCase().startsWith(SDP_TYPE)) throw new LabError('SDP_MALFORMED', 'there is no session description in the message');
  return parseSdp(new TextDecoder().decode(body.bytes));
}
