/**
 * An example of every construct of the supported subset, after nft(8). The parser takes each, nft takes each and makes the
 * same of the formatter's text (test/kernel/nft), and the guide lists each (lab/docs/firewalls.md).
 * @module
 */

/** Where a rule stands. `file`: the text is a file of its own. */
export type Place = keyof typeof PLACES | 'file';

/** Family of the table, and type, hook and priority of the chain. */
export const PLACES = {
  filter: ['inet', 'filter hook forward priority filter'],
  input: ['inet', 'filter hook input priority filter'],
  output: ['inet', 'filter hook output priority mangle'],
  raw: ['inet', 'filter hook prerouting priority raw'],
  dstnat: ['inet', 'nat hook prerouting priority dstnat'],
  srcnat: ['inet', 'nat hook postrouting priority srcnat'],
  ip: ['ip', 'filter hook forward priority filter'],
  ip6: ['ip6', 'filter hook forward priority filter'],
  ipDstnat: ['ip', 'nat hook prerouting priority dstnat'],
  ipSrcnat: ['ip', 'nat hook postrouting priority srcnat'],
} as const;

export interface Construct {
  /** As the guide names it. */
  readonly name: string;
  readonly place: Place;
  /** One rule, or a file. */
  readonly texts: readonly string[];
}

/** What the rules of the examples refer to. */
export const SURROUNDINGS = `  counter dropped {
  }
  limit slow {
    rate 10/second burst 20 packets
  }
  set hosts {
    type ipv4_addr
    flags interval
    elements = { 10.0.0.0/24, 10.0.1.1 }
  }
  set ports {
    type inet_service
    elements = { 5060, 5061 }
  }
  map verdicts {
    type inet_service : verdict
    elements = { 22 : accept, 23 : drop, 25 : jump other }
  }
  map marks {
    type ipv4_addr : mark
    elements = { 10.0.0.1 : 1, 10.0.0.2 : 2 }
  }
  chain other {
  }
`;

/** A file with the rule in its place. */
export function fileOf(place: Place, text: string): string {
  return place === 'file' ? text : fileOfRules(place, [text]);
}

/** A file with several rules, each in a chain of its own. */
export function fileOfRules(place: Exclude<Place, 'file'>, rules: readonly string[]): string {
  const [family, hook] = PLACES[place];
  const chains = rules.map((rule, i) => `  chain c${i === 0 ? '' : i} {\n    type ${hook}\n    ${rule}\n  }\n`);
  return `table ${family} t {\n${SURROUNDINGS}${chains.join('')}}\n`;
}

const c = (name: string, place: Place, ...texts: readonly string[]): Construct => ({ name, place, texts });

