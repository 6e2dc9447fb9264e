/**
 * One m-line: an RTP session over a transport, with a payloader of what was agreed on. W3C's transceiver, RFC 3264's
 * media stream. It knows neither codecs nor how its packets travel.
 * @module
 */
import { must } from '../../base/assert.js';
import type { Cause } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import type { Nanos } from '../../base/time.js';
import { Deadline } from '../../host/deadline.js';
import type { Workload } from '../../base/workload.js';
import type { Deferred, Endpoint, Host } from '../../host/host.js';
import { oneByteExtension } from '../../protocol/rtp/header-extension.js';
import type { Format } from '../../protocol/rtp/payloader.js';
import { RECEIVED } from '../../protocol/rtp/receiver.js';
import * as rtp from '../../protocol/rtp/rtp.js';
import { RtpSender } from '../../protocol/rtp/sender.js';
import { RtpSession } from '../../protocol/rtp/session.js';
import type { Agreed, LocalMedia } from '../../protocol/sdp/offer-answer.js';
import type { Direction } from '../../protocol/sdp/session.js';
import { formatAddress } from '../../protocol/stun/transport-address.js';
import { mediaStats, type MediaStats } from './media-stats.js';
import type { RtpTransport, TransportUser } from './rtp-transport.js';

export interface MediaStreamOptions {
  /** Name within the session (RFC 5888); default its number, from 0. */
  readonly mid?: string;
  /** The m-line's kind. */
  readonly kind: 'audio' | 'video';
  /** What it is for; default its kind. */
  readonly workload?: Workload;
  /** In order of preference. */
  readonly formats: readonly Format[];
  /** Milliseconds, for `a=ptime`. */
  readonly packetTime?: number;
  /** Gets every RTP packet that was accepted, in the clear; bytes are borrowed. */
  readonly onPacket?: (b: Uint8Array, o: number, n: number, cause: Cause) => void;
}

/** How connecting ended. The network's refusal is a result, not an exception. */
export type ConnectResult = { readonly ok: true } | { readonly ok: false; readonly code: 'ICE_FAILED'; readonly why: string };

const SENDS: Readonly<Record<Direction, boolean>> = { sendrecv: true, sendonly: true, recvonly: false, inactive: false };

export class MediaStream implements TransportUser {
  readonly kind: 'audio' | 'video';
  readonly workload: Workload;
  readonly transport: RtpTransport;
  readonly #options: MediaStreamOptions;
  readonly #host: Host;
  readonly #label: string | undefined;
  #mid: string;
  #rtp: RtpSession | null = null;
  #direction: Direction = 'sendrecv';
  #connecting: Deferred<ConnectResult> | null = null;
  #started = false;
  #stopped = false;
  readonly #deadline: Deadline;
  /** The source heard last; a change is looked into, all else passes. */
  #heard = -1;
  readonly #known = new Set<number>();

