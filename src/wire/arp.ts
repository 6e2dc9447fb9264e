/**
 * ARP for IPv4 over Ethernet (RFC 826). Other hardware or protocol types are malformed here.
 * @module
 */
import { formatIpv4, formatMac } from './address.js';
import { setU16, setU32, setU48, u16, u32, u48 } from './bytes.js';
import { CHECK, malformed, type Malformed } from './malformed.js';

const HTYPE = 0;
const PTYPE = 2;
const HLEN = 4;
const PLEN = 5;
const OPER = 6;
const SHA = 8;
const SPA = 14;
const THA = 18;
const TPA = 24;
export const HEADER = 28;

export const OPERATION = { REQUEST: 1, REPLY: 2 } as const;

export function check(b: Uint8Array, o: number, n: number): number {
  if (n < HEADER) return CHECK.TRUNCATED;
  const ethernetAndIpv4 = u16(b, o + HTYPE) === 1 && u16(b, o + PTYPE) === 0x0800 && u16(b, o + HLEN) === 0x0604;
  return ethernetAndIpv4 ? CHECK.OK : CHECK.VERSION;
}

export function operation(b: Uint8Array, o: number): number {
  return u16(b, o + OPER);
}
/** Sender hardware address. */
export function senderHardware(b: Uint8Array, o: number): number {
  return u48(b, o + SHA);
}
/** Sender protocol address. */
export function senderProtocol(b: Uint8Array, o: number): number {
  return u32(b, o + SPA);
}
export function targetHardware(b: Uint8Array, o: number): number {
  return u48(b, o + THA);
}
export function targetProtocol(b: Uint8Array, o: number): number {
  return u32(b, o + TPA);
}
/** Writes hardware and protocol types and lengths, which are constants. */
export function setConstants(b: Uint8Array, o: number): void {
  setU16(b, o + HTYPE, 1);
  setU16(b, o + PTYPE, 0x0800);
  b[o + HLEN] = 6;
  b[o + PLEN] = 4;
}
export function setOperation(b: Uint8Array, o: number, v: number): void {
  setU16(b, o + OPER, v);
}
export function setSenderHardware(b: Uint8Array, o: number, v: number): void {
  setU48(b, o + SHA, v);
}
export function setSenderProtocol(b: Uint8Array, o: number, v: number): void {
  setU32(b, o + SPA, v);
}
export function setTargetHardware(b: Uint8Array, o: number, v: number): void {
  setU48(b, o + THA, v);
}
export function setTargetProtocol(b: Uint8Array, o: number, v: number): void {
  setU32(b, o + TPA, v);
}

export interface Arp {
  readonly operation: number;
  readonly senderHardware: number;
  readonly senderProtocol: number;
  readonly targetHardware: number;
  readonly targetProtocol: number;
}

export function parse(b: Uint8Array, o: number, n: number): Arp | Malformed {
  const code = check(b, o, n);
  if (code !== CHECK.OK) return malformed('arp', o, code);
  return {
    operation: operation(b, o),
    senderHardware: senderHardware(b, o),
    senderProtocol: senderProtocol(b, o),
    targetHardware: targetHardware(b, o),
    targetProtocol: targetProtocol(b, o),
  };
}

export function emit(v: Arp, b: Uint8Array, o: number): number {
  setConstants(b, o);
  setOperation(b, o, v.operation);
  setSenderHardware(b, o, v.senderHardware);
  setSenderProtocol(b, o, v.senderProtocol);
  setTargetHardware(b, o, v.targetHardware);
  setTargetProtocol(b, o, v.targetProtocol);
  return HEADER;
}

export function format(v: Arp): string {
  const sender = formatIpv4(v.senderProtocol);
  const target = formatIpv4(v.targetProtocol);
  if (v.operation === OPERATION.REQUEST) return `arp who-has ${target} tell ${sender}`;
  if (v.operation === OPERATION.REPLY) return `arp ${sender} is-at ${formatMac(v.senderHardware)}`;
  return `arp operation=${v.operation} ${sender} > ${target}`;
}
