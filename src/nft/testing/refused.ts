/**
 * Wrong inputs, as people make them: nft or the kernel refuses each, and so does the parser, with the code that says why.
 * @module
 */
import type { NftCode } from '../fault.js';
import type { Place } from './constructs.js';

export interface Refused {
  readonly code: NftCode;
  readonly place: Place;
  readonly text: string;
}

const of = (code: NftCode, place: Place, ...texts: readonly string[]): readonly Refused[] => texts.map((text) => ({ code, place, text }));
const table = (code: NftCode, ...items: readonly string[]): readonly Refused[] => of(code, 'file', ...items.map((item) => `table ip t {\n  ${item}\n}\n`));

const DEEP = Array.from({ length: 16 }, (_, i) => `chain c${i} {\n    ${i === 0 ? 'accept' : `jump c${i - 1}`}\n  }`).join('\n  ');

export const REFUSED: readonly Refused[] = [
  ...of('NFT_SYNTAX', 'filter',
    'tcp dport', 'tcp dprt 80 accept', 'ip saddr 10.0.0 accept', 'acept', 'accept;;accept }', 'tcp dport { } accept', 'tcp dport { 80 accept', 'tcp dport 80 } accept', 'comment "x" accept',
    'iifname "eth0 accept', "iifname 'eth0' accept", 'log level warning', 'limit rate 10/fortnight accept', 'limit rate ten/second', 'reject with smoke', 'tcp flags syn / syn accept', 'ip saddr == accept',
    'counter packets accept', 'jump', 'jump accept', 'ct state established related accept', 'accept comment', 'meta frog 5', 'ct frog 5', 'ip frog 5', 'tcp dport 80 80 accept', '80 tcp dport accept', 'tcp dport ! accept', 'meta mark ~5'),
  ...of('NFT_SYNTAX', 'file',
    'table ip t {\n  chain c {\n    accept }\n}\n', 'table ip t {\n  chain c {\n', 'table ip t\n}\n', 'table ip log {\n}\n', 'table ip "t" {\n}\n', 'tabel ip t {\n}\n', 'table ip t { chain c { } }\n', 'table ip t {\n  chain fwd {\n  }\n}\n',
    'table ip t {\n  chains c {\n  }\n}\n', 'define = 5\n', 'define x 5\n', 'include x\n', 'add rule ip t\n', 'table ip t {\n  set s {\n    type ipv4_addr\n    elements = { 10.0.0.1,\n\n 10.0.0.2 }\n  }\n}\n',
    'table ip t {\n  chain c {\n    type filter hook input\n  }\n}\n', 'table ip t {\n  chain c {\n    type filtre hook input priority 0\n  }\n}\n', 'table ip t {\n  chain c {\n    type filter hook inputs priority 0\n  }\n}\n',
    'table ip t {\n  chain c {\n    type filter hook input priority 0; policy reject;\n  }\n}\n', 'table ip t {\n  set s {\n  }\n}\n', 'table ip t {\n  map m { type ipv4_addr; }\n}\n', 'table ip t {\n  set s { type ipv4_addr : mark; }\n}\n', 'flush everything\n', 'tcp dport 80 accept\n'),
  ...of('NFT_UNKNOWN', 'filter', 'jump nowhere', 'ip saddr @nobody accept', 'ip saddr $nobody accept', 'counter name nothing', 'limit name nothing', 'tcp dport nosuchservice accept', 'tcp dport vmap { 80 : goto nowhere }'),
  ...table('NFT_UNKNOWN', 'set s { type nosuch; }', 'chain c { type filter hook input priority early; }'),
  ...of('NFT_UNKNOWN', 'file', 'add rule ip t c accept\n', 'add element ip t s { 1 }\n', 'table ip t {\n  define a = 5\n}\ntable ip u {\n  chain c {\n    tcp dport $a accept\n  }\n}\n', 'table ip t {\n  chain c {\n    jump d\n  }\n}\ntable ip t {\n  chain d {\n  }\n}\n',
    'table ip t {\n  set s { type ipv4_addr; }\n}\ntable ip u {\n  chain c {\n    ip saddr @s accept\n  }\n}\n', 'table ip t {\n  chain c {\n    ip saddr @s accept\n  }\n}\ntable ip t {\n  set s { type ipv4_addr; }\n}\n', 'delete table ip t\n', 'table ip t\nadd rule ip t c accept\n'),
  ...of('NFT_TYPE', 'filter',
    'ip saddr 256.0.0.1 accept', 'ip saddr ::1 accept', 'ip6 saddr 10.0.0.1 accept', 'ip saddr 10.0.0.9-10.0.0.1 accept', 'ip saddr 10.0.0.0/33 accept', 'ip6 saddr 2001:db8::/129 accept', 'tcp dport 65536 accept', 'tcp dport 90-80 accept', 'tcp dport 80, 443 accept', 'tcp dport ! 80 accept',
    'ip ttl 256 accept', 'ip dscp 64 accept', 'ip dscp set 64', 'ip dscp gold accept', 'ct state open accept', 'tcp flags sin accept', 'icmp type ping accept', 'iifname "*" accept', 'iifname "a-name-that-is-too-long" accept',
    'ip saddr . tcp dport 10.0.0.1 . 80 accept', 'ip saddr . tcp dport { 10.0.0.1 } accept', 'ip saddr @ports accept', 'ip saddr { 10.0.0.1 : accept } accept', 'tcp dport vmap { 80 } accept', 'tcp dport vmap @hosts', 'ip saddr vmap @verdicts', 'meta mark set ip saddr', 'meta mark set 0x100000000', 'meta mark set tcp dport map @verdicts',
    'limit rate 0/second accept', 'ct original saddr 10.0.0.1 accept', 'ct original proto-dst 80 accept', 'ct expiration soon accept', 'meta l4proto 256 accept', 'ip saddr "10.0.0.0/8" accept'),
  ...of('NFT_TYPE', 'srcnat', 'snat to 192.0.2.1', 'snat ip to 2001:db8::1', 'snat ip to 192.0.2.9-192.0.2.1', 'tcp dport 80 snat ip to 192.0.2.1:90-80', 'tcp dport 80 snat ip to 192.0.2.1:65536'),
  ...of('NFT_TYPE', 'ip', 'reject with icmpx port-unreachable', 'reject with icmp tomorrow'),
  ...table('NFT_TYPE', 'set s { type ipv4_addr; elements = { 10.0.0.0/8 }; }', 'set s { type ipv4_addr; elements = { 80 . 80 }; }', 'set s { type ifname; elements = { "eth*" }; }', 'map m { type ipv4_addr : mark; elements = { 10.0.0.1 }; }', 'map m { type ipv4_addr : mark; elements = { 10.0.0.1 : accept }; }',
    'map m { type ipv4_addr : ipv4_addr; elements = { 10.0.0.1 : 10.0.0.1-10.0.0.2 }; }', 'map m { type ipv4_addr : interval ipv4_addr; elements = { 10.0.0.1 : 10.0.0.1 }; }'),
  ...of('NFT_CONFLICT', 'filter', 'accept drop', 'jump other accept', 'reject counter', 'tcp dport 80 udp dport 80 accept', 'ip saddr 10.0.0.1 ip6 saddr ::1 accept', 'ip protocol tcp udp dport 53 accept', 'meta nfproto ipv6 ip saddr 10.0.0.1 accept', 'icmp type echo-request icmpv6 type echo-request accept',
    'meta l4proto udp reject with tcp reset', 'meta l4proto { tcp, udp } reject with tcp reset', 'ip6 saddr ::1 reject with icmp host-unreachable', 'tcp dport vmap { 80 : accept, 80 : drop }', 'tcp dport vmap { 80-90 : accept, 85 : drop }', 'ip saddr . tcp dport { 10.0.0.0/24 . 80, 10.0.0.5 . 80 } accept', 'jump c', 'masquerade', 'dnat ip to 10.0.0.1', 'redirect', 'snat ip to 10.0.0.1'),
  ...of('NFT_CONFLICT', 'srcnat', 'dnat ip to 10.0.0.1', 'redirect', 'reject', 'snat ip to 192.0.2.1:80', 'th dport 53 snat ip to 192.0.2.1:80', 'ip6 saddr ::1 snat ip to 192.0.2.1', 'masquerade to :80', 'snat ip to tcp dport map { 80 : 10.0.0.1, 80 : 10.0.0.2 }'),
  ...of('NFT_CONFLICT', 'dstnat', 'snat ip to 10.0.0.1', 'masquerade'),
  ...of('NFT_CONFLICT', 'ip', 'ip6 saddr ::1 accept', 'meta nfproto ipv4 accept', 'reject with icmpv6 no-route', 'ct reply protocol udp tcp dport 80 accept', 'tcp dport 80 ct reply protocol udp udp dport 53 accept', 'ct reply protocol udp reject with tcp reset', 'icmp type echo-request icmp type destination-unreachable icmp sequence 7 accept'),
  ...of('NFT_CONFLICT', 'ip6', 'ip saddr 10.0.0.1 accept'),
  ...table('NFT_CONFLICT', 'chain c { type nat hook forward priority 0; }', 'chain c { type route hook input priority 0; }', 'chain c { type nat hook prerouting priority -300; }', 'chain c { type nat hook prerouting priority srcnat; }', 'chain c { type nat hook output priority dstnat; }', 'chain c { policy drop; }', 'chain c { type filter hook input priority 0; policy accept; policy drop; }',
    'set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 10.0.0.1 }; }', 'set s { type inet_service; size 2; elements = { 1, 2, 3 }; }', 'map m { type ipv4_addr : mark; elements = { 10.0.0.1 : 1, 10.0.0.1 : 2 }; }',
    'chain a { type filter hook input priority 0; jump b; }\n  chain b {\n    jump d\n  }\n  chain d {\n    jump b\n  }', 'chain a { type filter hook input priority 0; jump b; }\n  chain b {\n    masquerade\n  }', `${DEEP}\n  chain b { type filter hook input priority 0; jump c15; }`),
  ...of('NFT_CONFLICT', 'file', 'define a = 1\ndefine a = 2\n', 'table ip t {\n  chain c { type filter hook input priority 0; }\n}\ntable ip t {\n  chain c { type filter hook input priority 5; }\n}\n', 'table ip t {\n  chain c {\n  }\n}\ntable ip t {\n  chain c { type filter hook input priority 5; }\n}\n', 'create table ip t\ncreate table ip t\n',
    'table ip t {\n  set s { type ipv4_addr; }\n}\ntable ip t {\n  set s { type mark; }\n}\n', 'table ip t {\n  chain c {\n  }\n}\ncreate chain ip t c\n'),
  ...of('NFT_FILE', 'file', 'include "nowhere.nft"\n', 'include "fw.nft"\n'),
];
