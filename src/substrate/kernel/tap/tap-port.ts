/**
 * What sits at the end of a link where a kernel's interface is plugged in: frames from the link are written to the TAP
 * device, frames read from it go into the link. Whole Ethernet frames on both sides; the identity of a packet that a
 * kernel passed on is kept by {@link PacketIdentity}.
 * @module
 */
import { NO_DECISION } from '../../../base/brand.js';
import { DROP } from '../../../base/drop.js';
import { ZERO } from '../../../base/time.js';
import type { LinkEnd, Port, Tap } from '../../../fabric/link.js';
import type { Packet, PacketPool } from '../../../fabric/packet.js';
import type { Scheduler } from '../../../fabric/scheduler.js';
import type { NodeId } from '../../../base/brand.js';
import * as ethernet from '../../../wire/ethernet.js';
import * as ipv6 from '../../../wire/ipv6.js';
import type { CauseResolver } from '../identity/cause-resolver.js';
import type { PacketIdentity } from '../identity/packet-identity.js';
import { ERRNO, type Libc } from './libc.js';
import type { TapDevice } from './tap-device.js';

/** Frames taken from one device before the others get their turn. */
const BATCH = 64;
/** Beyond the MTU: Ethernet header and VLAN tag. */
const FRAMING = 18;

/** The packet that the next frame is read into, shared by all ports so that ids are given in the order of reading. */
export class SparePacket {
  readonly #pool: PacketPool;
  readonly #longest: number;
  #packet: Packet | null = null;

  /** @param mtu the largest of all links */
  constructor(pool: PacketPool, mtu: number) {
    this.#pool = pool;
    this.#longest = mtu + FRAMING;
  }

  get packet(): Packet {
    this.#packet ??= this.#pool.take(this.#longest);
    return this.#packet;
  }

  /** It belongs to the caller now. */
  use(): void {
    this.#packet = null;
  }

  release(): void {
    if (this.#packet !== null) this.#pool.release(this.#packet);
    this.#packet = null;
  }
}

export interface TapPortOptions {
  readonly libc: Libc;
  readonly device: TapDevice;
  readonly end: LinkEnd;
  readonly node: NodeId;
  /** Index of the interface at its node, from 0. */
  readonly index: number;
  readonly identity: PacketIdentity;
  /** Of a node with a role. */
  readonly causes: CauseResolver | null;
  readonly scheduler: Scheduler;
  readonly pool: PacketPool;
  readonly tap: Tap;
  readonly spare: SparePacket;
}

export class TapPort implements Port {
  readonly device: TapDevice;
  /** Frames of the kernel's own housekeeping that did not enter the link (see {@link isGroupReport}). */
  withheld = 0;
  readonly #o: TapPortOptions;

  constructor(options: TapPortOptions) {
    this.#o = options;
    this.device = options.device;
  }

  deliver(p: Packet): void {
    const { libc, identity, causes, index, scheduler, tap, pool, node } = this.#o;
    const bytes = p.buf.subarray(p.off, p.off + p.len);
    const before = causes === null ? ZERO : causes.now();
    if (libc.write(this.device.fd, bytes, p.len) === p.len) {
      causes?.arrived(p.buf, p.off, p.len, p.id, before);
      identity.arrived(p, index, scheduler.now);
      return;
    }
    // tuntap.rst: EIO = the interface is down.
    const drop = libc.errno() === ERRNO.EIO ? DROP.INTERFACE_DOWN : DROP.UNEXPLAINED;
    p.time = scheduler.now;
    tap.dropped(p, node, drop, NO_DECISION);
    tap.ended(p);
    pool.release(p);
  }

  carrier(up: boolean): void {
    this.device.setCarrier(up);
  }

  /** Reads what the kernel has sent and puts it on the link. The clock has been sampled. */
  drain(): void {
    const { libc, identity, causes, index, scheduler, end, spare } = this.#o;
    const now = scheduler.now;
    for (let i = 0; i < BATCH; i++) {
      const p = spare.packet;
      const length = libc.read(this.device.fd, p.buf.subarray(p.off, p.off + p.capacity), p.capacity);
      if (length < ethernet.HEADER) return;
      p.len = length;
      if (isGroupReport(p.buf, p.off, length)) {
        this.withheld++;
        continue;
      }
      spare.use();
      identity.departing(p, index, now);
      causes?.departed(p.buf, p.off, p.len, p.id);
      end.send(p);
    }
  }
}

const HOP_BY_HOP = 0;
const MLD = [130, 131, 132, 143];

/**
 * Multicast Listener Discovery (RFC 3810): Linux reports the groups that its own addresses make it join, unasked, and
 * has no setting against it. Nobody routes multicast in a lab, so the reports would be noise in every capture.
 */
export function isGroupReport(b: Uint8Array, off: number, len: number): boolean {
  const ip = off + ethernet.HEADER;
  if (len < ethernet.HEADER + ipv6.HEADER + 9 || ethernet.type(b, off) !== ethernet.ETHERTYPE.IPV6) return false;
  // RFC 3810 5: always behind a Hop-by-Hop header with the Router Alert option.
  if (ipv6.nextHeader(b, ip) !== HOP_BY_HOP || b[ip + ipv6.HEADER] !== ipv6.NEXT.ICMPV6) return false;
  return MLD.includes(b[ip + ipv6.HEADER + 8] as number);
}
