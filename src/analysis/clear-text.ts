/**
 * The clear twin of an SRTP packet, by the keys that a run's capture holds: for `extract --clear`.
 * @module
 */
import type { ClearText } from '../capture/extract.js';
import type { SrtpKey } from '../capture/srtp-key.js';
import { isSuite } from '../protocol/rtp/sdes.js';
import { SrtpContext } from '../protocol/rtp/srtp.js';
import { u32 } from '../wire/bytes.js';
import * as checksum from '../wire/checksum.js';
import * as ethernet from '../wire/ethernet.js';
import { dissect, ipOf } from '../wire/frame.js';
import type { Ip, TransportUdp } from '../wire/frame.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import * as udp from '../wire/udp.js';
import { kindOf } from './payload.js';

const IP_PROTOCOL_UDP = 17;
const SSRC_OF_RTP = 8;
const SSRC_OF_RTCP = 4;

/** A decrypter for the keys of one run. Replays are let through: a packet is seen at many points. */
export function clearText(keys: readonly SrtpKey[]): ClearText {
  const contexts = new Map<number, SrtpContext>();
  for (const { ssrc, suite, key } of keys) {
    if (!contexts.has(ssrc) && isSuite(suite)) contexts.set(ssrc, new SrtpContext(suite, key, { replayWindow: 0 }));
  }
  return {
    twin(buf, off, len, out) {
      const ip = ipOf(dissect(buf, off, len));
      const transport = ip?.transport;
      if (ip === null || transport === undefined || 'malformed' in transport || transport.kind !== 'udp') return 0;
      const { at, length } = transport.payload;
      const kind = kindOf(buf.subarray(at, at + length));
      if (kind !== 'rtp' && kind !== 'rtcp') return 0;
      const context = contexts.get(u32(buf, at + (kind === 'rtp' ? SSRC_OF_RTP : SSRC_OF_RTCP)));
      if (context === undefined) return 0;
      const header = at - off;
      out.set(buf.subarray(off, at));
      const clear = kind === 'rtp' ? context.unprotectRtp(buf, at, length, out, header) : context.unprotectRtcp(buf, at, length, out, header);
      if (clear < 0) return 0;
      shorten(out, ip, transport, off, clear);
      return header + clear;
    },
  };
}

/** Lengths and checksums for a payload of `clear` octets: Wireshark then finds nothing wrong. */
function shorten(out: Uint8Array, ip: Ip, transport: TransportUdp, off: number, clear: number): void {
  const udpAt = transport.at - off;
  const length = udp.HEADER + clear;
  const ipAt = ethernet.HEADER;
  udp.setLength(out, udpAt, length);
  if (ip.kind === 'ipv4') {
    ipv4.setTotalLength(out, ipAt, udpAt - ipAt + length);
    ipv4.fillChecksum(out, ipAt);
    udp.fillChecksum(out, udpAt, checksum.pseudo4(out, ipAt, IP_PROTOCOL_UDP, length));
  } else {
    ipv6.setPayloadLength(out, ipAt, udpAt - ipAt - ipv6.HEADER + length);
    udp.fillChecksum(out, udpAt, checksum.pseudo6(out, ipAt, IP_PROTOCOL_UDP, length));
  }
}
