/**
 * Why connection tracking calls a packet invalid: kept in the upper bits of `Packet.ctinfo`, so that whoever drops the
 * packet can say it.
 * @module
 */
export const CT_WHY = {
  /** The headers end too early, or are a later fragment's. */
  MALFORMED: 1,
  CHECKSUM: 2,
  /** An ICMP error about a connection that is not known. */
  ERROR_WITHOUT_CONNECTION: 3,
  /** An ICMP error whose destination is not the sender of what it quotes. */
  ERROR_TO_OTHER: 4,
  /** An ICMP answer that nobody asked for, or a type that is not tracked. */
  ICMP_UNASKED: 5,
  FLAGS: 6,
  /** A SYN-ACK, FIN or RST of a connection whose SYN was not seen. */
  NO_CONNECTION: 7,
  /** `nf_conntrack_tcp_loose=0`: the connection's beginning was not seen. */
  NOT_PICKED_UP: 8,
  /** The segment does not fit the state of the connection. */
  STATE: 9,
  BEYOND_WINDOW: 10,
  ACK_BEYOND: 11,
  /** An RST with an old sequence number. */
  OLD_RST: 12,
} as const;

const WORDS: readonly string[] = [
  '',
  'malformed',
  'checksum',
  'icmp-error-without-connection',
  'icmp-error-to-other',
  'icmp-unasked',
  'tcp-flags',
  'no-connection',
  'not-picked-up',
  'tcp-state',
  'tcp-beyond-window',
  'tcp-ack-beyond',
  'tcp-old-rst',
];

const SHIFT = 16;

/** hot. The `ctinfo` bits of a reason. */
export function whyBits(why: number): number {
  return why << SHIFT;
}

/** The reason in a packet's `ctinfo` as one word; null when there is none. */
export function whyInvalid(ctinfo: number): string | null {
  return WORDS[ctinfo >> SHIFT] || null;
}
