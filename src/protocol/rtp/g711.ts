/**
 * ITU-T G.711: mu-law (PCMU) and A-law (PCMA), between 16-bit linear samples and octets. Linear values carry the
 * law's 14 or 13 bits at the top, as ITU-T G.191 has them.
 * @module
 */
const ULAW_BIAS = 33;

/** One sample, -32768..32767, to its mu-law octet. */
export function encodeUlaw(sample: number): number {
  let magnitude = ((sample < 0 ? ~sample : sample) >> 2) + ULAW_BIAS;
  if (magnitude > 0x1fff) magnitude = 0x1fff;
  // 1 for magnitudes below 64, one more for each doubling.
  const segment = 33 - Math.clz32(magnitude >> 6);
  const octet = ((8 - segment) << 4) | (0x0f - ((magnitude >> segment) & 0x0f));
  return sample >= 0 ? octet | 0x80 : octet;
}

/** One sample to its A-law octet (even bits inverted, as transmitted). */
export function encodeAlaw(sample: number): number {
  const magnitude = (sample < 0 ? ~sample : sample) >> 4;
  let octet = magnitude;
  if (magnitude > 15) {
    const shift = 31 - Math.clz32(magnitude) - 4;
    octet = ((magnitude >> shift) & 0x0f) | ((shift + 1) << 4);
  }
  return (sample >= 0 ? octet | 0x80 : octet) ^ 0x55;
}

/** The level that a mu-law octet stands for. Both zeros (0xff, 0x7f) are 0. */
function expandUlaw(octet: number): number {
  const inverted = ~octet;
  const exponent = (inverted >> 4) & 7;
  const magnitude = (0x80 << exponent) + ((inverted & 0x0f) << (exponent + 3)) + (4 << exponent) - 4 * ULAW_BIAS;
  return octet < 0x80 && magnitude !== 0 ? -magnitude : magnitude;
}

function expandAlaw(octet: number): number {
  const plain = octet ^ 0x55;
  const exponent = (plain >> 4) & 7;
  let magnitude = ((plain & 0x0f) << 4) + 8;
  if (exponent > 0) magnitude = (magnitude + 0x100) << (exponent - 1);
  return (plain & 0x80) === 0 ? -magnitude : magnitude;
}

const ULAW = Int16Array.from({ length: 256 }, (_, octet) => expandUlaw(octet));
const ALAW = Int16Array.from({ length: 256 }, (_, octet) => expandAlaw(octet));

export function decodeUlaw(octet: number): number {
  return ULAW[octet] as number;
}

export function decodeAlaw(octet: number): number {
  return ALAW[octet] as number;
}

export type Law = 'PCMU' | 'PCMA';

/** hot. Encodes `n` samples into `out` at `at`. */
export function encode(law: Law, samples: Int16Array, n: number, out: Uint8Array, at: number): void {
  if (law === 'PCMU') for (let i = 0; i < n; i++) out[at + i] = encodeUlaw(samples[i] as number);
  else for (let i = 0; i < n; i++) out[at + i] = encodeAlaw(samples[i] as number);
}

/** hot. Decodes `n` octets from `at` into `out`. */
export function decode(law: Law, b: Uint8Array, at: number, n: number, out: Int16Array): void {
  const table = law === 'PCMU' ? ULAW : ALAW;
  for (let i = 0; i < n; i++) out[i] = table[b[at + i] as number] as number;
}

/** What silence is on the wire. */
export function silence(law: Law): number {
  return law === 'PCMU' ? 0xff : 0xd5;
}
