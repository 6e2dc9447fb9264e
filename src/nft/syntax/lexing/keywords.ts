/**
 * Words that nft keeps for itself. A table, a chain, a set or a variable cannot be called so, and a value of that text
 * must stand in quotes. Words that mean something in one place only (`saddr` after `ip`) are no keywords elsewhere.
 * @module
 */

/** Operators that may be written as words. */
export const SIGN_WORDS: ReadonlyMap<string, string> = new Map([
  ['eq', '=='],
  ['ne', '!='],
  ['le', '<='],
  ['lt', '<'],
  ['ge', '>='],
  ['gt', '>'],
  ['lshift', '<<'],
  ['rshift', '>>'],
  ['xor', '^'],
  ['and', '&'],
  ['or', '|'],
  ['not', '!'],
]);

export const KEYWORDS: ReadonlySet<string> = new Set(
  `accept add ah all arp auto-merge bridge cgroup chain comment comp constant continue counter cpu create ct day dccp
  define delete describe device devices dnat drop dst dup dynamic ecn element elements esp ether exists expires export
  exthdr fib flags flow flowtable flush frag fwd gc-interval get goto handle hbh hook hour ibriport ibrname icmp icmpv6
  igmp iif iifgroup iifname iiftype import include index inet insert interval ip ip6 ipsec jhash jump limit list log map
  mark masquerade meta meter mh missing monitor netdev nftrace notrack numgen obriport obrname offload oif oifgroup
  oifname oiftype osf pkttype policy position priority queue quota random redefine redirect reject rename replace reset
  return rt rt0 rt2 rtclassid rule ruleset sctp secmark set size skgid skuid snat socket srh symhash synproxy table tcp th
  time timeout tproxy type typeof udp udplite undefine update vlan vmap`
    .trim()
    .split(/\s+/),
);

/** Keywords that may also stand as a value, on the right of a match or in a set. */
export const VALUE_KEYWORDS: ReadonlySet<string> = new Set(
  'ether ip ip6 vlan arp dnat snat ecn reset tcp udp udplite esp ah icmp igmp icmpv6 comp dccp sctp redirect'.split(' '),
);
