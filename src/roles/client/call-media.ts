/**
 * The media of one call: all that a client knows of media sessions. A call has a list of streams, in the order of the
 * m-lines of an offer of this side; today the list is one audio stream.
 * @module
 */
import { seconds } from '../../base/time.js';
import type { Host } from '../../host/host.js';
import { g711Formats } from '../../protocol/rtp/g711-payloader.js';
import { Recording } from '../../protocol/rtp/recording.js';
import { type AudioSource, Speech } from '../../protocol/rtp/speech.js';
import type { Agreed, LocalMedia } from '../../protocol/sdp/offer-answer.js';
import { type ConnectResult, MediaSession } from '../media/media-session.js';
import type { MediaStats } from '../media/media-stats.js';
import type { ClientConfig } from './config.js';
import type { StunServer } from './ice-servers.js';

export type { ConnectResult };

/** Seconds of speech that are made once and repeated. */
const SPEECH_SECONDS = 10;

/** The voice of a client: its speech is made at the first call, and each call begins somewhere in it. */
export class Voice {
  readonly #host: Host;
  #recording: Recording | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  speak(): AudioSource {
    this.#recording ??= new Recording(new Speech(this.#host.random), SPEECH_SECONDS);
    return this.#recording.play(this.#host.random.below(this.#recording.length));
  }
}

export interface CallMediaOptions {
  readonly host: Host;
  readonly config: ClientConfig;
  readonly stunServers: readonly StunServer[];
  readonly voice: Voice;
  /** The caller controls ICE (RFC 8445 section 6.1.1). */
  readonly controlling: boolean;
}

export class CallMedia {
  readonly #session: MediaSession;

  /** @param session whose streams are those of the call, in this order */
  constructor(session: MediaSession) {
    this.#session = session;
  }

  /** Binds ports and gathers candidates. Errors: MEDIA_FAILED when no port is free. */
  static async open({ host, config, stunServers, voice, controlling }: CallMediaOptions): Promise<CallMedia> {
    return new CallMedia(
      await MediaSession.open({
        host,
        controlling,
        stunServers,
        rtcpMux: config.rtcpMux,
        settings: { consent: config.consent, keepalive: seconds(config.keepAlive) },
        streams: [{ kind: 'audio', ports: config.audioPorts, formats: g711Formats(voice.speak()), packetTime: 20 }],
        ...(!config.srtp && { suite: null }),
      }),
    );
  }

  /** One m-line per stream: its candidates, after ICE the selected pair. */
  localMedia(): readonly LocalMedia[] {
    return this.#session.localMedia();
  }

  /**
   * Resolved when media flows, or cannot. Errors: MEDIA_FAILED when what was agreed does not fit the ports.
   * @param agreed per stream; null: refused
   */
  connect(agreed: readonly (Agreed | null)[], peer: { readonly lite?: boolean } = {}): Promise<ConnectResult> {
    return this.#session.connect(agreed, peer);
  }

  mute(muted: boolean): void {
    this.#session.setDirection(muted ? 'recvonly' : 'sendrecv');
  }

  /** One for each stream that was agreed on. */
  stats(): readonly MediaStats[] {
    return this.#session.stats();
  }

  /** Idempotent. */
  stop(): void {
    this.#session.stop();
  }
}
