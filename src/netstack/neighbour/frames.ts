/**
 * Frames that a node makes itself below IP: ARP and NDP messages, addressed by MAC.
 * @module
 */
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import { setU48, u48 } from '../../wire/bytes.js';
import { NO_INTERFACE, type Interface } from '../interface.js';
import type { AddressBook } from '../address-book.js';
import type { NodeCore } from '../node-core.js';

/** What it needs of its node. */
export interface FramePorts {
  readonly core: NodeCore;
  readonly book: AddressBook;
}

/** A new packet with an Ethernet header and room for `len` octets behind it. @param cause packet that it answers or 0 */
export function newFrame(node: FramePorts, iface: Interface, dst: number, type: number, len: number, cause: number): Packet {
  const p = node.core.pool.take(ethernet.HEADER + len);
  p.len = ethernet.HEADER + len;
  p.cause = cause;
  p.iif = NO_INTERFACE;
  p.oif = iface.index;
  ethernet.setDst(p.buf, p.off, dst);
  ethernet.setSrc(p.buf, p.off, macNumber(iface.mac));
  ethernet.setType(p.buf, p.off, type);
  return p;
}

/** Takes ownership. */
export function sendFrame(node: FramePorts, iface: Interface, p: Packet): void {
  if (iface.end === null || !iface.up) {
    node.core.end(p);
    return;
  }
  iface.txPackets++;
  iface.txBytes += p.len;
  iface.end.send(p);
}

export function macNumber(mac: Uint8Array): number {
  return u48(mac, 0);
}

export function macBytes(mac: number): Uint8Array {
  const bytes = new Uint8Array(6);
  setU48(bytes, 0, mac);
  return bytes;
}
