/**
 * A frame in one line, for people who read a difference.
 * @module
 */
import { toHex, u16, u32 } from '../../../src/wire/bytes.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import * as ipv6 from '../../../src/wire/ipv6.js';
import * as tcp from '../../../src/wire/tcp.js';
import { formatIpv4, formatIpv6 } from '../../../src/wire/address.js';

export function parseFrame(frame: Uint8Array): string {
  const ip = frame.subarray(14);
  const macs = `${toHex(frame, 0, 6)}<${toHex(frame, 6, 6)}`;
  switch (u16(frame, 12)) {
    case 0x0800:
      return `${macs} ${packet4(ip)}`;
    case 0x86dd:
      return `${macs} ${packet6(ip)}`;
    default:
      return `${macs} ethertype ${u16(frame, 12).toString(16)} ${toHex(ip)}`;
  }
}

function packet4(ip: Uint8Array): string {
  const fragment = ipv4.isFragment(ip, 0) ? ` fragment@${ipv4.fragmentOffset(ip, 0)}${ipv4.moreFragments(ip, 0) ? '+' : ''}` : '';
  const head = `${formatIpv4(ipv4.src(ip, 0))}>${formatIpv4(ipv4.dst(ip, 0))} ttl=${ipv4.ttl(ip, 0)} tos=${ipv4.tos(ip, 0)} len=${ip.length}${ipv4.dontFragment(ip, 0) ? ' df' : ''}${fragment}`;
  if (ipv4.fragmentOffset(ip, 0) > 0) return `${head} proto=${ipv4.protocol(ip, 0)}`;
  return `${head} ${transport(ip, ipv4.protocol(ip, 0), ipv4.headerLength(ip, 0))}`;
}

function packet6(ip: Uint8Array): string {
  const head = `${formatIpv6(ip.subarray(8, 24))}>${formatIpv6(ip.subarray(24, 40))} hlim=${ipv6.hopLimit(ip, 0)} tc=${ipv6.trafficClass(ip, 0)} flow=${ipv6.flowLabel(ip, 0)} len=${ip.length}`;
  const walked = ipv6.transport(ip, 0);
  return walked < 0 ? `${head} ?` : `${head} ${transport(ip, ipv6.walkedHeader(walked), ipv6.walkedTo(walked))}`;
}

function transport(ip: Uint8Array, protocol: number, at: number): string {
  const left = ip.length - at;
  switch (protocol) {
    case 6:
      return left < 20
        ? 'tcp cut'
        : `tcp ${u16(ip, at)}>${u16(ip, at + 2)} ${tcp.formatFlags(tcp.flags(ip, at))} seq=${u32(ip, at + 4)} ack=${u32(ip, at + 8)} win=${u16(ip, at + 14)}`;
    case 17:
      return left < 8 ? 'udp cut' : `udp ${u16(ip, at)}>${u16(ip, at + 2)}`;
    case 1:
    case 58: {
      const kind = `icmp ${ip[at]}/${ip[at + 1]}`;
      const error = protocol === 1 ? [3, 11, 12].includes(ip[at]!) : ip[at]! < 128;
      if (error && left > 28) return `${kind} rest=${u32(ip, at + 4)} about {${protocol === 1 ? packet4(ip.subarray(at + 8)) : packet6(ip.subarray(at + 8))}}`;
      return left < 8 ? kind : `${kind} id=${u16(ip, at + 4)} seq=${u16(ip, at + 6)}`;
    }
    case 44:
      return `fragment ${toHex(ip, at, 8)}`;
    default:
      return `proto=${protocol}`;
  }
}
