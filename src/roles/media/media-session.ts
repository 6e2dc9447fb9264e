/**
 * One audio stream of a call: ICE below, G.711 speech by RTP on top, SRTP between them, RTCP beside it. It speaks the
 * terms of `protocol/sdp`: `localMedia` goes into an offer or answer, `connect` takes what both agreed on.
 *
 * @example
 * const media = await MediaSession.open({ host, controlling: true, ports: { from: 50000, to: 50019 }, stunServers });
 * const offer = makeOffer(origin, [media.localMedia()]);
 * // ... answer comes
 * const agreed = agree(offer, answer, 'offerer')[0];
 * if (agreed) await media.connect(agreed);
 * media.stop();
 * @module
 */
import { must } from '../../base/assert.js';
import type { Cause } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import type { Nanos } from '../../base/time.js';
import { Deadline } from '../../host/deadline.js';
import type { Deferred, Endpoint, Host } from '../../host/host.js';
import { demux, KIND } from '../../protocol/rtp/demux.js';
import type { Law } from '../../protocol/rtp/g711.js';
import { RECEIVED } from '../../protocol/rtp/receiver.js';
import * as rtp from '../../protocol/rtp/rtp.js';
import { newCrypto, type Suite } from '../../protocol/rtp/sdes.js';
import { RtpSender } from '../../protocol/rtp/sender.js';
import { RtpSession } from '../../protocol/rtp/session.js';
import { Speech, type AudioSource } from '../../protocol/rtp/speech.js';
import { srtpFailure } from '../../protocol/rtp/srtp.js';
import type { Agreed, LocalMedia } from '../../protocol/sdp/offer-answer.js';
import type { Direction } from '../../protocol/sdp/session.js';
import { formatAddress } from '../../protocol/stun/transport-address.js';
import { IceTransport, type IceTransportOptions } from './ice-transport.js';
import { mediaStats, type MediaStats } from './media-stats.js';
import { keyText, Protection } from './protection.js';
import { fromSdpCandidate, toSdpCandidate, transportAddress } from './sdp-ice.js';

export interface MediaSessionOptions extends Omit<IceTransportOptions, 'components'> {
  readonly host: Host;
  /** RTCP on RTP's port (RFC 5761); default true. Both sides must be of one mind: an m-line has the ports it was opened with. */
  readonly rtcpMux?: boolean;
  /** In order of preference; default PCMU, PCMA. */
  readonly laws?: readonly Law[];
  /** Default AES_CM_128_HMAC_SHA1_80; null = plain RTP. */
  readonly suite?: Suite | null;
  /** What is said; default {@link Speech}. */
  readonly source?: AudioSource;
  /** Gets every RTP packet that was accepted, in the clear; bytes are borrowed. */
  readonly sink?: (b: Uint8Array, o: number, n: number) => void;
  /** Goes into every event of this session: the call's id, say. */
  readonly label?: string;
}

/** How connecting ended. The network's refusal is a result, not an exception. */
export type ConnectResult = { readonly ok: true } | { readonly ok: false; readonly code: 'ICE_FAILED'; readonly why: string };

const SENDS: Readonly<Record<Direction, boolean>> = { sendrecv: true, sendonly: true, recvonly: false, inactive: false };

export class MediaSession {
  readonly #options: MediaSessionOptions;
  readonly #host: Host;
  readonly #components: number;
  readonly #suite: Suite | null;
  readonly #localKey: Uint8Array;
  readonly #transport: IceTransport;
  readonly #source: AudioSource;
  #rtp: RtpSession | null = null;
  #protection: Protection | null = null;
  #direction: Direction = 'sendrecv';
  #connecting: Deferred<ConnectResult> | null = null;
  #ice: { readonly local: Endpoint; readonly remote: Endpoint } | null = null;
  #started = false;
  #stopped = false;
  readonly #deadline: Deadline;
  #noise = 0;
  /** The source heard last; a change is looked into, all else passes. */
  #heard = -1;
  readonly #known = new Set<number>();

  /** Binds the ports and gathers candidates. Errors: MEDIA_FAILED when no port is free. */
  static async open(options: MediaSessionOptions): Promise<MediaSession> {
    let session: MediaSession | null = null;
    const components = options.rtcpMux === false ? 2 : 1;
    const transport = await IceTransport.open(
      { ...options, components },
      {
        data(component, buf, off, len, local, from, cause) {
          if (session !== null) session.#receive(component, buf, off, len, local, from, cause);
        },
        path(component, local, remote) {
          if (session !== null) session.#pathOpened(component, local, remote);
        },
        failed(why) {
          if (session !== null) session.#iceFailed(why);
        },
        consentExpired(component) {
          if (session !== null) session.#consentLost(component);
        },
      },
    );
    session = new MediaSession(options, components, transport);
    await transport.gather();
    return session;
  }

