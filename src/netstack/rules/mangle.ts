/**
 * Header fields that rules set, with the IPv4 header's checksum kept right (RFC 1624), as nft_payload_set does.
 * @hot
 * @module
 */
import type { Packet } from '../../fabric/packet.js';
import { setU16, u16 } from '../../wire/bytes.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { MANGLE } from './program.js';

/** Where the word that holds TTL and protocol stands. */
const TTL_WORD = 8;

/** False: the packet is of the other family. */
export function setField(p: Packet, which: number, value: number): boolean {
  const b = p.buf;
  const o = p.off + ethernet.HEADER;
  if ((b[o] as number) >>> 4 !== (which <= MANGLE.TTL ? 4 : 6)) return false;
  switch (which) {
    case MANGLE.DSCP4:
      setWord4(b, o, 0, (u16(b, o) & 0xff03) | ((value & 0x3f) << 2));
      return true;
    case MANGLE.ECN4:
      setWord4(b, o, 0, (u16(b, o) & 0xfffc) | (value & 3));
      return true;
    case MANGLE.TTL:
      setWord4(b, o, TTL_WORD, (u16(b, o + TTL_WORD) & 0x00ff) | ((value & 0xff) << 8));
      return true;
    case MANGLE.DSCP6:
      setU16(b, o, (u16(b, o) & 0xf03f) | ((value & 0x3f) << 6));
      return true;
    case MANGLE.ECN6:
      setU16(b, o, (u16(b, o) & 0xffcf) | ((value & 3) << 4));
      return true;
    default:
      ipv6.setHopLimit(b, o, value & 0xff);
      return true;
  }
}

function setWord4(b: Uint8Array, o: number, at: number, value: number): void {
  checksum.adjust16(b, o + ipv4.CHECKSUM, u16(b, o + at), value);
  setU16(b, o + at, value);
}
