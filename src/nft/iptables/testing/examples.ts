/**
 * An example of every match and target that is imported: as iptables-save writes it, and what nft says for it (after
 * iptables-translate(8) and nft(8)). iptables and nft judge both in test/kernel/nft.
 * @module
 */

export interface ImportExample {
  readonly family: 'ip' | 'ip6';
  readonly table: string;
  readonly chain: string;
  /** The rule without `-A CHAIN`, as iptables-save writes it. */
  readonly words: string;
  /** The rule in nft's words, without the counter. */
  readonly nft: string;
}

type Pair = readonly [words: string, nft: string];

function of(place: string, ...pairs: readonly Pair[]): readonly ImportExample[] {
  const [family = '', table = '', chain = ''] = place.split(' ');
  return pairs.map(([words, nft]) => ({ family: family as 'ip' | 'ip6', table, chain, words, nft }));
}

/** In groups: iptables' own matches, `-m` and `-j` with their names. */
export const IMPORT_EXAMPLES: Readonly<Record<string, readonly ImportExample[]>> = {
  own: [
    ...of(
      'ip filter FORWARD',
      ['-j ACCEPT', 'accept'],
      ['-s 192.0.2.0/24 -j DROP', 'ip saddr 192.0.2.0/24 drop'],
      ['-s 192.0.2.1/32 -d 198.51.100.1/32 -j DROP', 'ip saddr 192.0.2.1 ip daddr 198.51.100.1 drop'],
      ['! -d 10.0.0.0/8 -j ACCEPT', 'ip daddr != 10.0.0.0/8 accept'],
      ['-i eth0 -o er+ -j ACCEPT', 'iifname "eth0" oifname "er*" accept'],
      ['! -i lo -j DROP', 'iifname != "lo" drop'],
      ['-p tcp -j ACCEPT', 'meta l4proto tcp accept'],
      ['! -p udp -j DROP', 'meta l4proto != udp drop'],
      ['-p gre -j ACCEPT', 'meta l4proto gre accept'],
      ['-p esp -j ACCEPT', 'meta l4proto esp accept'],
      ['-f -j DROP', 'ip frag-off & 0x1fff != 0 drop'],
      ['! -f -j ACCEPT', 'ip frag-off & 0x1fff == 0 accept'],
    ),
    ...of(
      'ip6 filter FORWARD',
      ['-s 2001:db8::/32 ! -d fe80::/10 -j ACCEPT', 'ip6 saddr 2001:db8::/32 ip6 daddr != fe80::/10 accept'],
      ['-s 2001:db8::1/128 -j ACCEPT', 'ip6 saddr 2001:db8::1 accept'],
      ['-p ipv6-icmp -j ACCEPT', 'meta l4proto icmpv6 accept'],
    ),
  ],
  '-m tcp': of(
    'ip filter FORWARD',
    ['-p tcp -m tcp --dport 22 -j ACCEPT', 'tcp dport 22 accept'],
    ['-p tcp -m tcp --sport 1024:65535 ! --dport 80 -j ACCEPT', 'tcp sport 1024-65535 tcp dport != 80 accept'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT', 'tcp flags & (fin|syn|rst|ack) == syn accept'],
    ['-p tcp -m tcp ! --tcp-flags SYN,RST SYN,RST -j ACCEPT', 'tcp flags & (syn|rst) != syn|rst accept'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP', 'tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0 drop'],
    ['-p tcp -m tcp --tcp-flags SYN SYN -j DROP', 'tcp flags & syn == syn drop'],
  ),
  '-m udp': of(
    'ip filter FORWARD',
    ['-p udp -m udp --dport 3478:3481 -j ACCEPT', 'udp dport 3478-3481 accept'],
    ['-p udp -m udp ! --sport 100:200 -j ACCEPT', 'udp sport != 100-200 accept'],
  ),
  '-m icmp': of(
    'ip filter INPUT',
    ['-p icmp -m icmp --icmp-type 8 -j ACCEPT', 'icmp type echo-request accept'],
    ['-p icmp -m icmp --icmp-type 3/4 -j ACCEPT', 'icmp type destination-unreachable icmp code frag-needed accept'],
    ['-p icmp -m icmp ! --icmp-type 0 -j DROP', 'icmp type != echo-reply drop'],
    ['-p icmp -m icmp --icmp-type 11/0 -j ACCEPT', 'icmp type time-exceeded icmp code 0 accept'],
    ['-p icmp -m icmp --icmp-type any -j ACCEPT', 'meta l4proto icmp accept'],
    ['-p icmp -m icmp ! --icmp-type 3/4 -j DROP', 'icmp type . icmp code != { destination-unreachable . frag-needed } drop'],
  ),
  '-m icmp6': of(
    'ip6 filter INPUT',
    ['-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT', 'icmpv6 type nd-neighbor-solicit accept'],
    ['-p ipv6-icmp -m icmp6 --icmpv6-type 1/4 -j ACCEPT', 'icmpv6 type destination-unreachable icmpv6 code port-unreachable accept'],
    ['-p ipv6-icmp -m icmp6 --icmpv6-type 137 -j DROP', 'icmpv6 type nd-redirect drop'],
  ),
  '-m multiport': of(
    'ip filter FORWARD',
    ['-p tcp -m multiport --dports 80,443,8000:8100 -j ACCEPT', 'tcp dport { 80, 443, 8000-8100 } accept'],
    ['-p udp -m multiport --sports 53,123 -j ACCEPT', 'udp sport { 53, 123 } accept'],
    ['-p tcp -m multiport ! --dports 80,443 -j DROP', 'tcp dport != { 80, 443 } drop'],
    ['-p tcp -m multiport --dports 80,80,70:90 -j DROP', 'tcp dport { 80, 70-90 } drop'],
    ['-p tcp -m multiport --dports 80 -j DROP', 'tcp dport 80 drop'],
  ),
  '-m state': of(
    'ip filter FORWARD',
    ['-m state --state RELATED,ESTABLISHED -j ACCEPT', 'ct state related,established accept'],
    ['-m state --state NEW -j ACCEPT', 'ct state new accept'],
  ),
  '-m conntrack': [
    ...of(
      'ip filter FORWARD',
      ['-m conntrack --ctstate INVALID -j DROP', 'ct state invalid drop'],
      ['-m conntrack --ctstate NEW,UNTRACKED -j ACCEPT', 'ct state new,untracked accept'],
      ['-m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP', 'ct state ! related,established drop'],
      ['-m conntrack --ctstate DNAT -j ACCEPT', 'ct status dnat accept'],
      ['-m conntrack --ctstatus SEEN_REPLY,ASSURED -j ACCEPT', 'ct status seen-reply,assured accept'],
      ['-m conntrack ! --ctstatus CONFIRMED -j DROP', 'ct status ! confirmed drop'],
      ['-m conntrack --ctdir REPLY -j ACCEPT', 'ct direction reply accept'],
      ['-m conntrack --ctproto 6 -j ACCEPT', 'ct original protocol tcp accept'],
      ['-m conntrack --ctorigsrc 10.0.0.1 -j ACCEPT', 'ct original ip saddr 10.0.0.1 accept'],
      ['-m conntrack --ctorigdst 10.0.0.0/8 -j ACCEPT', 'ct original ip daddr 10.0.0.0/8 accept'],
      ['-m conntrack --ctreplsrc 10.0.0.1 -j ACCEPT', 'ct reply ip saddr 10.0.0.1 accept'],
      ['-m conntrack ! --ctrepldst 10.0.0.0/8 -j ACCEPT', 'ct reply ip daddr != 10.0.0.0/8 accept'],
      [
        '-p tcp -m conntrack --ctorigsrcport 1024 --ctorigdstport 443 -j ACCEPT',
        'meta l4proto tcp ct original proto-src 1024 ct original proto-dst 443 accept',
      ],
      [
        '-p udp -m conntrack --ctreplsrcport 53 --ctrepldstport 1024:2048 -j ACCEPT',
        'meta l4proto udp ct reply proto-src 53 ct reply proto-dst 1024-2048 accept',
      ],
      ['-m conntrack --ctexpire 30 -j ACCEPT', 'ct expiration 30s-30s999ms accept'],
      ['-m conntrack --ctexpire 30:60 -j ACCEPT', 'ct expiration 30s-60s999ms accept'],
      ['-m conntrack ! --ctexpire 30:60 -j ACCEPT', 'ct expiration != 30s-60s999ms accept'],
      ['-m conntrack --ctexpire 100:4294967295 -j ACCEPT', 'ct expiration >= 100s accept'],
    ),
    ...of('ip6 filter FORWARD', ['-m conntrack --ctorigsrc 2001:db8::1 -j ACCEPT', 'ct original ip6 saddr 2001:db8::1 accept']),
  ],
  '-m mark': of(
    'ip filter FORWARD',
    ['-m mark --mark 0x1 -j ACCEPT', 'meta mark 0x1 accept'],
    ['-m mark --mark 0x10/0xf0 -j ACCEPT', 'meta mark & 0xf0 == 0x10 accept'],
    ['-m mark ! --mark 0x10/0xf0 -j ACCEPT', 'meta mark & 0xf0 != 0x10 accept'],
    ['-m mark --mark 0x1 -m mark ! --mark 0x2 -j ACCEPT', 'meta mark 0x1 meta mark != 0x2 accept'],
  ),
  '-m connmark': of(
    'ip filter FORWARD',
    ['-m connmark ! --mark 0x1 -j ACCEPT', 'ct mark != 0x1 accept'],
    ['-m connmark --mark 0x10/0xf0 -j ACCEPT', 'ct mark & 0xf0 == 0x10 accept'],
    ['-m mark --mark 0x2 -m connmark --mark 0x3 -j ACCEPT', 'meta mark 0x2 ct mark 0x3 accept'],
    ['-m connmark --mark 0x3 -m mark ! --mark 0x2 -j ACCEPT', 'ct mark 0x3 meta mark != 0x2 accept'],
  ),
  '-m limit': of(
    'ip filter FORWARD',
    ['-m limit --limit 10/sec -j ACCEPT', 'limit rate 10/second burst 5 packets accept'],
    ['-p tcp -m limit --limit 5/min --limit-burst 20 -m tcp --dport 80 -j ACCEPT', 'meta l4proto tcp limit rate 5/minute burst 20 packets tcp dport 80 accept'],
    ['-m limit --limit 3/hour -j ACCEPT', 'limit rate 3/hour burst 5 packets accept'],
    ['-m limit --limit 3/hour -m limit --limit 1/sec -j ACCEPT', 'limit rate 3/hour burst 5 packets limit rate 1/second burst 5 packets accept'],
    ['-m limit --limit 1/day --limit-burst 1 -j ACCEPT', 'limit rate 1/day burst 1 packets accept'],
  ),
  '-m comment': of(
    'ip filter FORWARD',
    ['-m comment --comment web -j ACCEPT', 'accept comment "web"'],
    ['-p tcp -m tcp --dport 443 -m comment --comment "the office, floor 2" -j ACCEPT', 'tcp dport 443 accept comment "the office, floor 2"'],
  ),
  '-m dscp': [
    ...of('ip filter FORWARD', ['-m dscp --dscp 0x2e -j ACCEPT', 'ip dscp ef accept'], ['-m dscp ! --dscp 0x07 -j ACCEPT', 'ip dscp != 7 accept']),
    ...of('ip6 filter FORWARD', ['-m dscp --dscp 0x22 -j ACCEPT', 'ip6 dscp af41 accept']),
  ],
  '-m ttl': of(
    'ip filter FORWARD',
    ['-m ttl --ttl-eq 64 -j ACCEPT', 'ip ttl 64 accept'],
    ['-m ttl ! --ttl-eq 1 -j ACCEPT', 'ip ttl != 1 accept'],
    ['-m ttl --ttl-lt 2 -j DROP', 'ip ttl < 2 drop'],
    ['-m ttl --ttl-gt 200 -j DROP', 'ip ttl > 200 drop'],
  ),
  '-m hl': of(
    'ip6 filter FORWARD',
    ['-m hl --hl-eq 255 -j ACCEPT', 'ip6 hoplimit 255 accept'],
    ['-m hl --hl-lt 2 -j DROP', 'ip6 hoplimit < 2 drop'],
    ['-m hl --hl-gt 200 -j DROP', 'ip6 hoplimit > 200 drop'],
  ),
  '-m length': of(
    'ip filter FORWARD',
    ['-m length --length 100:200 -j ACCEPT', 'meta length 100-200 accept'],
    ['-m length ! --length 60 -j ACCEPT', 'meta length != 60 accept'],
  ),
  '-m pkttype': of(
    'ip filter INPUT',
    ['-m pkttype --pkt-type broadcast -j DROP', 'meta pkttype broadcast drop'],
    ['-m pkttype ! --pkt-type multicast -j ACCEPT', 'meta pkttype != multicast accept'],
  ),
  '-m iprange': [
    ...of(
      'ip filter FORWARD',
      ['-m iprange --src-range 10.0.0.1-10.0.0.9 -j ACCEPT', 'ip saddr 10.0.0.1-10.0.0.9 accept'],
      ['-m iprange ! --dst-range 10.0.0.1-10.0.0.9 -j DROP', 'ip daddr != 10.0.0.1-10.0.0.9 drop'],
    ),
    ...of('ip6 filter FORWARD', ['-m iprange --src-range 2001:db8::1-2001:db8::9 -j ACCEPT', 'ip6 saddr 2001:db8::1-2001:db8::9 accept']),
  ],
  '-j ACCEPT': of('ip filter INPUT', ['-j ACCEPT', 'accept']),
  '-j DROP': of('ip filter INPUT', ['-j DROP', 'drop']),
  '-j RETURN': of('ip filter INPUT', ['-j RETURN', 'return']),
  '-j LOG': of(
    'ip filter INPUT',
    ['-j LOG', 'log'],
    ['-j LOG --log-prefix "dropped: " --log-level 6', 'log prefix "dropped: " level info'],
    ['-j LOG --log-prefix x --log-level 0', 'log prefix "x" level emerg'],
  ),
  '-j REJECT': [
    ...of(
      'ip filter INPUT',
      ['-j REJECT --reject-with icmp-port-unreachable', 'reject with icmp port-unreachable'],
      ['-j REJECT --reject-with icmp-net-unreachable', 'reject with icmp net-unreachable'],
      ['-j REJECT --reject-with icmp-host-unreachable', 'reject with icmp host-unreachable'],
      ['-j REJECT --reject-with icmp-proto-unreachable', 'reject with icmp prot-unreachable'],
      ['-j REJECT --reject-with icmp-net-prohibited', 'reject with icmp net-prohibited'],
      ['-j REJECT --reject-with icmp-host-prohibited', 'reject with icmp host-prohibited'],
      ['-j REJECT --reject-with icmp-admin-prohibited', 'reject with icmp admin-prohibited'],
      ['-p tcp -j REJECT --reject-with tcp-reset', 'meta l4proto tcp reject with tcp reset'],
    ),
    ...of(
      'ip6 filter INPUT',
      ['-j REJECT --reject-with icmp6-port-unreachable', 'reject with icmpv6 port-unreachable'],
      ['-j REJECT --reject-with icmp6-no-route', 'reject with icmpv6 no-route'],
      ['-j REJECT --reject-with icmp6-adm-prohibited', 'reject with icmpv6 admin-prohibited'],
      ['-j REJECT --reject-with icmp6-addr-unreachable', 'reject with icmpv6 addr-unreachable'],
      ['-j REJECT --reject-with icmp6-policy-fail', 'reject with icmpv6 policy-fail'],
      ['-j REJECT --reject-with icmp6-reject-route', 'reject with icmpv6 reject-route'],
    ),
  ],
  '-j DNAT': [
    ...of(
      'ip nat PREROUTING',
      ['-j DNAT --to-destination 10.0.0.1', 'dnat to 10.0.0.1'],
      ['-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080', 'tcp dport 80 dnat to 10.0.0.1:8080'],
      [
        '-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1-10.0.0.4:8080-8090 --random --persistent',
        'tcp dport 80 dnat to 10.0.0.1-10.0.0.4:8080-8090 random,persistent',
      ],
      ['-p udp -j DNAT --to-destination :5060', 'meta l4proto udp dnat to :5060'],
    ),
    ...of(
      'ip6 nat PREROUTING',
      ['-j DNAT --to-destination 2001:db8::1-2001:db8::9', 'dnat to 2001:db8::1-2001:db8::9'],
      ['-p tcp -j DNAT --to-destination [2001:db8::1-2001:db8::9]:80-90', 'meta l4proto tcp dnat to [2001:db8::1]-[2001:db8::9]:80-90'],
    ),
  ],
  '-j SNAT': of(
    'ip nat POSTROUTING',
    ['-o eth0 -j SNAT --to-source 192.0.2.1', 'oifname "eth0" snat to 192.0.2.1'],
    ['-s 10.0.0.0/8 -j SNAT --to-source 192.0.2.1-192.0.2.4 --persistent', 'ip saddr 10.0.0.0/8 snat to 192.0.2.1-192.0.2.4 persistent'],
    ['-p udp -j SNAT --to-source 192.0.2.1:1024-65535 --random-fully', 'meta l4proto udp snat to 192.0.2.1:1024-65535 fully-random'],
  ),
  '-j MASQUERADE': of(
    'ip nat POSTROUTING',
    ['-o eth0 -j MASQUERADE', 'oifname "eth0" masquerade'],
    ['-p tcp -j MASQUERADE --to-ports 1024-2048 --random', 'meta l4proto tcp masquerade to :1024-2048 random'],
    ['-j MASQUERADE --random-fully', 'masquerade fully-random'],
  ),
  '-j REDIRECT': of(
    'ip nat PREROUTING',
    ['-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080', 'tcp dport 80 redirect to :8080'],
    ['-j REDIRECT', 'redirect'],
    ['-p udp -j REDIRECT --to-ports 5060-5070 --random', 'meta l4proto udp redirect to :5060-5070 random'],
  ),
  '-j MARK': of(
    'ip mangle PREROUTING',
    ['-j MARK --set-xmark 0x1/0xffffffff', 'meta mark set 0x1'],
    ['-j MARK --set-xmark 0x10/0xf0', 'meta mark set meta mark & 0xffffff0f | 0x10'],
    ['-j MARK --set-xmark 0x0/0xf0', 'meta mark set meta mark & 0xffffff0f'],
    ['-j MARK --set-xmark 0x5/0x0', 'meta mark set meta mark ^ 0x5'],
    ['-j MARK --set-xmark 0x11/0xf0', 'meta mark set meta mark & 0xffffff0f ^ 0x11'],
  ),
  '-j CONNMARK': of(
    'ip mangle PREROUTING',
    ['-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff', 'ct mark set meta mark'],
    ['-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff', 'meta mark set ct mark'],
    ['-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xff', 'meta mark set ct mark & 0xff'],
    ['-j CONNMARK --set-xmark 0x1/0xffffffff', 'ct mark set 0x1'],
    ['-j CONNMARK --set-xmark 0x10/0xf0', 'ct mark set ct mark & 0xffffff0f | 0x10'],
  ),
  '-j DSCP': [
    ...of('ip mangle POSTROUTING', ['-p udp -m udp --sport 50000:50019 -j DSCP --set-dscp 0x2e', 'udp sport 50000-50019 ip dscp set ef']),
    ...of('ip6 mangle POSTROUTING', ['-j DSCP --set-dscp 0x00', 'ip6 dscp set cs0']),
  ],
  '-j TTL': of('ip mangle POSTROUTING', ['-j TTL --ttl-set 64', 'ip ttl set 64']),
  '-j HL': of('ip6 mangle POSTROUTING', ['-j HL --hl-set 64', 'ip6 hoplimit set 64']),
  '-j CT': of('ip raw PREROUTING', ['-p udp -m udp --dport 53 -j CT --notrack', 'udp dport 53 notrack']),
  '-j NOTRACK': of('ip raw OUTPUT', ['-j NOTRACK', 'notrack']),
  chains: of('ip filter INPUT', ['-p tcp -j WEB', 'meta l4proto tcp jump WEB'], ['-g WEB', 'goto WEB']),
};

export const ALL_IMPORT_EXAMPLES: readonly ImportExample[] = Object.values(IMPORT_EXAMPLES).flat();

/** Rules of IPv4's filter table as people write them and iptables-save does not, with what nft says for them. */
export const HAND_WRITTEN: readonly Pair[] = [
  ['-p tcp --syn -j DROP', 'tcp flags syn / fin,syn,rst,ack counter drop'],
  ['-p tcp ! --syn -j DROP', 'tcp flags != syn / fin,syn,rst,ack counter drop'],
  ['-m dscp --dscp-class EF -j ACCEPT', 'ip dscp ef counter accept'],
  ['-p tcp --dport ssh -j ACCEPT', 'tcp dport 22 counter accept'],
  ['-p 17 --destination-port 53 -j ACCEPT', 'udp dport 53 counter accept'],
  ['--protocol icmp --icmp-type ping --jump ACCEPT', 'icmp type echo-request counter accept'],
  ['-p icmp --icmp-type fragmentation-needed -j ACCEPT', 'icmp type destination-unreachable icmp code frag-needed counter accept'],
  ['-s 192.0.2.0/255.255.255.0 -j ACCEPT', 'ip saddr 192.0.2.0/24 counter accept'],
  ['-s 0.0.0.0/0 -i + -p all -j ACCEPT', 'counter accept'],
  ['-j ACCEPT -p udp --sport :1023', 'udp sport 0-1023 counter accept'],
  ['-m limit -j ACCEPT', 'limit rate 3/hour burst 5 packets counter accept'],
  ['-m limit --limit 5/s -s 10.0.0.1 -j ACCEPT', 'ip saddr 10.0.0.1 limit rate 5/second burst 5 packets counter accept'],
  ['-m limit --limit 7 -j ACCEPT', 'limit rate 7/second burst 5 packets counter accept'],
  ['-j REJECT', 'counter reject with icmp port-unreachable'],
  ['-m conntrack --ctstate SNAT,DNAT -j ACCEPT', 'ct status snat,dnat counter accept'],
  ['-m iprange --src-range 10.0.0.1-10.0.0.1 -j ACCEPT', 'ip saddr 10.0.0.1 counter accept'],
  ['-p tcp', 'meta l4proto tcp counter'],
  ['-c 3 180 -j ACCEPT', 'counter packets 3 bytes 180 accept'],
  ['-i eth* -j ACCEPT', 'iifname "eth\\*" counter accept'],
  ['-m mark --mark 0/0 -j ACCEPT', 'meta mark & 0x0 == 0x0 counter accept'],
  ["-m comment --comment 'single -j ACCEPT", 'counter accept comment "\'single"'],
];

const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

/** A file as iptables-save writes it, with the rules of one family in their places. */
export function savedFile(family: 'ip' | 'ip6', rules: readonly ImportExample[]): string {
  const tables = Object.entries(BUILT_IN).flatMap(([table, chains]) => {
    const own = rules.filter((rule) => rule.family === family && rule.table === table);
    if (own.length === 0) return [];
    return [
      `*${table}`,
      ...chains.map((chain) => `:${chain} ACCEPT [0:0]`),
      ':WEB - [0:0]',
      ...own.map(({ chain, words }) => `-A ${chain} ${words}`),
      'COMMIT',
    ];
  });
  return [`# Generated by ${family === 'ip' ? 'iptables' : 'ip6tables'}-save v1.8.9`, ...tables, ''].join('\n');
}