  private constructor(options: MediaSessionOptions, components: number, transport: IceTransport) {
    this.#options = options;
    this.#host = options.host;
    this.#components = components;
    this.#transport = transport;
    this.#deadline = new Deadline(options.host, () => {
      this.#tick();
    });
    this.#suite = options.suite === undefined ? 'AES_CM_128_HMAC_SHA1_80' : options.suite;
    this.#localKey = this.#suite === null ? new Uint8Array(0) : newCrypto(1, this.#suite, options.host.random).key;
    this.#source = options.source ?? new Speech(options.host.random);
  }

  /** ICE as the agent sees it: candidates, pairs, reasons. */
  get ice(): ReturnType<IceTransport['snapshot']> {
    return this.#transport.snapshot();
  }

  get controlling(): boolean {
    return this.#transport.controlling;
  }

  /** SSRC of what is sent; null before `connect`. */
  get ssrc(): number | null {
    return this.#rtp?.sender.ssrc ?? null;
  }

  /**
   * This side's m-line. When ICE has completed the default destination is the selected pair's, and its remote end goes
   * into `a=remote-candidates` (RFC 8839 section 4.4.1.2.2).
   */
  localMedia(direction: Direction = 'sendrecv'): LocalMedia {
    const transport = this.#transport;
    const address = transport.defaultOf(1);
    const rtcp = this.#components === 2 ? transport.defaultOf(2) : null;
    const selected = transport.completed ? Array.from({ length: this.#components }, (_, i) => must(transport.selected(i + 1), 'selected pair')) : [];
    const candidates = [...transport.candidates];
    for (const pair of selected) if (!candidates.includes(pair.local)) candidates.push(pair.local);
    const laws = this.#options.laws ?? ['PCMU', 'PCMA'];
    return {
      kind: 'audio',
      protocol: this.#suite === null ? 'RTP/AVP' : 'RTP/SAVP',
      address: address.address,
      port: address.port,
      ...(rtcp !== null && { rtcp: { address: rtcp.address, port: rtcp.port } }),
      codecs: laws.map((law) => ({ payloadType: rtp.PAYLOAD_TYPE[law], name: law, clockRate: 8000 })),
      direction,
      rtcpMux: this.#components === 1,
      ptime: 20,
      ice: { ufrag: transport.ufrag, password: transport.pwd },
      candidates: candidates.map(toSdpCandidate),
      ...(selected.length > 0 &&
        this.controlling && {
          remoteCandidates: selected.map((p) => ({ component: p.component, address: p.remote.address.address, port: p.remote.address.port })),
        }),
      keys: this.#suite === null ? [] : [{ suite: this.#suite, key: keyText(this.#localKey) }],
    };
  }

  /**
   * Takes what both sides agreed on, finds the way, starts to talk. Called again after a re-offer: a changed direction is
   * followed, new ICE credentials are a restart. Resolved when media flows, or when ICE has failed.
   * Errors: MEDIA_FAILED when the description does not fit the ports that this session was opened with.
   */
  connect(agreed: Agreed, peer: { readonly lite?: boolean } = {}): Promise<ConnectResult> {
    if (this.#stopped) return Promise.resolve({ ok: false, code: 'ICE_FAILED', why: 'the session is stopped' });
    if (agreed.rtcpMux !== (this.#components === 1)) {
      throw new LabError('MEDIA_FAILED', `the peer ${agreed.rtcpMux ? 'wants' : 'does not take'} rtcp-mux`, {
        hint: 'set rtcpMux of the session to what the peer can do',
      });
    }
    this.#protect(agreed.keys);
    this.#direction = agreed.direction;
    this.#rtp ??= this.#newRtp(agreed);
    this.#connecting?.resolve({ ok: false, code: 'ICE_FAILED', why: 'superseded by another description' });
    const connecting = this.#host.deferred<ConnectResult>(
      `${this.#host.name}: ICE and media${this.#options.label === undefined ? '' : ` of ${this.#options.label}`}`,
    );
    this.#connecting = connecting;
    const { remote } = agreed;
    if (remote.ice === null) this.#connectDirectly(agreed);
    else {
      const candidates = remote.candidates.flatMap((c) => fromSdpCandidate(c) ?? []).filter((c) => c.component <= this.#components);
      this.#transport.setRemote({ ufrag: remote.ice.ufrag, pwd: remote.ice.password, candidates, ...(peer.lite !== undefined && { lite: peer.lite }) });
      // A description of a session that has failed before changes nothing: only a restart would.
      const failure = this.#transport.failure;
      if (failure !== null) this.#iceFailed(failure);
    }
    this.#proceed();
    return connecting.promise;
  }

  /** New ICE credentials and candidates, for a re-offer (RFC 8445 section 9). */
  restart(): Promise<void> {
    return this.#transport.restart();
  }

  /** Hold and resume, as agreed by a re-offer or by oneself. */
  setDirection(direction: Direction): void {
    this.#direction = direction;
    this.#proceed();
  }

  stats(): MediaStats {
    return mediaStats(must(this.#rtp, 'an RTP session: connect comes first'), this.#protection?.refused ?? null, this.#noise);
  }

  /** Says RTCP BYE and closes everything. Idempotent. */
  stop(reason?: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#deadline.close();
    const session = this.#rtp;
    if (session !== null && this.#started) {
      this.#sendControl(session.leave(this.#host.clock.now, reason));
      const { sent, received } = this.stats();
      this.#event('media-stopped', {
        ssrc: sent.ssrc,
        sent: sent.packets,
        received: received.reduce((n, r) => n + r.packets, 0),
        lost: received.reduce((n, r) => n + r.lost, 0),
      });
    }
    this.#transport.close();
    this.#connecting?.resolve({ ok: false, code: 'ICE_FAILED', why: 'stopped' });
    this.#connecting = null;
  }

  // ---- what the transport says ----

  /** hot. */
  #receive(component: number, buf: Uint8Array, off: number, len: number, local: Endpoint, from: Endpoint, cause: Cause): void {
    const session = this.#rtp;
    const kind = demux(buf, off, len);
    if (session === null || (kind !== KIND.RTP && kind !== KIND.RTCP)) {
      this.#noise += 1;
      this.#host.discard(cause, session === null ? 'media-too-early' : 'not-media');
      return;
    }
    const control = kind === KIND.RTCP || (component === 2 && kind === KIND.RTP);
    let b = buf;
    let o = off;
    let n = len;
    if (this.#protection !== null) {
      n = this.#protection.unprotect(control, buf, off, len);
      if (n < 0) {
        this.#host.discard(cause, `srtp-${srtpFailure(n) ?? 'malformed'}`);
        return;
      }
      b = this.#protection.received;
      o = 0;
    }
    if (control) {
      session.rtcp(b, o, n, this.#host.clock.now);
      return;
    }
    const result = session.rtp(b, o, n, this.#host.clock.now);
    if (result === RECEIVED.MALFORMED || result === RECEIVED.PAYLOAD_TYPE) {
      this.#host.discard(cause, result === RECEIVED.MALFORMED ? 'rtp-malformed' : 'rtp-payload-type');
      return;
    }
    const ssrc = rtp.ssrc(b, o);
    if (ssrc !== this.#heard) this.#hear(ssrc, local, from);
    if (this.#options.sink !== undefined && result === RECEIVED.ACCEPTED) this.#options.sink(b, o, n);
  }

  #pathOpened(component: number, local: Endpoint, remote: Endpoint): void {
    if (component === 1) {
      this.#ice = { local, remote };
      this.#revealOwn();
    }
    this.#proceed();
  }

  #iceFailed(why: string): void {
    this.#connecting?.resolve({ ok: false, code: 'ICE_FAILED', why });
    this.#connecting = null;
  }

  /** RFC 7675: the transport sends no more on that component; what would be sent is not even made. */
  #consentLost(component: number): void {
    if (component === 1) this.#rtp?.sender.stop();
    this.#event('media-silenced', { component, why: 'consent expired' });
  }

  // ---- within ----

  #newRtp(agreed: Agreed): RtpSession {
    const host = this.#host;
    const law = lawOf(agreed.codec.name);
    const sender = new RtpSender({ random: host.random, source: this.#source, law, payloadType: agreed.codec.payloadType });
    return new RtpSession({
      sender,
      receiver: { payloadTypes: [agreed.codec.payloadType], clockRate: agreed.codec.clockRate },
      random: host.random,
      cname: host.name,
      originSeconds: host.clock.originSeconds,
    });
  }

  /** Contexts are kept while the keys stay: their roll-over counters must not start again. */
  #protect(keys: Agreed['keys']): void {
    if (keys === null) this.#protection = null;
    else if (this.#protection === null || !this.#protection.same(keys)) {
      this.#protection = new Protection(keys);
      this.#known.clear();
      this.#heard = -1;
      this.#revealOwn();
    }
  }

  /** Without ICE media goes to the m-line's own address. */
  #connectDirectly(agreed: Agreed): void {
    const { remote } = agreed;
    const to = transportAddress(remote.address, remote.port);
    const control = remote.rtcp ?? { address: remote.address, port: remote.port + 1 };
    const toControl = transportAddress(control.address, control.port);
    const opened =
      to !== null && this.#transport.setDirect(1, to) && (this.#components === 1 || (toControl !== null && this.#transport.setDirect(2, toControl)));
    if (!opened) this.#iceFailed(`the peer does without ICE, and no address of ours reaches ${remote.address}`);
  }

  /** Starts and stops what path and direction allow now. */
  #proceed(): void {
    const session = this.#rtp;
    if (session === null || this.#stopped || this.#ice === null) return;
    const open = this.#transport.hasPath(1) && (this.#components === 1 || this.#transport.hasPath(2));
    if (!open) return;
    const now = this.#host.clock.now;
    if (SENDS[this.#direction]) session.sender.start(now);
    else session.sender.stop();
    if (!this.#started) {
      this.#started = true;
      session.start(now);
      this.#event('media-started', {
        ssrc: session.sender.ssrc,
        codec: session.sender.law,
        protection: this.#protection?.suite ?? 'none',
        local: formatAddress(this.#ice.local),
        remote: formatAddress(this.#ice.remote),
        direction: this.#direction,
      });
    }
    this.#connecting?.resolve({ ok: true });
    this.#connecting = null;
    this.#book();
  }

  #book(): void {
    const session = this.#rtp;
    if (session === null || this.#stopped) return;
    this.#deadline.set(Math.min(session.sender.deadline, session.rtcpDeadline) as Nanos);
  }

  /** hot. */
  #tick(): void {
    const session = this.#rtp;
    if (session === null || this.#stopped) return;
    const now = this.#host.clock.now;
    const n = session.sender.packet(now);
    if (n > 0) this.#sendMedia(session.sender.scratch, n);
    if (now >= session.rtcpDeadline) this.#sendControl(session.report(now));
    this.#book();
  }

  #sendMedia(scratch: Uint8Array, n: number): void {
    if (this.#protection === null) this.#transport.send(1, scratch, 0, n);
    else {
      const length = this.#protection.protect(false, scratch, n);
      if (length > 0) this.#transport.send(1, this.#protection.sent, 0, length);
    }
  }

  #sendControl(n: number): void {
    const session = this.#rtp;
    if (n === 0 || session === null) return;
    if (this.#protection === null) this.#transport.send(this.#components, session.rtcpScratch, 0, n);
    else {
      const length = this.#protection.protect(true, session.rtcpScratch, n);
      if (length > 0) this.#transport.send(this.#components, this.#protection.sent, 0, length);
    }
  }

  #revealOwn(): void {
    if (this.#protection === null || this.#ice === null || this.#rtp === null) return;
    this.#host.reveal({ kind: 'srtp', ...this.#ice, ssrc: this.#rtp.sender.ssrc, suite: this.#protection.suite, key: this.#protection.localKey });
  }

  /** Another source than the last: when it is new, its key and its beginning are told. */
  #hear(ssrc: number, local: Endpoint, from: Endpoint): void {
    this.#heard = ssrc;
    if (this.#known.has(ssrc)) return;
    this.#known.add(ssrc);
    if (this.#protection !== null)
      this.#host.reveal({ kind: 'srtp', local, remote: from, ssrc, suite: this.#protection.suite, key: this.#protection.remoteKey });
    this.#event('media-heard', { ssrc, local: formatAddress(local), remote: formatAddress(from) });
  }

  #event(name: string, fields: Readonly<Record<string, string | number>>): void {
    this.#host.event(name, this.#options.label === undefined ? fields : { label: this.#options.label, ...fields });
  }
}

/** Errors: MEDIA_FAILED for another codec. */
function lawOf(name: string): Law {
  const upper = name.toUpperCase();
  if (upper === 'PCMU' || upper === 'PCMA') return upper;
  throw new LabError('MEDIA_FAILED', `codec "${name}" is not spoken here`, { expected: 'PCMU or PCMA' });
}
