/**
 * What a rule reads off a packet: `ip saddr`, `tcp dport`, `meta mark`, `ct state`. What nft can read beside is refused
 * by its name.
 * @see nft(8), "Primary expressions", "Payload expressions"
 * @module
 */
import { didYouMean } from '../../../base/suggest.js';
import type { LabError } from '../../../base/error.js';
import { fault, unsupported } from '../../fault.js';
import type { Selector } from '../../ruleset.js';
import type { TokenStream } from '../lexing/stream.js';
import type { Token } from '../lexing/token.js';

/** Fields of headers that are supported, and those that nft has beside. */
const FIELDS = {
  ip: ['version hdrlength dscp ecn length id frag-off ttl protocol saddr daddr', 'checksum option'],
  ip6: ['version dscp ecn flowlabel length nexthdr hoplimit saddr daddr', ''],
  tcp: ['sport dport sequence ackseq flags window', 'doff reserved checksum urgptr option'],
  udp: ['sport dport length', 'checksum'],
  th: ['sport dport', ''],
  icmp: ['type code id sequence mtu', 'checksum gateway'],
  icmpv6: ['type code id sequence mtu', 'checksum parameter-problem param-problem max-delay taddr daddr'],
  meta: [
    'iif oif iifname oifname mark l4proto nfproto protocol length pkttype',
    'priority random secmark iiftype oiftype skuid skgid nftrace rtclassid ibriport obriport ibrname obrname cpu iifgroup oifgroup cgroup ipsec time day hour iifkind oifkind sdif sdifname bri_iifpvid bri_iifvproto broute',
  ],
} as const satisfies Record<string, readonly [string, string]>;

const CT_KEYS = 'state status mark direction expiration';
const CT_OTHER_KEYS =
  'l3proto protocol helper saddr daddr proto-src proto-dst label event secmark id bytes packets avgpkt zone timeout count original reply expectation';
const TUPLE_FIELDS = 'saddr daddr protocol proto-src proto-dst';
const TUPLE_OTHER_FIELDS = 'l3proto bytes packets avgpkt zone';

const UNQUALIFIED_META = 'mark iif iifname oif oifname pkttype'.split(' ');

/** Expressions of nft that are outside the subset, by their first word. */
const OTHER: Readonly<Record<string, string>> = {
  ether: 'a match on the Ethernet header (ether)',
  vlan: 'a match on the VLAN header (vlan)',
  arp: 'a match on ARP (arp)',
  igmp: 'a match on IGMP (igmp)',
  ah: 'a match on the authentication header (ah)',
  esp: 'a match on the ESP header (esp)',
  comp: 'a match on the IPComp header (comp)',
  dccp: 'a match on DCCP (dccp)',
  sctp: 'a match on SCTP (sctp)',
  udplite: 'a match on UDP-Lite (udplite)',
  frag: 'a match on an IPv6 extension header (frag)',
  hbh: 'a match on an IPv6 extension header (hbh)',
  dst: 'a match on an IPv6 extension header (dst)',
  mh: 'a match on an IPv6 extension header (mh)',
  rt0: 'a match on an IPv6 extension header (rt0)',
  rt2: 'a match on an IPv6 extension header (rt2)',
  srh: 'a match on an IPv6 extension header (srh)',
  exthdr: 'a match on IPv6 extension headers (exthdr)',
  rt: 'a routing expression (rt)',
  socket: 'a socket expression (socket)',
  osf: 'fingerprinting of operating systems (osf)',
  fib: 'a look-up in the routing tables (fib)',
  numgen: 'a number generator (numgen)',
  jhash: 'a hash (jhash)',
  symhash: 'a hash (symhash)',
  ipsec: 'an IPsec expression (ipsec)',
};

/** Bare meta keys that are outside the subset. */
const OTHER_META = new Set(
  'iiftype oiftype skuid skgid nftrace rtclassid ibriport obriport ibrname obrname cpu iifgroup oifgroup cgroup time day hour'.split(' '),
);

/** True when a selector of nft, supported or not, begins here. */
export function atSelector(s: TokenStream): boolean {
  const token = s.peek();
  if (token.kind !== 'word') return false;
  const { text } = token;
  return text in FIELDS || text === 'ct' || UNQUALIFIED_META.includes(text) || text in OTHER || OTHER_META.has(text);
}

/** True when what begins here is a selector, and not the value of the same name (`meta protocol ip`). */
export function atSelectorNotValue(s: TokenStream): boolean {
  const after = s.peek(1);
  return atSelector(s) && (after.kind === 'word' || UNQUALIFIED_META.includes(s.peek().text) || OTHER_META.has(s.peek().text));
}

/** Takes one selector. Errors: NFT_SYNTAX, NFT_UNSUPPORTED. */
export function takeSelector(s: TokenStream): Selector {
  const head = s.next();
  if (head.text === 'ct') return connection(s, head);
  if (UNQUALIFIED_META.includes(head.text)) return meta(head.text);
  if (OTHER_META.has(head.text)) throw unsupported(head, `meta ${head.text}`);
  const other = OTHER[head.text];
  if (other !== undefined) throw unsupported(head, other);
  const protocol = head.text as keyof typeof FIELDS;
  const [own, beside] = FIELDS[protocol];
  const field = takeField(s, head, own, beside);
  return protocol === 'meta' ? meta(field) : ({ select: protocol, field } as Selector);
}

function meta(key: string): Selector {
  return { select: 'meta', key } as Selector;
}

function takeField(s: TokenStream, head: Token, own: string, beside: string, before = head.text): string {
  const token = s.peek();
  const names = own.split(' ');
  if (token.kind !== 'word') throw s.wrong(`a field of ${before}: ${names.join(', ')}`);
  if (names.includes(token.text)) return s.next().text;
  if (beside.split(' ').includes(token.text)) throw unsupported(head, `${before} ${token.text}`, { expected: `a field of ${before}: ${names.join(', ')}` });
  throw unknownField(token, before, names);
}

function unknownField(token: Token, before: string, names: readonly string[]): LabError {
  return fault('NFT_SYNTAX', token, `${before} has no field "${token.text}"`, { expected: `one of: ${names.join(', ')}`, ...didYouMean(token.text, names) });
}

function connection(s: TokenStream, head: Token): Selector {
  if (!s.atWord('original', 'reply')) return { select: 'ct', key: takeField(s, head, CT_KEYS, CT_OTHER_KEYS) } as Selector;
  const direction = s.next().text as 'original' | 'reply';
  const family = s.takeWord('ip') ? 4 : s.takeWord('ip6') ? 6 : null;
  const field = takeField(s, head, family === null ? TUPLE_FIELDS : 'saddr daddr', TUPLE_OTHER_FIELDS, `ct ${direction}`);
  return { select: 'ct-tuple', direction, field, family } as Selector;
}

/** As nft writes it: `ip saddr`, `ct original ip daddr`, `iifname`. */
export function selectorText(selector: Selector): string {
  switch (selector.select) {
    case 'meta':
      return UNQUALIFIED_META.includes(selector.key) && selector.key !== 'mark' && selector.key !== 'pkttype' ? selector.key : `meta ${selector.key}`;
    case 'ct':
      return `ct ${selector.key}`;
    case 'ct-tuple': {
      const family = selector.family === null ? '' : selector.family === 4 ? 'ip ' : 'ip6 ';
      return `ct ${selector.direction} ${family}${selector.field}`;
    }
    default:
      return `${selector.select} ${selector.field}`;
  }
}
