/**
 * A network interface of an emulated node: the port of one link end, or the loopback.
 * @module
 */
import type { Port, LinkEnd } from '../fabric/link.js';
import type { Packet } from '../fabric/packet.js';
import type { Addr } from './transport.js';

/** One address of an interface. */
export interface InterfaceAddress {
  readonly addr: Addr;
  readonly family: 4 | 6;
  /** In network order, 4 or 16 bytes. */
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly prefixLength: number;
  /** fe80::/10: valid on this interface only. */
  readonly linkLocal: boolean;
}

/** What takes the frames of an interface. */
export interface FrameReceiver {
  receive(p: Packet, iface: Interface): void;
  carrierChanged(iface: Interface, up: boolean): void;
}

/** Index of the loopback; those of the plan start at 1. */
export const LOOPBACK_INDEX = 0;
/** `p.iif` of what the node made itself, `p.oif` before routing. */
export const NO_INTERFACE = -1;

export class Interface implements Port {
  readonly index: number;
  readonly name: string;
  /** `null` for the loopback. */
  readonly end: LinkEnd | null;
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** Largest IP packet in bytes: the smaller one of the plan's and the link's. */
  readonly mtu: number;
  readonly addresses: InterfaceAddress[] = [];
  /** Carrier and administration: `false` sends nothing and hides its routes. */
  up: boolean;
  /** Reverse path filter in force: 0 off, 1 strict, 2 loose. */
  rpFilter: 0 | 1 | 2 = 0;
  rxPackets = 0;
  rxBytes = 0;
  rxDropped = 0;
  txPackets = 0;
  txBytes = 0;
  txDropped = 0;
  /** Packets that came in here and were forwarded. */
  forwarded = 0;
  readonly #macHigh: number;
  readonly #macLow: number;
  readonly #receiver: FrameReceiver;
  #admin = true;

  constructor(index: number, name: string, mac: Uint8Array, mtu: number, end: LinkEnd | null, receiver: FrameReceiver) {
    this.index = index;
    this.name = name;
    this.mac = mac;
    this.end = end;
    this.mtu = end === null ? mtu : Math.min(mtu, end.mtu);
    this.up = end === null ? true : end.up;
    this.#macHigh = ((mac[0] ?? 0) << 8) | (mac[1] ?? 0);
    this.#macLow = ((mac[2] ?? 0) << 24) | ((mac[3] ?? 0) << 16) | ((mac[4] ?? 0) << 8) | (mac[5] ?? 0);
    this.#receiver = receiver;
    end?.attach(this);
  }

  get loopback(): boolean {
    return this.end === null;
  }

  /** hot. True when the frame's destination is this interface; group addresses are not looked at. */
  isMine(b: Uint8Array, o: number): boolean {
    return (
      (((b[o] as number) << 8) | (b[o + 1] as number)) === this.#macHigh &&
      (((b[o + 2] as number) << 24) | ((b[o + 3] as number) << 16) | ((b[o + 4] as number) << 8) | (b[o + 5] as number)) === this.#macLow
    );
  }

  deliver(p: Packet): void {
    this.#receiver.receive(p, this);
  }

  carrier(up: boolean): void {
    this.#change(this.#admin && up);
  }

  /** `ip link set dev NAME up|down`. */
  setAdmin(up: boolean): void {
    this.#admin = up;
    this.#change(up && (this.end === null || this.end.up));
  }

  #change(up: boolean): void {
    if (up === this.up) return;
    this.up = up;
    this.#receiver.carrierChanged(this, up);
  }
}
