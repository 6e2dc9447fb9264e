/**
 * RTP and RTCP over one ICE transport, in the clear above and protected below; one for each m-line, or one for all
 * that are bundled. Protection stands here because it is the transport's: bundled m-lines share one key (RFC 8859 has
 * `a=crypto` in the category TRANSPORT), as they would share one DTLS association.
 * @module
 */
import { must } from '../../base/assert.js';
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { LabError } from '../../base/error.js';
import type { Endpoint, Host } from '../../host/host.js';
import { KIND } from '../../protocol/demux.js';
import { BundleDemux, type BundledStream } from '../../protocol/rtp/bundle.js';
import * as rtp from '../../protocol/rtp/rtp.js';
import { newCrypto, type Suite, type SuiteKey } from '../../protocol/rtp/sdes.js';
import { srtpFailure, type SrtpFailure } from '../../protocol/rtp/srtp.js';
import type { Agreed, SessionKeys } from '../../protocol/sdp/offer-answer.js';
import { transportAddress } from '../../protocol/stun/transport-address.js';
import { CHECK } from '../../wire/malformed.js';
import { IceTransport, type IceTransportOptions } from './ice-transport.js';
import { Protection } from './protection.js';

/** What a stream hears of its transport. Called synchronously, within the event that caused it. */
export interface TransportUser {
  /** hot. In the clear; bytes are borrowed. */
  rtp(b: Uint8Array, o: number, n: number, local: Endpoint, from: Endpoint, cause: Cause): void;
  rtcp(b: Uint8Array, o: number, n: number): void;
  /** RTP (component 1) or RTCP (2) has a way, or another than before. */
  path(component: number): void;
  failed(why: string): void;
  /** RFC 7675: nothing is sent by that component any more. */
  silenced(component: number): void;
  /** Other keys than before: nobody's packets can be told from before. */
  keyed(): void;
}

export interface RtpTransportOptions extends Omit<IceTransportOptions, 'components'> {
  /** RTCP on RTP's port (RFC 5761); default true. Both sides must be of one mind: a transport has the ports it was opened with. */
  readonly rtcpMux?: boolean;
  /** Default AES_CM_128_HMAC_SHA1_80; null = plain RTP. */
  readonly suite?: Suite | null;
}

export class RtpTransport {
  /** 1 with rtcp-mux, else 2. */
  readonly components: number;
  readonly ice: IceTransport;
  /** Own key for the description; null on plain RTP. */
  readonly key: SuiteKey | null;
  readonly #host: Host;
  readonly #users: TransportUser[] = [];
  #bundle: BundleDemux | null = null;
  #protection: Protection | null = null;
  #connected = false;
  /** Of RTP: where it goes. */
  #path: { readonly local: Endpoint; readonly remote: Endpoint } | null = null;
  #noise = 0;