/** In groups, as the guide has them. */
export const CONSTRUCTS: Readonly<Record<string, readonly Construct[]>> = {
  'files and tables': [
    c('`table FAMILY NAME { }`, families `ip`, `ip6`, `inet`', 'file', 'table ip a { }\ntable ip6 b { }\ntable inet c { }\n', 'table a { }\n'),
    c(
      '`add`, `create`, `insert` with table, chain, rule, set, map, element, counter, limit',
      'file',
      [
        'add table inet t',
        'add chain inet t in { type filter hook input priority 0; policy drop; }',
        'add chain inet t web',
        'add rule inet t in tcp dport 80 jump web',
        'insert rule inet t in iif lo accept',
        'add set inet t s { type ipv4_addr; flags interval; }',
        'add element inet t s { 10.0.0.0/8, 192.0.2.1 }',
        'add map inet t m { type inet_service : verdict; }',
        'add element inet t m { 80 : accept }',
        'add counter inet t n packets 1 bytes 60',
        'add counter inet t o',
        'add limit inet t l rate 5/second',
        'inet t web counter name n',
        'create chain inet t x',
        '',
      ].join('\n'),
    ),
    c(
      '`flush ruleset`, `flush table`, `flush chain`, `flush set`, `delete table` at the head of a file',
      'file',
      'flush ruleset\ntable inet t\ndelete table inet t\ntable inet t {\n  set s { type mark; elements = { 1 }; }\n  chain c {\n    accept\n  }\n}\nflush table inet t\nflush chain inet t c\nflush set inet t s\n',
    ),
    c(
      '`define`, `redefine`, `undefine`, `$NAME`',
      'file',
      'define wan = eth0\ndefine inside = { 10.0.0.0/8, 192.168.0.0/16 }\ndefine everywhere = { $inside, 203.0.113.0/24 }\ndefine sip = 5060-5061\ndefine states = established, related\nredefine wan = eth1\nundefine sip\ntable inet t {\n  define rtp = 50000-59999\n  chain c {\n    iifname $wan ip saddr $everywhere udp dport $rtp accept\n    ip daddr != { $inside, 198.51.100.1 } ct state $states drop\n  }\n}\n',
    ),
    c(
      'comments (`#`), line continuation, several statements on a line',
      'file',
      '# head\ntable inet t { # table\n  chain c { type filter hook input priority 0; policy accept; iif lo \\\n    accept; tcp dport { 80, # web\n      # and\n      443 } accept; drop; }\n}\n',
    ),
    c(
      '`comment` of tables, chains, sets, elements, counters, limits and rules',
      'file',
      'table inet t {\n  comment "a table"\n  set s {\n    type mark\n    comment "a set"\n    elements = { 1 comment "an element" }\n  }\n  counter n {\n    comment "a counter"\n  }\n  limit l {\n    rate 1/day\n    comment "a limit"\n  }\n  chain c {\n    comment "a chain"\n    accept comment "a rule"\n  }\n}\n',
    ),
  ],
  chains: [
    c(
      'base chains: `type filter`, `nat`, `route`',
      'file',
      'table inet t {\n  chain a { type filter hook prerouting priority 0; }\n  chain b { type nat hook output priority 0; }\n  chain c { type route hook output priority 0; }\n}\n',
    ),
    c(
      'hooks `prerouting`, `input`, `forward`, `output`, `postrouting`',
      'file',
      'table inet t {\n  chain a { type filter hook prerouting priority 0; }\n  chain b { type filter hook input priority 0; }\n  chain c { type filter hook forward priority 0; }\n  chain d { type filter hook output priority 0; }\n  chain e { type filter hook postrouting priority 0; }\n}\n',
    ),
    c(
      'priorities: numbers, `raw`, `mangle`, `dstnat`, `filter`, `security`, `srcnat`, with offset',
      'file',
      'define high = -10\ndefine named = "filter - 20"\ntable inet t {\n  chain a { type filter hook prerouting priority raw; }\n  chain b { type filter hook prerouting priority mangle + 5; }\n  chain c { type nat hook prerouting priority dstnat; }\n  chain d { type filter hook input priority filter - 1; }\n  chain e { type filter hook input priority security; }\n  chain f { type nat hook postrouting priority srcnat + 5; }\n  chain g { type filter hook input priority -5; }\n  chain h { type filter hook input priority 300; }\n  chain i { type filter hook input priority $high; }\n  chain j { type filter hook input priority $named; }\n}\n',
    ),
    c(
      '`policy accept`, `policy drop`',
      'file',
      'define closed = "drop"\ntable inet t {\n  chain a { type filter hook input priority 0; policy drop; }\n  chain b {\n    type filter hook forward priority 0\n    policy accept\n  }\n  chain c { type filter hook output priority 0; policy $closed; }\n}\n',
    ),
    c(
      'regular chains, a chain or a table opened again',
      'file',
      'table inet t {\n  chain c { type filter hook input priority 0; }\n  chain web {\n    tcp dport 80 accept\n  }\n}\ntable inet t {\n  chain c { type filter hook input priority 0; policy drop; jump web; }\n  chain web {\n    tcp dport 443 accept\n  }\n}\n',
    ),
  ],
  'sets and maps': [
    c(
      'named sets with `type`, concatenated types',
      'file',
      'table inet t {\n  set a { type ipv4_addr; elements = { 10.0.0.1 }; }\n  set b { type ipv6_addr . inet_service . mark; elements = { 2001:db8::1 . 80 . 0x1 }; }\n  set c { type inet_proto; elements = { tcp, 17 }; }\n  set d { type ifname; elements = { "eth0", lo }; }\n  set e { type dscp; elements = { ef, af41 }; }\n  set f { type icmp_type . icmp_code; elements = { 3 . 4 }; }\n  set g { type ether_type; elements = { ip, ip6 }; }\n  set h { type ct_state; elements = { new, established|related }; }\n  set i { type icmpv6_type; elements = { echo-request }; }\n  set j { type pkt_type; }\n  set k { type nf_proto; }\n  set l { type tcp_flag; }\n  set m { type ct_dir . ct_status; }\n  set n { type ecn; }\n  set o { type icmpv6_code; }\n  set p { type iface_index; elements = { lo }; }\n}\n',
    ),
    c(
      'named sets with `typeof`',
      'file',
      'table inet t {\n  set a { typeof ip saddr . tcp dport; elements = { 10.0.0.1 . 80 }; }\n  set b { typeof ip ttl; elements = { 64, 255 }; }\n  set c { typeof meta length . ct expiration; flags interval; elements = { 100-200 . 5s }; }\n  chain c {\n    ip saddr . tcp dport @a accept\n    ip ttl @b accept\n  }\n}\n',
    ),
    c(
      '`flags interval`, `flags constant`, `auto-merge`, `size`, `policy`',
      'file',
      'table inet t {\n  set a { type ipv4_addr; flags interval; auto-merge; elements = { 10.0.0.0/8, 10.1.0.0/16, 192.0.2.1-192.0.2.9 }; }\n  set b { type inet_service; flags constant, interval; size 10; policy memory; elements = { 80-90 }; }\n  set c { type ifname; flags interval; elements = { "er*", "eth0" }; }\n  set d { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 80-90, 10.0.0.0/8 . 100 }; }\n}\n',
    ),
    c(
      'named maps, verdict maps, data that are ranges (`interval`)',
      'file',
      'table ip t {\n  map a { type ipv4_addr : mark; flags interval; elements = { 10.0.0.0/8 : 1, * : 2 }; }\n  map b { type ipv4_addr . inet_service : verdict; elements = { 10.0.0.1 . 80 : accept, 10.0.0.2 . 80 : drop }; }\n  map c { type ipv4_addr : interval ipv4_addr; elements = { 10.0.0.1 : 192.0.2.1-192.0.2.4 }; }\n  map d { typeof ip saddr : meta mark; elements = { 10.0.0.1 : 0x10 }; }\n  map e { type inet_service : ipv4_addr . inet_service; elements = { 80 : 10.0.0.1 . 8080 }; }\n  chain c { type nat hook postrouting priority srcnat; snat to ip saddr map @c; }\n}\n',
    ),
    c('`@NAME`', 'filter', 'ip saddr @hosts tcp dport @ports accept', 'ip saddr != @hosts drop', 'tcp dport vmap @verdicts'),
    c(
      'sets in braces: values, ranges, prefixes, `*`',
      'filter',
      'ip saddr { 10.0.0.1, 10.0.1.0/24, 10.0.2.1-10.0.2.9 } accept',
      'tcp dport != { 80, 443, 8000-8100 } drop',
      'ip6 saddr { 2001:db8::/32, fe80::1 } accept',
      'iifname { lo, "eth*" } accept',
      'ct state { established, related } accept',
      'ip saddr { * } accept',
      'meta l4proto { tcp, udp, icmp, ipv6-icmp } accept',
    ),
    c(
      'concatenations (`.`)',
      'filter',
      'ip saddr . tcp dport { 10.0.0.1 . 80, 10.0.0.0/24 . 443-444 } accept',
      'iifname . oifname { "eth0" . "eth1", lo . lo } accept',
      'ip saddr . ip daddr . meta l4proto { 10.0.0.1 . 10.0.0.2 . tcp } accept',
      'meta mark . ct mark { 1 . 2 } accept',
    ),
    c(
      'verdict maps (`vmap`)',
      'filter',
      'tcp dport vmap { 22 : accept, 23-25 : drop, 80 : jump other, 81 : goto other, 82 : return, 83 : continue, * : drop }',
      'ct state vmap { established : accept, related : accept, invalid : drop }',
      'ip saddr . tcp dport vmap { 10.0.0.1 . 80 : accept }',
      'meta mark & 0xff vmap { 1 : accept }',
    ),
  ],
  matches: [
    c(
      'operators: none, `==`, `!=`, `<`, `>`, `<=`, `>=`, and `eq`, `ne`, `lt`, `gt`, `le`, `ge`',
      'filter',
      'tcp dport 80 accept',
      'tcp dport == 80 accept',
      'tcp dport != 80 accept',
      'tcp dport < 1024 accept',
      'tcp dport >= 1024 accept',
      'ip saddr > 10.0.0.1 accept',
      'tcp dport ne 80 accept',
      'ip ttl le 1 drop',
      'ip ttl lt 2 drop',
      'ip ttl ge 2 drop',
      'ip ttl gt 2 drop',
      'ip ttl eq 2 drop',
      'ip ttl <= 4 drop',
    ),
    c(
      '`iifname`, `oifname` with wildcards; `iif`, `oif`',
      'filter',
      'iifname "eth0" accept',
      'oifname "er*" accept',
      'iifname eth* oifname != lo accept',
      'meta iifname lo accept',
      'iif lo accept',
      'oif lo accept',
      'iifname "odd\\*" accept',
    ),
    c(
      '`meta l4proto`, `nfproto`, `protocol`, `mark`, `length`, `pkttype`',
      'filter',
      'meta l4proto tcp accept',
      'meta l4proto 17 accept',
      'meta nfproto ipv4 accept',
      'meta protocol ip6 accept',
      'meta protocol 0x800 accept',
      'meta mark 0x10 accept',
      'mark 16 accept',
      'meta length 100-200 accept',
      'meta pkttype broadcast drop',
      'pkttype multicast drop',
    ),
    c(
      '`ip version`, `hdrlength`, `dscp`, `ecn`, `length`, `id`, `frag-off`, `ttl`, `protocol`, `saddr`, `daddr`',
      'filter',
      'ip version 4 accept',
      'ip hdrlength 5 accept',
      'ip dscp ef accept',
      'ip dscp 46 accept',
      'ip dscp { af41, cs5 } accept',
      'ip ecn ce accept',
      'ip length > 1400 accept',
      'ip id 1 accept',
      'ip frag-off & 0x1fff != 0 drop',
      'ip ttl 1 drop',
      'ip protocol udp accept',
      'ip saddr 10.0.0.1 accept',
      'ip daddr 10.0.0.0/8 accept',
      'ip daddr 10.0.0.1-10.0.0.9 accept',
      'ip saddr != 10.0.0.0/8 drop',
    ),
    c(
      '`ip6 version`, `dscp`, `ecn`, `flowlabel`, `length`, `nexthdr`, `hoplimit`, `saddr`, `daddr`',
      'filter',
      'ip6 version 6 accept',
      'ip6 dscp af31 accept',
      'ip6 ecn ect0 accept',
      'ip6 flowlabel 5 accept',
      'ip6 length < 100 accept',
      'ip6 nexthdr tcp accept',
      'ip6 hoplimit 255 accept',
      'ip6 saddr 2001:db8::/32 accept',
      'ip6 daddr != fe80::/10 accept',
      'ip6 daddr 2001:db8::1-2001:db8::9 accept',
      'ip6 saddr ::ffff:192.0.2.1 accept',
    ),
    c(
      '`tcp sport`, `dport`, `sequence`, `ackseq`, `flags`, `window`',
      'filter',
      'tcp sport 80 accept',
      'tcp dport https accept',
      'tcp sequence 1 accept',
      'tcp ackseq > 5 accept',
      'tcp window 0 drop',
      'tcp flags syn accept',
      'tcp flags syn,ack accept',
      'tcp flags & (fin|syn|rst|ack) == syn accept',
      'tcp flags syn / fin,syn,rst,ack accept',
      'tcp flags != syn / fin,syn,rst,ack accept',
      'tcp flags == 0x2 accept',
      'tcp flags != syn accept',
      'tcp flags ! fin,rst accept',
      'tcp flags { syn, syn|ack } accept',
      'tcp flags & fin != 0 accept',
      'tcp flags 0x2 accept',
    ),
    c(
      '`udp sport`, `dport`, `length`; `th sport`, `dport`',
      'filter',
      'udp sport 53 accept',
      'udp dport { 3478-3481, 50000-59999 } accept',
      'udp length < 100 accept',
      'meta l4proto { tcp, udp } th dport 53 accept',
      'th sport 53 accept',
    ),
    c(
      '`icmp type`, `code`, `id`, `sequence`, `mtu`; the same of `icmpv6`',
      'filter',
      'icmp type echo-request accept',
      'icmp type { echo-reply, 3, time-exceeded } accept',
      'icmp code frag-needed accept',
      'icmp id 7 accept',
      'icmp sequence 1 accept',
      'icmp mtu 1400 accept',
      'icmpv6 type nd-neighbor-solicit accept',
      'icmpv6 code no-route accept',
      'icmpv6 id 7 accept',
      'icmpv6 sequence 1 accept',
      'icmpv6 mtu 1280 accept',
    ),
    c(
      '`ct state`, `status`, `mark`, `direction`, `expiration`',
      'filter',
      'ct state established,related accept',
      'ct state new accept',
      'ct state invalid drop',
      'ct state untracked accept',
      'ct state != new drop',
      'ct state ! established,related drop',
      'ct state established | related accept',
      'ct status dnat accept',
      'ct status assured,seen-reply accept',
      'ct mark 1 accept',
      'ct mark & 0xf0 == 0x10 accept',
      'ct direction reply accept',
      'ct expiration < 30s accept',
      'ct expiration 1m-1h30m accept',
      'ct expiration 500ms accept',
    ),
    c(
      '`ct original`, `ct reply`: addresses, `protocol`, `proto-src`, `proto-dst`',
      'filter',
      'ct original ip saddr 10.0.0.1 accept',
      'ct reply ip daddr 10.0.0.0/8 accept',
      'ct original ip6 saddr 2001:db8::1 accept',
      'ct original protocol udp accept',
      'meta l4proto tcp ct original proto-dst 443 accept',
      'udp sport 53 ct reply proto-src 53 accept',
      'meta l4proto { tcp, udp } ct original proto-dst 53 accept',
      'ip ttl > 1 ct reply protocol udp udp dport 53 accept',
      'ct original protocol tcp tcp dport 80 accept',
    ),
    c(
      'bits: `&`, `|`, `^` and `and`, `or`, `xor` with constants',
      'filter',
      'meta mark & 0xff == 0x10 accept',
      'meta mark and 0xff or 0x100 != 0x101 accept',
      'meta mark xor 0xf0 == 0x0f accept',
      'meta mark & 0xff > 5 accept',
      'meta mark & 0xf0 { 0x10, 0x20 } accept',
      'ip dscp & 0x38 == 0x28 accept',
      'meta mark 0x10 | 0x1 accept',
    ),
    c(
      'addresses of one family in tables of both; what the protocol of a field implies',
      'filter',
      'ip saddr 10.0.0.1 tcp dport 80 accept',
      'meta nfproto ipv6 tcp dport 80 accept',
      'ip protocol udp udp dport 53 accept',
      'ip6 nexthdr icmpv6 icmpv6 type echo-request accept',
    ),
    c(
      'tables `ip` and `ip6`',
      'ip',
      'ip saddr 10.0.0.1 accept',
      'ct original saddr 10.0.0.1 accept',
      'icmp type echo-request accept',
      'ct reply protocol udp udp dport 53 accept',
      'ct original protocol tcp tcp flags syn tcp dport 80 reject with tcp reset',
      'ct original protocol icmp icmp type echo-reply accept',
      'ct reply protocol 99 tcp dport 80 accept',
      'tcp dport 80 ct reply protocol udp ct reply proto-src 53 accept',
      'icmp type destination-unreachable icmp type echo-request icmp sequence 7 accept',
    ),
    c('tables `ip` and `ip6`', 'ip6', 'ip6 saddr 2001:db8::1 accept', 'icmpv6 type echo-request accept', 'tcp dport 80 accept'),
  ],
  statements: [
    c(
      '`accept`, `drop`, `return`, `continue`, `jump`, `goto`',
      'filter',
      'accept',
      'drop',
      'return',
      'continue',
      'tcp dport 80 jump other',
      'udp dport 53 goto other',
    ),
    c(
      '`reject`, `with tcp reset`, `with icmp`, `with icmpv6`, `with icmpx`',
      'filter',
      'reject',
      'ip saddr 10.0.0.1 reject',
      'ip6 saddr 2001:db8::1 reject',
      'reject with tcp reset',
      'tcp dport 80 reject with tcp reset',
      'counter reject with icmp host-unreachable',
      'reject with icmp type admin-prohibited',
      'reject with icmpv6 no-route',
      'reject with icmpx port-unreachable',
      'reject with icmpx type admin-prohibited',
    ),
    c('`reject` in tables `ip` and `ip6`', 'ip', 'reject', 'reject with icmp net-unreachable', 'reject with tcp reset'),
    c(
      '`counter`, with start values, named',
      'filter',
      'counter',
      'tcp dport 80 counter accept',
      'counter packets 5 bytes 300 accept',
      'counter name dropped drop',
      'counter name "dropped"',
    ),
    c(
      '`limit rate`, `over`, `burst`, in packets or bytes, named',
      'filter',
      'limit rate 10/second accept',
      'limit rate over 10/minute burst 20 packets drop',
      'limit rate 100 kbytes/second accept',
      'limit rate over 1 mbytes/second burst 12 kbytes drop',
      'limit rate 5/hour accept',
      'limit rate 1/day accept',
      'limit rate 1/week accept',
      'limit rate 10 bytes/second burst 100 bytes accept',
      'limit name slow accept',
    ),
    c('`log`, `prefix`, `level`', 'filter', 'log', 'log prefix "dropped: " level info drop', 'log level debug', 'log prefix x accept'),
    c(
      '`meta mark set`, `ct mark set`: constants, bits, the other mark, maps',
      'filter',
      'meta mark set 0x10',
      'mark set 1',
      'ct mark set meta mark',
      'meta mark set ct mark & 0xff',
      'meta mark set meta mark and 0xffffff00 or 0x5',
      'meta mark set ip saddr map { 10.0.0.0/8 : 1, * : 2 }',
      'meta mark set ip saddr map @marks',
      'ct mark set tcp dport map { 80 : 1 }',
      'ct mark set ct mark ^ 0x1',
      'meta mark set meta length',
    ),
    c(
      '`ip dscp set`, `ip ecn set`, `ip ttl set`, `ip6 dscp set`, `ip6 ecn set`, `ip6 hoplimit set`',
      'output',
      'ip dscp set ef',
      'ip ecn set not-ect',
      'ip ttl set 64',
      'ip6 dscp set 46',
      'ip6 ecn set ect0',
      'ip6 hoplimit set 64',
      'udp sport 50000-50019 ip dscp set ef',
    ),
    c('`notrack`', 'raw', 'udp dport 53 notrack', 'iif lo notrack accept'),
  ],
  'address translation': [
    c(
      '`snat`: address, pool, prefix, ports, flags `random`, `fully-random`, `persistent`',
      'srcnat',
      'snat ip to 192.0.2.1',
      'ip saddr 10.0.0.0/8 snat ip to 192.0.2.1-192.0.2.4 persistent',
      'snat ip to 192.0.2.0/29',
      'udp sport 5060 snat ip to 192.0.2.1:10000-20000 random',
      'meta l4proto { tcp, udp } snat ip to 192.0.2.1:1024-65535 fully-random',
      'snat ip6 to 2001:db8::1',
      'tcp sport 1 snat ip6 to [2001:db8::1]:80',
      'tcp dport 5 snat ip6 to [2001:db8::1]-[2001:db8::9]:80-90 random,persistent',
      'tcp dport 80 snat to :5000',
    ),
    c(
      '`dnat`: address, pool, ports',
      'dstnat',
      'dnat ip to 10.0.0.1',
      'tcp dport 80 dnat ip to 10.0.0.1:8080',
      'tcp dport 80 dnat ip to 10.0.0.1-10.0.0.4:8080-8090 random',
      'tcp dport 80 dnat to :8080',
      'udp dport 53 dnat ip6 to [2001:db8::5]:5353',
      'dnat ip6 to 2001:db8::5',
      'meta nfproto ipv4 tcp dport 80 dnat to 10.0.0.1:8080',
      'ip6 saddr ::/0 dnat to 2001:db8::5',
    ),
    c('translation in tables `ip` and `ip6`', 'ipDstnat', 'dnat to 10.0.0.1', 'dnat 10.0.0.1', 'tcp dport 80 dnat to 10.0.0.1:8080'),
    c('translation in tables `ip` and `ip6`', 'ipSrcnat', 'snat to 192.0.2.1', 'oifname eth0 masquerade'),
    c(
      'translation by maps, `addr . port`',
      'dstnat',
      'dnat ip to tcp dport map { 80 : 10.0.0.1, 443 : 10.0.0.2 }',
      'dnat ip addr . port to tcp dport map { 80 : 10.0.0.1 . 8080 }',
      'dnat ip to tcp dport map { 80 : 10.0.0.1 . 8080 }',
      'dnat ip to ip saddr map { 10.0.0.1 : 10.1.0.1-10.1.0.4 }',
      'dnat ip interval to ip saddr map { 10.0.0.1 : 10.1.0.0/30 }',
      'dnat ip6 to ip6 saddr . tcp dport map { 2001:db8::1 . 80 : 2001:db8::2 }',
    ),
    c(
      '`masquerade`',
      'srcnat',
      'masquerade',
      'masquerade random',
      'masquerade fully-random,persistent',
      'tcp dport 80 masquerade to :1024-2048',
      'udp dport 53 masquerade to :5353 random',
      'oifname "eth0" masquerade',
    ),
    c(
      '`redirect`',
      'dstnat',
      'redirect',
      'tcp dport 80 redirect to :8080',
      'tcp dport 80 redirect to 8080',
      'tcp dport 80 redirect to :8080-8090 random',
      'redirect fully-random',
    ),
  ],
};

/** Every text of every construct, as a file. */
export function exampleFiles(): readonly { readonly name: string; readonly place: Place; readonly text: string; readonly file: string }[] {
  return Object.values(CONSTRUCTS).flatMap((group) =>
    group.flatMap(({ name, place, texts }) => texts.map((text) => ({ name, place, text, file: fileOf(place, text) }))),
  );
}
