/**
 * A relay with one allocation, for tests of the plug that relays go into: ChannelData (RFC 8656 section 12.4) between
 * client and server, channels bound by word of mouth instead of requests.
 * @module
 */
import { must } from '../../base/assert.js';
import { NEVER } from '../../base/time.js';
import type { Cause } from '../../base/brand.js';
import type { DatagramHandler, Endpoint, UdpSocket } from '../../host/host.js';
import { demux, KIND } from '../../protocol/demux.js';
import type { IceBase } from '../../protocol/ice/candidates/candidate.js';
import type { GatherDeps, Gatherer, GathererOut } from '../../protocol/ice/candidates/gatherer.js';
import { setU16, u16 } from '../../wire/bytes.js';
import type { Carrier, OpenRelay, Relay, RelayPlug } from './carrier.js';
import type { TestHost } from './hosts.testkit.js';

const HEADER = 4;
const FIRST_CHANNEL = 0x4000;

function wrap(channel: number, b: Uint8Array, o: number, n: number): Uint8Array {
  const out = new Uint8Array(HEADER + n);
  setU16(out, 0, channel);
  setU16(out, 2, n);
  out.set(b.subarray(o, o + n), HEADER);
  return out;
}

/** Forwards both ways, each packet with the one that made it as its cause. */
export class RelayServer {
  readonly relayed: Endpoint;
  readonly address: Endpoint;
  readonly #host: TestHost;
  readonly #control: UdpSocket;
  readonly #relay: UdpSocket;
  readonly #peers: Endpoint[] = [];
  #client: Endpoint | null = null;

  private constructor(host: TestHost, control: UdpSocket, relay: UdpSocket) {
    this.#host = host;
    this.#control = control;
    this.#relay = relay;
    this.address = control.local;
    this.relayed = relay.local;
  }

  static async open(host: TestHost): Promise<RelayServer> {
    let server: RelayServer | null = null;
    const address = must(host.addresses[0], 'address');
    const control = await host.udp({ address, port: 3478 }, (b, o, n, from, cause) => server?.fromClient(b, o, n, from, cause));
    const relay = await host.udp({ address, port: 49_152 }, (b, o, n, from, cause) => server?.fromPeer(b, o, n, from, cause));
    return (server = new RelayServer(host, control, relay));
  }

  /** The channel of a peer, bound when it is asked for the first time: permission is given by that. */
  channel(address: string, port: number): number {
    const peer = this.#host.endpoint(address, port);
    if (!this.#peers.includes(peer)) this.#peers.push(peer);
    return FIRST_CHANNEL + this.#peers.indexOf(peer);
  }

  peer(channel: number): Endpoint | undefined {
    return this.#peers[channel - FIRST_CHANNEL];
  }

  fromClient(b: Uint8Array, o: number, n: number, from: Endpoint, cause: Cause): void {
    const peer = this.peer(u16(b, o));
    if (demux(b, o, n) !== KIND.TURN_CHANNEL || peer === undefined) return;
    this.#client = from;
    this.#relay.send(b, o + HEADER, u16(b, o + 2), peer, cause);
  }

  fromPeer(b: Uint8Array, o: number, n: number, from: Endpoint, cause: Cause): void {
    const at = this.#peers.indexOf(from);
    if (at < 0 || this.#client === null) return;
    this.#control.send(wrap(FIRST_CHANNEL + at, b, o, n), 0, HEADER + n, this.#client, cause);
  }
}

/** The client's side: a gatherer that brings one relayed candidate, and its carrier. */
export class TestRelay implements Relay, Carrier {
  readonly gatherer: Gatherer;
  readonly local: Endpoint;
  closed = false;
  released: readonly IceBase[] | null = null;
  readonly #plug: RelayPlug;
  readonly #server: RelayServer;
  readonly #address: Endpoint;
  #through: Carrier | null = null;
  #deliver: DatagramHandler | null = null;

  constructor(plug: RelayPlug, server: RelayServer) {
    this.#plug = plug;
    this.#server = server;
    this.local = plug.host.endpoint(server.relayed.address, server.relayed.port);
    this.#address = plug.host.endpoint(server.address.address, server.address.port);
    this.gatherer = {
      name: 'turn',
      opensPaths: true,
      done: true,
      notes: [],
      deadline: NEVER,
      start: (deps, _now, out) => {
        this.#start(deps, out);
      },
      receive: () => false,
      fault: () => undefined,
      release: (inUse) => {
        this.released = inUse;
      },
      tick: () => undefined,
    };
  }

  #start(deps: GatherDeps, out: GathererOut[]): void {
    const through = must(
      deps.bases.find((b) => b.address.family === this.local.family),
      'a base that reaches the server',
    );
    const { address, port, family } = this.local;
    const base: IceBase = { ...through, address: { address, port, family } };
    this.#through = this.#plug.carrier(through);
    this.#deliver = this.#plug.attach(base, this);
    out.push({ kind: 'candidate', candidate: { type: 'relay', base, address: base.address, learnedFrom: this.#server.address, related: through.address } });
  }

  send(b: Uint8Array, o: number, n: number, to: Endpoint, cause?: Cause): void {
    if (this.closed) return;
    const channel = this.#server.channel(to.address, to.port);
    must(this.#through, 'a way to the server').send(wrap(channel, b, o, n), 0, HEADER + n, this.#address, cause);
  }

  close(): void {
    this.closed = true;
  }

  receive(_base: IceBase, b: Uint8Array, o: number, n: number, from: Endpoint, cause: Cause): boolean {
    if (from !== this.#address || demux(b, o, n) !== KIND.TURN_CHANNEL) return false;
    const peer = must(this.#server.peer(u16(b, o)), 'the peer of a channel');
    this.#deliver?.(b, o + HEADER, u16(b, o + 2), this.#plug.host.endpoint(peer.address, peer.port), cause);
    return true;
  }
}

/** For `MediaSessionOptions.relays`; `opened` gets each client. */
export function relayTo(server: RelayServer, opened: TestRelay[] = []): OpenRelay {
  return (plug) => {
    const relay = new TestRelay(plug, server);
    opened.push(relay);
    return relay;
  };
}