  /** Binds the ports. Errors: MEDIA_FAILED when no port is free. */
  static async open(options: RtpTransportOptions): Promise<RtpTransport> {
    let opened: RtpTransport | null = null;
    const components = options.rtcpMux === false ? 2 : 1;
    const ice = await IceTransport.open(
      { ...options, components },
      {
        data(kind, component, buf, off, len, local, from, cause) {
          if (opened !== null) opened.#receive(kind, component, buf, off, len, local, from, cause);
        },
        path(component, local, remote) {
          if (opened !== null) opened.#pathOpened(component, local, remote);
        },
        failed(why) {
          if (opened !== null) for (const user of opened.#users) user.failed(why);
        },
        consentExpired(component) {
          if (opened !== null) for (const user of opened.#users) user.silenced(component);
        },
      },
    );
    return (opened = new RtpTransport(options, components, ice));
  }

  private constructor(options: RtpTransportOptions, components: number, ice: IceTransport) {
    this.components = components;
    this.ice = ice;
    this.#host = options.host;
    const suite = options.suite === undefined ? 'AES_CM_128_HMAC_SHA1_80' : options.suite;
    this.key = suite === null ? null : newCrypto(1, suite, options.host.random);
  }

  /** The stream that comes with it: the first of several is the tagged one. */
  use(user: TransportUser): void {
    this.#users.push(user);
  }

  /** RFC 9143 section 9.2, in the order of {@link use}; null = there is one stream, and all is its own. */
  bundle(streams: readonly BundledStream[] | null, extension: number): void {
    this.#bundle = streams === null ? null : new BundleDemux(streams, extension);
  }

  get protection(): Protection | null {
    return this.#protection;
  }

  get path(): { readonly local: Endpoint; readonly remote: Endpoint } | null {
    return this.#path;
  }

  /** Every component has a way. */
  get open(): boolean {
    return this.#path !== null && this.ice.hasPath(1) && (this.components === 1 || this.ice.hasPath(2));
  }

  /** Datagrams that belonged to nobody. */
  get noise(): number {
    return this.#noise;
  }

  get refused(): Readonly<Record<SrtpFailure, number>> | null {
    return this.#protection?.refused ?? null;
  }

  /** Errors: MEDIA_FAILED when the description does not fit the ports that this transport was opened with. */
  check(agreed: Agreed): void {
    if (agreed.rtcpMux === (this.components === 1)) return;
    throw new LabError('MEDIA_FAILED', `the peer ${agreed.rtcpMux ? 'wants' : 'does not take'} rtcp-mux`, {
      hint: 'set rtcpMux of the session to what the peer can do',
    });
  }

  /** Contexts are kept while the keys stay: their roll-over counters must not start again. */
  protect(keys: SessionKeys | null): void {
    this.#connected = true;
    if (keys === null) this.#protection = null;
    else if (this.#protection === null || !this.#protection.same(keys)) {
      this.#protection = new Protection(keys);
      for (const user of this.#users) user.keyed();
    }
  }

  /** Looks for the way to the peer. A way, or that there is none, comes by the events. */
  connect({ remote }: Agreed, peer: { readonly lite?: boolean }): void {
    if (remote.ice === null) {
      this.#connectDirectly(remote);
      return;
    }
    const candidates = remote.candidates.filter((c) => c.component <= this.components);
    this.ice.setRemote({ ufrag: remote.ice.ufrag, pwd: remote.ice.password, candidates, ...(peer.lite !== undefined && { lite: peer.lite }) });
    // A description of a session that has failed before changes nothing: only a restart would.
    const failure = this.ice.failure;
    if (failure !== null) for (const user of this.#users) user.failed(failure);
  }

  /** Without ICE media goes to the m-line's own address. */
  #connectDirectly(remote: Agreed['remote']): void {
    const to = transportAddress(remote.address, remote.port);
    const control = remote.rtcp ?? { address: remote.address, port: remote.port + 1 };
    const toControl = transportAddress(control.address, control.port);
    const opened = to !== null && this.ice.setDirect(1, to) && (this.components === 1 || (toControl !== null && this.ice.setDirect(2, toControl)));
    if (opened) return;
    for (const user of this.#users) user.failed(`the peer does without ICE, and no address of ours reaches ${remote.address}`);
  }

  /** hot. Protects and sends an RTP packet. */
  sendRtp(b: Uint8Array, o: number, n: number, cause: Cause): void {
    this.#send(false, 1, b, o, n, cause);
  }

  /** hot. Protects and sends a compound RTCP packet. */
  sendRtcp(b: Uint8Array, o: number, n: number, cause: Cause = NO_CAUSE): void {
    this.#send(true, this.components, b, o, n, cause);
  }

  #send(control: boolean, component: number, b: Uint8Array, o: number, n: number, cause: Cause): void {
    if (this.#protection === null) this.ice.send(component, b, o, n, cause);
    else {
      const length = this.#protection.protect(control, b, o, n);
      if (length > 0) this.ice.send(component, this.#protection.sent, 0, length, cause);
    }
  }

  close(): void {
    this.ice.close();
  }

  /** hot. */
  #receive(kind: number, component: number, buf: Uint8Array, off: number, len: number, local: Endpoint, from: Endpoint, cause: Cause): void {
    if (!this.#connected || (kind !== KIND.RTP && kind !== KIND.RTCP)) {
      this.#noise += 1;
      this.#host.discard(cause, this.#connected ? 'not-media' : 'media-too-early');
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
    // Each stream takes from a compound what is about its own sources (RFC 9143 section 9.2).
    if (control) for (const user of this.#users) user.rtcp(b, o, n);
    else this.#deliver(b, o, n, local, from, cause);
  }

  /** hot. */
  #deliver(b: Uint8Array, o: number, n: number, local: Endpoint, from: Endpoint, cause: Cause): void {
    let stream = 0;
    if (this.#bundle !== null) stream = rtp.check(b, o, n) === CHECK.OK ? this.#bundle.streamOf(b, o) : -1;
    if (stream < 0) {
      this.#noise += 1;
      this.#host.discard(cause, 'rtp-no-stream');
    } else must(this.#users[stream], 'the stream of a packet').rtp(b, o, n, local, from, cause);
  }

  #pathOpened(component: number, local: Endpoint, remote: Endpoint): void {
    if (component === 1) this.#path = { local, remote };
    for (const user of this.#users) user.path(component);
  }
}
