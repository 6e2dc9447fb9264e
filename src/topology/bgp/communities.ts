/**
 * Communities (RFC 1997) and AS numbers that are private (RFC 6996).
 * @module
 */

/** Well-known: not to neighbours in other ASes; to nobody. */
export const NO_EXPORT = 'no-export';
export const NO_ADVERTISE = 'no-advertise';

/** Canonical text of a community, `undefined` for none. @param wildcards may one half be `*`? */
export function readCommunity(text: string, wildcards = false): string | undefined {
  if (text === NO_EXPORT || text === NO_ADVERTISE) return text;
  const match = /^(\d{1,5}|\*):(\d{1,5}|\*)$/.exec(text);
  if (match === null || (!wildcards && text.includes('*'))) return undefined;
  const halves = [match[1], match[2]].map((half) => (half === '*' ? half : Number(half)));
  return halves.every((half) => half === '*' || Number(half) <= 65535) ? halves.join(':') : undefined;
}

/** True when a community is the wanted one; `12076:*` and `*:5030` want many. */
export function communityFits(community: string, wanted: string): boolean {
  if (!wanted.includes('*')) return community === wanted;
  const [left, right] = wanted.split(':');
  const [a, b] = community.split(':');
  return b !== undefined && (left === '*' || left === a) && (right === '*' || right === b);
}

/** Sorted by their numbers, each once. */
export function sortedCommunities(communities: readonly string[]): readonly string[] {
  const rank = (text: string): number => {
    const [a, b] = text.split(':').map(Number);
    return b === undefined ? Infinity : (a ?? 0) * 65536 + b;
  };
  return [...new Set(communities)].sort((a, b) => (rank(a) === rank(b) ? (a < b ? -1 : 1) : rank(a) - rank(b)));
}

export function isPrivateAs(as: number): boolean {
  return (as >= 64512 && as <= 65534) || (as >= 4_200_000_000 && as <= 4_294_967_294);
}