  /** @param label goes into its events */
  constructor(host: Host, transport: RtpTransport, mid: string, label: string | undefined, options: MediaStreamOptions) {
    this.kind = options.kind;
    this.workload = options.workload ?? options.kind;
    this.transport = transport;
    this.#options = options;
    this.#host = host;
    this.#label = label;
    this.#mid = mid;
    this.#deadline = new Deadline(host, () => {
      this.#tick();
    });
    transport.use(this);
  }

  get mid(): string {
    return this.#mid;
  }

  /** SSRC of what is sent; null before `connect`. */
  get ssrc(): number | null {
    return this.#rtp?.sender.ssrc ?? null;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Payload types that the peer may send. */
  get payloadTypes(): readonly number[] {
    return this.#stopped ? [] : (this.#rtp?.receiver.payloadTypes ?? []);
  }

  /**
   * This side's m-line. When ICE has completed the default destination is the selected pair's, and its remote end goes
   * into `a=remote-candidates` (RFC 8839 section 4.4.1.2.2).
   */
  localMedia(direction: Direction): LocalMedia {
    const { ice, components, key } = this.transport;
    const { formats, packetTime } = this.#options;
    const address = ice.defaultOf(1);
    const rtcp = components === 2 ? ice.defaultOf(2) : null;
    const selected = ice.completed ? Array.from({ length: components }, (_, i) => must(ice.selected(i + 1), 'selected pair')) : [];
    const candidates = [...ice.candidates];
    for (const pair of selected) if (!candidates.includes(pair.local)) candidates.push(pair.local);
    return {
      kind: this.kind,
      protocol: key === null ? 'RTP/AVP' : 'RTP/SAVP',
      address: address.address,
      port: address.port,
      ...(rtcp !== null && { rtcp: { address: rtcp.address, port: rtcp.port } }),
      codecs: formats.map(({ payloadType, name, clockRate, fmtp }) => ({ payloadType, name, clockRate, ...(fmtp !== undefined && { fmtp }) })),
      direction,
      rtcpMux: components === 1,
      ...(packetTime !== undefined && { ptime: packetTime }),
      ice: { ufrag: ice.ufrag, password: ice.pwd },
      candidates,
      ...(selected.length > 0 &&
        ice.controlling && {
          remoteCandidates: selected.map((p) => ({ component: p.component, address: p.remote.address.address, port: p.remote.address.port })),
        }),
      keys: key === null ? [] : [key],
    };
  }

  /**
   * Takes what was agreed on for this m-line, before the transport does. Resolved when media may flow, or when ICE has
   * failed. Errors: MEDIA_FAILED for a codec that was not ours.
   */
  prepare(agreed: Agreed): Promise<ConnectResult> {
    this.#direction = agreed.direction;
    if (agreed.bundled !== null) this.#mid = agreed.bundled.mid;
    this.#rtp ??= this.#newRtp(agreed);
    this.#connecting?.resolve({ ok: false, code: 'ICE_FAILED', why: 'superseded by another description' });
    const label = this.#label === undefined ? '' : ` of ${this.#label}`;
    this.#connecting = this.#host.deferred<ConnectResult>(`${this.#host.name}: ICE and media${label}`);
    return this.#connecting.promise;
  }

  setDirection(direction: Direction): void {
    this.#direction = direction;
    this.proceed();
  }

  /**
   * hot. An RTP packet made elsewhere, whole and in the clear, as a relay of media has it; nothing is sent where there
   * is no way.
   * @param cause what it is sent because of
   */
  send(b: Uint8Array, o: number, n: number, cause: Cause): void {
    if (this.#started && !this.#stopped) this.transport.sendRtp(b, o, n, cause);
  }

  stats(): MediaStats {
    return mediaStats(this, must(this.#rtp, 'an RTP session: connect comes first'), this.transport);
  }

  /** Says RTCP BYE. The transport stays, for others may use it. Idempotent. */
  stop(reason?: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#deadline.close();
    const session = this.#rtp;
    if (session === null || !this.#started) return;
    this.#sendControl(session.leave(this.#host.clock.now, reason));
    const { sent, received } = this.stats();
    this.#event('media-stopped', {
      ssrc: sent.ssrc,
      sent: sent.packets,
      received: received.reduce((n, r) => n + r.packets, 0),
      lost: received.reduce((n, r) => n + r.lost, 0),
    });
  }

  /** The promise of `prepare` ends, if it has not. */
  failed(why: string): void {
    this.#connecting?.resolve({ ok: false, code: 'ICE_FAILED', why });
    this.#connecting = null;
  }

  // ---- what the transport says ----

  /** hot. */
  rtp(b: Uint8Array, o: number, n: number, local: Endpoint, from: Endpoint, cause: Cause): void {
    const session = this.#rtp;
    if (session === null) return;
    const result = session.rtp(b, o, n, this.#host.clock.now);
    if (result === RECEIVED.MALFORMED || result === RECEIVED.PAYLOAD_TYPE) {
      this.#host.discard(cause, result === RECEIVED.MALFORMED ? 'rtp-malformed' : 'rtp-payload-type');
      return;
    }
    const ssrc = rtp.ssrc(b, o);
    if (ssrc !== this.#heard) this.#hear(ssrc, rtp.payloadType(b, o), local, from);
    if (this.#options.onPacket !== undefined && result === RECEIVED.ACCEPTED) this.#options.onPacket(b, o, n, cause);
  }

  rtcp(b: Uint8Array, o: number, n: number): void {
    this.#rtp?.rtcp(b, o, n, this.#host.clock.now);
  }

  path(component: number): void {
    if (component === 1) this.#revealOwn();
    this.proceed();
  }

  /** What would be sent is not even made. */
  silenced(component: number): void {
    if (component === 1) this.#rtp?.sender.stop();
    this.#event('media-silenced', { component, why: 'consent expired' });
  }

  keyed(): void {
    this.#known.clear();
    this.#heard = -1;
    this.#revealOwn();
  }

  // ---- within ----

  #newRtp(agreed: Agreed): RtpSession {
    const host = this.#host;
    const { codec, bundled } = agreed;
    const sender = new RtpSender({
      random: host.random,
      payloader: formatOf(this.#options.formats, codec.name).payloader(codec.payloadType),
      ...(bundled !== null && bundled.extension > 0 && { extension: oneByteExtension(bundled.extension, new TextEncoder().encode(bundled.mid)) }),
    });
    return new RtpSession({
      sender,
      receiver: { formats: [codec] },
      random: host.random,
      cname: host.name,
      originSeconds: host.clock.originSeconds,
      ...(bundled !== null && { shared: true }),
    });
  }

  /** Starts and stops what path and direction allow now. */
  proceed(): void {
    const session = this.#rtp;
    const { path } = this.transport;
    if (session === null || this.#stopped || path === null || !this.transport.open) return;
    const now = this.#host.clock.now;
    if (SENDS[this.#direction]) session.sender.start(now);
    else session.sender.stop();
    if (!this.#started) {
      this.#started = true;
      session.start(now);
      const { payloader } = session.sender;
      this.#event('media-started', {
        ssrc: session.sender.ssrc,
        codec: payloader.codec,
        ...this.#format(payloader.payloadType, payloader.clockRate),
        protection: this.transport.protection?.suite ?? 'none',
        local: formatAddress(path.local),
        remote: formatAddress(path.remote),
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
    const { sender } = session;
    const n = sender.packet(now);
    if (n > 0) this.transport.sendRtp(sender.scratch, 0, n, sender.cause);
    if (now >= session.rtcpDeadline) this.#sendControl(session.report(now));
    this.#book();
  }

  #sendControl(n: number): void {
    if (n > 0 && this.#rtp !== null) this.transport.sendRtcp(this.#rtp.rtcpScratch, 0, n);
  }

  #revealOwn(): void {
    const { protection, path } = this.transport;
    if (protection === null || path === null || this.#rtp === null) return;
    this.#host.reveal({ kind: 'srtp', ...path, ssrc: this.#rtp.sender.ssrc, suite: protection.suite, key: protection.keys.local });
  }

  /** Another source than the last: when it is new, its key and its beginning are told. */
  #hear(ssrc: number, payloadType: number, local: Endpoint, from: Endpoint): void {
    this.#heard = ssrc;
    if (this.#known.has(ssrc)) return;
    this.#known.add(ssrc);
    const { protection } = this.transport;
    if (protection !== null) this.#host.reveal({ kind: 'srtp', local, remote: from, ssrc, suite: protection.suite, key: protection.keys.remote });
    const clockRate = this.#rtp?.receiver.clockRate(payloadType) ?? 0;
    this.#event('media-heard', { ssrc, ...this.#format(payloadType, clockRate), local: formatAddress(local), remote: formatAddress(from) });
  }

  #format(payloadType: number, clockRate: number): Readonly<Record<string, string | number>> {
    return { mid: this.#mid, kind: this.kind, workload: this.workload, 'payload-type': payloadType, 'clock-rate': clockRate };
  }

  #event(name: string, fields: Readonly<Record<string, string | number>>): void {
    this.#host.event(name, this.#label === undefined ? fields : { label: this.#label, ...fields });
  }
}

/** Errors: MEDIA_FAILED for another codec. */
function formatOf(formats: readonly Format[], name: string): Format {
  const format = formats.find((f) => f.name.toUpperCase() === name.toUpperCase());
  if (format !== undefined) return format;
  throw new LabError('MEDIA_FAILED', `codec "${name}" is not spoken here`, { expected: formats.map((f) => f.name).join(' or ') });
}
