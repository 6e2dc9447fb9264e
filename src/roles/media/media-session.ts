/**
 * The media of one call: its streams, one for each m-line, and the transports below them: one each, or one for all with
 * BUNDLE (RFC 9143). It speaks the terms of `protocol/sdp`: `localMedia` goes into an offer or answer, `connect` takes
 * what both agreed on.
 *
 * @example
 * const formats = g711Formats(new Speech(host.random));
 * const media = await MediaSession.open({ host, controlling: true, stunServers, streams: [{ kind: 'audio', formats, ports }] });
 * const offer = makeOffer(origin, media.localMedia());
 * // ... answer comes
 * await media.connect(agree(offer, answer, 'offerer'));
 * media.stop();
 * @module
 */
import { must } from '../../base/assert.js';
import { LabError } from '../../base/error.js';
import type { Host } from '../../host/host.js';
import type { IceSnapshot } from '../../protocol/ice/agent.js';
import type { Agreed, LocalMedia } from '../../protocol/sdp/offer-answer.js';
import type { Direction } from '../../protocol/sdp/session.js';
import type { MediaStats } from './media-stats.js';
import { MediaStream, type ConnectResult, type MediaStreamOptions } from './media-stream.js';
import type { PortRange } from './port-pair.js';
import { RtpTransport, type RtpTransportOptions } from './rtp-transport.js';

export type { ConnectResult, MediaStreamOptions };

/** An m-line and where its ports come from. In a bundle the first one's ports serve all. */
export interface SessionStream extends MediaStreamOptions {
  readonly ports: PortRange;
  /** 0..63; without it the node's QoS policy by local port decides. */
  readonly dscp?: number;
}

export interface MediaSessionOptions extends Omit<RtpTransportOptions, 'ports' | 'dscp'> {
  readonly host: Host;
  /** At least one, in the order of their m-lines. */
  readonly streams: readonly SessionStream[];
  /** One transport for all streams (W3C's `max-bundle`); default one for each. */
  readonly bundle?: boolean;
  /** Goes into every event of this session: the call's id, say. */
  readonly label?: string;
}

export class MediaSession {
  readonly streams: readonly MediaStream[];
  readonly #bundle: boolean;
  readonly #transports: readonly RtpTransport[];
  /** The peer has taken the bundle. */
  #agreed = false;
  #stopped = false;

  /** Binds the ports and gathers candidates. Errors: MEDIA_FAILED when no port is free. */
  static async open(options: MediaSessionOptions): Promise<MediaSession> {
    const { streams, bundle } = options;
    const shared = bundle === true && streams.length > 1;
    // "...the offerer and answerer MUST support and use RTP/RTCP multiplexing" (RFC 9143 section 9.3).
    if (shared && options.rtcpMux === false)
      throw new LabError('MEDIA_FAILED', 'bundled streams share a port, and RTCP has to be on it: rtcpMux may not be false');
    const transports: RtpTransport[] = [];
    try {
      for (const { ports, dscp } of shared ? streams.slice(0, 1) : streams) {
        transports.push(await RtpTransport.open({ ...options, ports, ...(dscp !== undefined && { dscp }) }));
      }
    } catch (error) {
      for (const transport of transports) transport.close();
      throw error;
    }
    const session = new MediaSession(options, transports, shared);
    for (const gathering of transports.map((transport) => transport.ice.gather())) await gathering;
    return session;
  }

  private constructor(options: MediaSessionOptions, transports: readonly RtpTransport[], bundle: boolean) {
    this.#transports = transports;
    this.#bundle = bundle;
    this.streams = options.streams.map((stream, i) => {
      const transport = must(transports[bundle ? 0 : i], 'the transport of a stream');
      return new MediaStream(options.host, transport, stream.mid ?? String(i), options.label, stream);
    });
  }

  /** ICE as each transport's agent sees it: candidates, pairs, reasons. */
  get ice(): readonly IceSnapshot[] {
    return this.#transports.map((transport) => transport.ice.snapshot());
  }

  /** This side's m-lines. */
  localMedia(direction: Direction = 'sendrecv'): LocalMedia[] {
    const state = this.#agreed ? 'agreed' : 'offered';
    return this.streams.map((stream) => {
      const own = stream.localMedia(direction);
      return this.#bundle ? { ...own, bundle: { mid: stream.mid, state } } : own;
    });
  }

  /**
   * Takes what both sides agreed on, m-line by m-line (null = refused: that stream ends), finds the ways, starts to
   * send. Called again after a re-offer: a changed direction is followed, new ICE credentials are a restart. Resolved
   * when every stream has its way, or with the first failure.
   * Errors: MEDIA_FAILED when a description does not fit the ports that this session was opened with.
   */
  connect(agreed: readonly (Agreed | null)[], peer: { readonly lite?: boolean } = {}): Promise<ConnectResult> {
    if (this.#stopped) return Promise.resolve({ ok: false, code: 'ICE_FAILED', why: 'the session is stopped' });
    const waiting: Promise<ConnectResult>[] = [];
    for (const transport of this.#transports) {
      const taken = this.streams.flatMap((stream, i) => {
        const own = agreed[i] ?? null;
        if (stream.transport !== transport || stream.stopped) return [];
        if (own === null) stream.stop();
        return own === null ? [] : [{ stream, agreed: own }];
      });
      const first = taken[0];
      if (first === undefined) {
        transport.close();
        continue;
      }
      // The tagged m-line speaks for the transport (RFC 9143 section 7.1).
      transport.check(first.agreed);
      transport.protect(first.agreed.keys);
      for (const one of taken) waiting.push(one.stream.prepare(one.agreed));
      if (this.#bundle) {
        this.#agreed = first.agreed.bundled !== null;
        transport.bundle(this.streams, first.agreed.bundled?.extension ?? 0);
      }
      transport.connect(first.agreed, peer);
      for (const one of taken) one.stream.proceed();
    }
    const [only] = waiting;
    if (only === undefined) return Promise.resolve({ ok: false, code: 'ICE_FAILED', why: 'every stream was refused' });
    return waiting.length === 1 ? only : Promise.all(waiting).then((results) => results.find((r) => !r.ok) ?? { ok: true });
  }

  /** New ICE credentials and candidates, for a re-offer (RFC 8445 section 9). */
  async restart(): Promise<void> {
    for (const restarting of this.#transports.map((transport) => transport.ice.restart())) await restarting;
  }

  /** Hold and resume, as agreed by a re-offer or by oneself. */
  setDirection(direction: Direction): void {
    for (const stream of this.streams) stream.setDirection(direction);
  }

  /** One for each stream that was agreed on. */
  stats(): MediaStats[] {
    return this.streams.filter((stream) => stream.ssrc !== null).map((stream) => stream.stats());
  }

  /** Says RTCP BYE on every stream and closes everything. Idempotent. */
  stop(reason?: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const stream of this.streams) stream.stop(reason);
    for (const transport of this.#transports) transport.close();
    for (const stream of this.streams) stream.failed('stopped');
  }
}
