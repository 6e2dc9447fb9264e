/**
 * Why a destination is unreachable, in words of the node, with the codes of both families (RFC 792, RFC 1812 section
 * 5.2.7.1, RFC 4443 section 3.1).
 * @module
 */
export const UNREACHABLE = { NET: 0, HOST: 1, PROTOCOL: 2, PORT: 3, ADMIN: 4 } as const;
export type Unreachable = (typeof UNREACHABLE)[keyof typeof UNREACHABLE];

/** Codes of ICMP type 3: network, host, protocol, port, communication administratively prohibited. */
export const CODES4: readonly (number | null)[] = [0, 1, 2, 3, 13];
/** Codes of ICMPv6 type 1: no route, address, none (an unknown protocol is a parameter problem), port, prohibited. */
export const CODES6: readonly (number | null)[] = [0, 3, null, 4, 1];
