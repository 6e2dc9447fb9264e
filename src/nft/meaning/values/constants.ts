/**
 * Names that values have, by data type.
 * @see nft(8), "Data types"; `nft describe TYPE` prints the same lists
 * @module
 */
import type { DataType } from '../../ruleset.js';
import { SERVICES } from './services.js';

/** `a=1 b=0x2` */
function table(text: string): ReadonlyMap<string, number> {
  const pairs = text
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split('=') as [string, string]);
  return new Map(pairs.map(([name, value]) => [name, Number(value)]));
}

const NONE: ReadonlyMap<string, number> = new Map();

/** IANA "Protocol Numbers", with the names of /etc/protocols. */
const PROTOCOLS = table(`ip=0 icmp=1 igmp=2 ggp=3 ipencap=4 st=5 tcp=6 egp=8 igp=9 pup=12 udp=17 hmp=20 rdp=27 dccp=33 ipv6=41
  ipv6-route=43 ipv6-frag=44 idrp=45 rsvp=46 gre=47 esp=50 ah=51 skip=57 ipv6-icmp=58 icmpv6=58 ipv6-nonxt=59 ipv6-opts=60
  eigrp=88 ospf=89 ipip=94 etherip=97 encap=98 pim=103 ipcomp=108 comp=108 vrrp=112 l2tp=115 isis=124 sctp=132
  mobility-header=135 udplite=136 mpls-in-ip=137 manet=138 hip=139 shim6=140`);

/** RFC 2474, RFC 2597, RFC 3246, RFC 5865, RFC 8622. */
const DSCP = table(`cs0=0 cs1=8 cs2=16 cs3=24 cs4=32 cs5=40 cs6=48 cs7=56 df=0 be=0 lephb=1 af11=10 af12=12 af13=14 af21=18 af22=20
  af23=22 af31=26 af32=28 af33=30 af41=34 af42=36 af43=38 va=44 ef=46`);

/** RFC 792, RFC 950, RFC 1256. */
const ICMP_TYPES = table(`echo-reply=0 destination-unreachable=3 source-quench=4 redirect=5 echo-request=8 router-advertisement=9
  router-solicitation=10 time-exceeded=11 parameter-problem=12 timestamp-request=13 timestamp-reply=14 info-request=15
  info-reply=16 address-mask-request=17 address-mask-reply=18`);

const ICMP_CODES = table(`net-unreachable=0 host-unreachable=1 prot-unreachable=2 port-unreachable=3 frag-needed=4 net-prohibited=9
  host-prohibited=10 admin-prohibited=13`);

/** RFC 4443, RFC 4861, RFC 2710, RFC 3810, RFC 2894, RFC 3122. */
const ICMPV6_TYPES = table(`destination-unreachable=1 packet-too-big=2 time-exceeded=3 parameter-problem=4 echo-request=128
  echo-reply=129 mld-listener-query=130 mld-listener-report=131 mld-listener-done=132 mld-listener-reduction=132
  nd-router-solicit=133 nd-router-advert=134 nd-neighbor-solicit=135 nd-neighbor-advert=136 nd-redirect=137
  router-renumbering=138 ind-neighbor-solicit=141 ind-neighbor-advert=142 mld2-listener-report=143`);

const ICMPV6_CODES = table('no-route=0 admin-prohibited=1 addr-unreachable=3 port-unreachable=4 policy-fail=5 reject-route=6');

/** NFT_REJECT_ICMPX_* */
export const ICMPX_CODES = table('no-route=0 port-unreachable=1 host-unreachable=2 admin-prohibited=3');

/** The names of a type's values; empty where there are none. */
export const CONSTANTS: Readonly<Record<DataType, ReadonlyMap<string, number>>> = {
  ipv4_addr: NONE,
  ipv6_addr: NONE,
  inet_service: SERVICES,
  inet_proto: PROTOCOLS,
  ifname: NONE,
  iface_index: NONE,
  mark: NONE,
  dscp: DSCP,
  ecn: table('not-ect=0 ect1=1 ect0=2 ce=3'),
  icmp_type: ICMP_TYPES,
  icmp_code: ICMP_CODES,
  icmpv6_type: ICMPV6_TYPES,
  icmpv6_code: ICMPV6_CODES,
  ct_state: table('invalid=1 established=2 related=4 new=8 untracked=0x40'),
  ct_status: table('expected=1 seen-reply=2 assured=4 confirmed=8 snat=0x10 dnat=0x20 dying=0x200'),
  ct_dir: table('original=0 reply=1'),
  tcp_flag: table('fin=1 syn=2 rst=4 psh=8 ack=0x10 urg=0x20 ecn=0x40 cwr=0x80'),
  nf_proto: table('ipv4=2 ipv6=10'),
  ether_type: table('ip=0x800 arp=0x806 ip6=0x86dd 8021q=0x8100 8021ad=0x88a8 vlan=0x8100'),
  pkt_type: table('host=0 unicast=0 broadcast=1 multicast=2 other=3'),
  integer: NONE,
};

/** Types whose values are bits that may be set together. */
export const BITMASKS: ReadonlySet<DataType> = new Set(['ct_state', 'ct_status', 'tcp_flag']);

/** Standard priorities, and the hooks that they may be used in (all where none is named). */
export const PRIORITIES: ReadonlyMap<string, { readonly value: number; readonly hook: string | null }> = new Map([
  ['raw', { value: -300, hook: null }],
  ['mangle', { value: -150, hook: null }],
  ['dstnat', { value: -100, hook: 'prerouting' }],
  ['filter', { value: 0, hook: null }],
  ['security', { value: 50, hook: null }],
  ['srcnat', { value: 100, hook: 'postrouting' }],
]);
