/**
 * One call of a client: its media session and the offer/answer exchanges about it.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Host } from '../../host/host.js';
import { agree, makeAnswer, makeOffer } from '../../protocol/sdp/offer-answer.js';
import type { Origin } from '../../protocol/sdp/offer-answer.js';
import { formatSdp, parseSdp } from '../../protocol/sdp/session.js';
import type { SdpSession } from '../../protocol/sdp/session.js';
import type { Content } from '../../protocol/sip/user-agent/events.js';
import type { MediaSession } from '../media/media-session.js';
import type { ConnectResult } from '../media/media-session.js';

const SDP_TYPE = 'application/sdp';

export class ClientCall {
  readonly id: number;
  /** Address of record of the other side. */
  readonly peer: string;
  readonly media: MediaSession;
  readonly #host: Host;
  readonly #sessionId: string;
  #version = 0;
  /** Our offer that is not answered yet. */
  #offer: SdpSession | null = null;

  constructor(host: Host, id: number, peer: string, media: MediaSession) {
    this.#host = host;
    this.id = id;
    this.peer = peer;
    this.media = media;
    this.#sessionId = String(host.random.below(2 ** 31));
  }

  /** An offer of what the media session is now: candidates, or after ICE the selected pair. */
  offer(): Content {
    this.#offer = makeOffer(this.#origin(), this.media.localMedia());
    return content(this.#offer);
  }

  /** Takes the answer to our offer. Errors: SDP_MALFORMED, MEDIA_FAILED. */
  answered(body: Content | null): Promise<ConnectResult> {
    const offer = this.#offer;
    if (offer === null) throw new LabError('SDP_MALFORMED', 'an answer came without an offer');
    this.#offer = null;
    return this.media.connect(agree(offer, sdpOf(body), 'offerer'));
  }

  /** Answers the peer's offer; null when nothing of it can be taken (488). Errors: SDP_MALFORMED, MEDIA_FAILED. */
  answer(body: Content | null): { readonly content: Content; readonly connected: Promise<ConnectResult> } | null {
    const offer = sdpOf(body);
    const local = this.media.localMedia();
    const { session, refused } = makeAnswer(this.#origin(), offer, (_, i) => local[i] ?? null);
    if (refused.every((why) => why !== null)) return null;
    return { content: content(session), connected: this.media.connect(agree(offer, session, 'answerer')) };
  }

  #origin(): Origin {
    return { username: '-', sessionId: this.#sessionId, version: ++this.#version, address: this.#host.addresses[0] ?? '0.0.0.0' };
  }
}

function content(session: SdpSession): Content {
  return { type: SDP_TYPE, bytes: new TextEncoder().encode(formatSdp(session)) };
}

/** Errors: SDP_MALFORMED. */
function sdpOf(body: Content | null): SdpSession {
  if (body === null || !body.type.toLowerCase().startsWith(SDP_TYPE)) throw new LabError('SDP_MALFORMED', 'there is no session description in the message');
  return parseSdp(new TextDecoder().decode(body.bytes));
}
