/**
 * The numbers of pcapng (draft-ietf-opsawg-pcapng) that the lab writes and reads.
 * @module
 */
import { assertInvariant } from '../base/assert.js';

export const BLOCK = {
  /** Section Header Block, section 4.1. The same in both byte orders. */
  SECTION: 0x0a0d0d0a,
  /** Interface Description Block, 4.2. */
  INTERFACE: 1,
  /** Packet Block, obsolete (appendix A). */
  PACKET: 2,
  /** Simple Packet Block, 4.4. */
  SIMPLE: 3,
  /** Interface Statistics Block, 4.6. */
  STATISTICS: 5,
  /** Enhanced Packet Block, 4.3. */
  ENHANCED: 6,
  /** Decryption Secrets Block, 4.7. */
  SECRETS: 10,
} as const;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Ethernet, in the registry of link types. */
export const LINKTYPE_ETHERNET = 1;

/** One snap length for all interfaces (tcpdump refuses mixed ones). No frame of the lab is as long. */
export const SNAP_LENGTH = 262144;

export const OPTION = {
  END: 0,
  COMMENT: 1,
  SHB_HARDWARE: 2,
  SHB_OS: 3,
  SHB_APPLICATION: 4,
  IF_NAME: 2,
  IF_DESCRIPTION: 3,
  IF_TSRESOL: 9,
  IF_TSOFFSET: 14,
  EPB_FLAGS: 2,
  EPB_PACKETID: 5,
  EPB_VERDICT: 7,
  ISB_STARTTIME: 2,
  ISB_ENDTIME: 3,
  ISB_IFRECV: 4,
  ISB_IFDROP: 5,
} as const;

/** Bits 0 and 1 of epb_flags (4.3.1). */
export const DIRECTION = { NONE: 0, INBOUND: 1, OUTBOUND: 2 } as const;
export type Direction = (typeof DIRECTION)[keyof typeof DIRECTION];

/** epb_verdict type 0: "hardware", followed here by one octet, the DropCode. */
export const VERDICT_HARDWARE = 0;

/** Secrets type "TLSK": lines of NSS SSLKEYLOGFILE. */
export const SECRETS_TLS_KEY_LOG = 0x544c534b;

/** Longest value of an option: its length is 16 bits. */
export const MAX_OPTION = 65535;

const encoder = new TextEncoder();

/** Number of 32-bit words that an option with a value of `length` octets takes. */
export function optionWords(length: number): number {
  return 1 + ((length + 3) >>> 2);
}

/** An option as ready little-endian words: code, length, value padded with zeros. */
export function optionOf(code: number, value: Uint8Array): Int32Array {
  assertInvariant(value.length <= MAX_OPTION, 'option value fits 16 bits');
  const words = new Int32Array(optionWords(value.length));
  words[0] = code | (value.length << 16);
  new Uint8Array(words.buffer).set(value, 4);
  return words;
}

export function textOption(code: number, text: string): Int32Array {
  const bytes = encoder.encode(text);
  if (bytes.length <= MAX_OPTION) return optionOf(code, bytes);
  // Cut at a character's start: 0b10xxxxxx continues one.
  let end = MAX_OPTION;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return optionOf(code, bytes.subarray(0, end));
}

export function commentOption(text: string): Int32Array {
  return textOption(OPTION.COMMENT, text);
}
