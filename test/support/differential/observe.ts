/**
 * Frames as they are compared: everything but what a stack draws at random.
 * @module
 */
import { NEXT } from '../../../src/wire/ipv6.js';
import { setU16, u16 } from '../../../src/wire/bytes.js';
import { parseFrame } from './pretty.js';
import { type Emitted, NETWORKS } from './bed.js';
import { soundSums } from './frames.js';

/** What came out in a step, in one line. */
export function describeAll(out: readonly Emitted[] | null, injected: Uint8Array | null): string {
  if (out === null) return 'nothing to answer';
  return out.length === 0 ? 'nothing' : out.map((emitted) => describeFrame(emitted, injected)).join(' + ');
}

/** One line: where it came out and what it is. */
function describeFrame({ iface, frame }: Emitted, injected: Uint8Array | null): string {
  return `${NETWORKS[iface]?.name ?? iface}[${parseFrame(masked(frame, injected))}${soundFor(frame, injected) ? '' : ' BAD-CHECKSUM'}]`;
}

/** Whether its checksums are right, or were wrong when it came. */
export function soundFor(frame: Uint8Array, injected: Uint8Array | null): boolean {
  return soundSums(frame) || sumsWereWrong(injected);
}

function sumsWereWrong(injected: Uint8Array | null): boolean {
  return injected !== null && !soundSums(injected);
}

/**
 * The identification of what the node makes itself is its own affair, and with it the header's checksum; of a datagram that
 * it fragments anew too, and of what an ICMP error quotes. What goes on keeps the identification that it came with.
 */
export function masked(frame: Uint8Array, injected: Uint8Array | null): Uint8Array {
  const copy = frame.slice();
  if (u16(frame, 12) === 0x86dd) {
    if (copy[20] === NEXT.FRAGMENT && !(injected?.[20] === NEXT.FRAGMENT && sameOctets(frame, injected, 58, 62))) copy.fill(0, 58, 62);
    // An error about a reset that the node itself was about to send: the kernel quotes it before its checksum is made.
    if (copy[20] === NEXT.ICMPV6 && copy[54]! < 128 && copy[68] === 6 && copy.length >= 122 && (copy[115]! & 4) !== 0)
      for (const at of [56, 118]) setU16(copy, at, 0);
    return copy;
  }
  if (u16(frame, 12) !== 0x0800) return copy;
  const four = injected !== null && u16(injected, 12) === 0x0800;
  const kept = four && u16(injected, 18) === u16(frame, 18);
  // Of what answers it, the two may be alike by chance.
  if (!kept || answers(frame, injected)) setU16(copy, 18, 0);
  // Whether it is right is asked for itself.
  setU16(copy, 24, 0);
  const at = transportOf(frame);
  if (!isError(frame) || copy.length < at + 28) return copy;
  setU16(copy, at + 2, 0);
  if (four && u16(injected, 18) === u16(frame, at + 12)) return copy;
  for (const field of [at + 12, at + 18]) setU16(copy, field, 0);
  return copy;
}

function sameOctets(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  return a.subarray(from, to).every((octet, i) => octet === b[from + i]);
}

/** An error or a reset about what is neither: the node has made it. */
function answers(frame: Uint8Array, injected: Uint8Array): boolean {
  return (isError(frame) && !isError(injected)) || (isReset(frame) && !isReset(injected));
}

const transportOf = (frame: Uint8Array): number => 14 + (frame[14]! & 15) * 4;
const isError = (frame: Uint8Array): boolean => frame[23] === 1 && [3, 11, 12].includes(frame[transportOf(frame)] ?? 0);
const isReset = (frame: Uint8Array): boolean => frame[23] === 6 && ((frame[transportOf(frame) + 13] ?? 0) & 4) !== 0;
