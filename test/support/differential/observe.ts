/**
 * Frames as they are compared: everything but what a stack draws at random.
 * @module
 */
import { NEXT } from '../../../src/wire/ipv6.js';
import { setU16, u16 } from '../../../src/wire/bytes.js';
import { parseFrame } from './pretty.js';
import { type Emitted, NETWORKS } from './bed.js';
import { soundSums } from './frames.js';

/** One line: where it came out and what it is. */
export function describeFrame({ iface, frame }: Emitted, injected: Uint8Array | null): string {
  return `${NETWORKS[iface]?.name ?? iface}[${parseFrame(masked(frame, injected))}${soundSums(frame) || sumsWereWrong(injected) ? '' : ' BAD-CHECKSUM'}]`;
}

export function sameFrame(a: Uint8Array, b: Uint8Array, injected: Uint8Array | null): boolean {
  const [x, y] = [masked(a, injected), masked(b, injected)];
  return x.length === y.length && x.every((octet, i) => octet === y[i]);
}

function sumsWereWrong(injected: Uint8Array | null): boolean {
  return injected !== null && !soundSums(injected);
}

/**
 * The identification of what the node makes itself is its own affair, and with it the header's checksum; of a datagram that
 * it fragments anew too, and of what an ICMP error quotes.
 */
function masked(frame: Uint8Array, injected: Uint8Array | null): Uint8Array {
  const copy = frame.slice();
  if (u16(frame, 12) === 0x86dd) {
    if (copy[20] === NEXT.FRAGMENT) copy.fill(0, 58, 62);
    // An error about a reset that the node itself was about to send: the kernel quotes it before its checksum is made.
    if (copy[20] === NEXT.ICMPV6 && copy[54]! < 128 && copy[68] === 6 && copy.length >= 122 && (copy[115]! & 4) !== 0)
      for (const at of [56, 118]) setU16(copy, at, 0);
    return copy;
  }
  if (u16(frame, 12) !== 0x0800) return copy;
  const forwarded = injected !== null && u16(injected, 12) === 0x0800 && u16(injected, 18) === u16(frame, 18);
  // Of what answers it, the two may be alike by chance.
  if (!forwarded || answers(frame, injected)) setU16(copy, 18, 0);
  setU16(copy, 24, 0);
  if (copy[23] === 1 && [3, 11, 12].includes(copy[34] ?? 0) && copy.length >= 62) {
    // Checksum of the message; identification and checksum of the quoted header.
    for (const at of [36, 46, 52]) setU16(copy, at, 0);
  }
  return copy;
}

/** An error or a reset about what is neither: the node has made it. */
function answers(frame: Uint8Array, injected: Uint8Array): boolean {
  return (isError(frame) && !isError(injected)) || (isReset(frame) && !isReset(injected));
}

const transportOf = (frame: Uint8Array): number => 14 + (frame[14]! & 15) * 4;
const isError = (frame: Uint8Array): boolean => frame[23] === 1 && [3, 11, 12].includes(frame[transportOf(frame)] ?? 0);
const isReset = (frame: Uint8Array): boolean => frame[23] === 6 && ((frame[transportOf(frame) + 13] ?? 0) & 4) !== 0;
