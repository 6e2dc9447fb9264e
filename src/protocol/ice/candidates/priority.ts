/**
 * Priorities of candidates and pairs: RFC 8445 sections 5.1.2 and 6.1.2.3. A pair's priority has 64 bits, more than a
 * double holds, so it is two 32-bit halves compared one after the other.
 * @module
 */
import type { CandidateType } from './candidate.js';

/** RFC 8445 section 5.1.2.2. */
export const TYPE_PREFERENCE: Readonly<Record<CandidateType, number>> = { host: 126, prflx: 110, srflx: 100, relay: 0 };

/** (2^24) * type preference + (2^8) * local preference + (256 - component). */
export function candidatePriority(type: CandidateType, localPreference: number, component: number): number {
  return TYPE_PREFERENCE[type] * 0x1000000 + localPreference * 0x100 + (256 - component);
}

/** What PRIORITY of a check says: that of the peer-reflexive candidate that the check might bring forth (RFC 8445 section 7.1.1). */
export function checkPriority(localPreference: number, component: number): number {
  return candidatePriority('prflx', localPreference, component);
}

export interface PairPriority {
  /** Upper and lower 32 bits. */
  readonly hi: number;
  readonly lo: number;
}

/** 2^32 * MIN(G,D) + 2 * MAX(G,D) + (G > D ? 1 : 0); G of the controlling agent's candidate, D of the controlled one's. */
export function pairPriority(g: number, d: number): PairPriority {
  const low = 2 * Math.max(g, d) + (g > d ? 1 : 0);
  const carry = Math.floor(low / 0x100000000);
  return { hi: Math.min(g, d) + carry, lo: low - carry * 0x100000000 };
}

/** Negative when `a` is lower. */
export function comparePriority(a: PairPriority, b: PairPriority): number {
  return a.hi === b.hi ? a.lo - b.lo : a.hi - b.hi;
}

/** The 64-bit number in decimal. Every step stays below 2^53. */
export function formatPairPriority(p: PairPriority): string {
  const low = p.hi * 967_296 + p.lo;
  const high = p.hi * 4_294 + Math.floor(low / 1_000_000);
  const rest = low % 1_000_000;
  return high === 0 ? String(rest) : `${high}${String(rest).padStart(6, '0')}`;
}

/**
 * Local preferences for the addresses of a host, in the given order. A single address gets 65535 (RFC 8445 section
 * 5.1.2.1). With both families the list is interleaved, IPv6 first, one of each in turn: a broken family then costs at most
 * every second check (RFC 8421 section 4); within a family the order given stands.
 */
export function localPreferences(addresses: readonly { readonly family: 4 | 6 }[]): number[] {
  const six = addresses.flatMap((a, i) => (a.family === 6 ? [i] : []));
  const four = addresses.flatMap((a, i) => (a.family === 4 ? [i] : []));
  const order: number[] = [];
  for (let i = 0; i < Math.max(six.length, four.length); i++) order.push(...six.slice(i, i + 1), ...four.slice(i, i + 1));
  const preferences = new Array<number>(addresses.length).fill(0);
  order.forEach((index, rank) => (preferences[index] = 65535 - rank));
  return preferences;
}
