/**
 * Rules of IPv4's filter table that are no rules of iptables: each with the word that the fault stands at, and what it says.
 * @module
 */

type Wrong = readonly [words: string, word: string, message: string];

/** iptables-restore refuses them too (test/kernel/nft). */
export const WRONG: readonly Wrong[] = [
  ['-p tcp -p udp -j DROP', '-p', '-p stands twice'],
  ['-p tcp --dport 80 --dport 81 -j DROP', '--dport', '--dport stands twice'],
  ['-j DROP -j ACCEPT', '-j', 'the rule has two targets'],
  ['--dport 80 -j DROP', '--dport', '--dport stands without its match'],
  ['-m conntrack -j DROP', 'conntrack', '-m conntrack is told nothing'],
  ['-m nosuch -j DROP', 'nosuch', 'there is no match -m nosuch'],
  ['-j NOSUCH', 'NOSUCH', 'there is no chain or target "NOSUCH" in the table'],
  ['-g ACCEPT', 'ACCEPT', 'there is no chain or target "ACCEPT" in the table'],
  ['-j constructor', 'constructor', 'there is no chain or target "constructor" in the table'],
  ['-m constructor -j DROP', 'constructor', 'there is no match -m constructor'],
  ['-p tcp --dprot 80 -j DROP', '--dprot', '--dprot is no option of this rule'],
  ['-p tcp --dport 80:70 -j DROP', '80:70', '"80:70" is no value of --dport'],
  ['-p tcp --dport 65536 -j DROP', '65536', '"65536" is no value of --dport'],
  ['-p tcp --dport', '--dport', '--dport has no value'],
  ['-p nosuch -j DROP', 'nosuch', '"nosuch" is no value of -p'],
  ['-p 256 -j DROP', '256', '"256" is no value of -p'],
  ['-s 10.0.0.0/33 -j DROP', '10.0.0.0/33', '"10.0.0.0/33" is no value of -s'],
  ['-s "10.0.0.1 accept" -j DROP', '"10.0.0.1', '"10.0.0.1 accept" is no value of -s'],
  ['-i an-interface-of-20 -j DROP', 'an-interface-of-20', '"an-interface-of-20" is no value of -i'],
  ['-p tcp --tcp-flags SYN,XXX SYN -j DROP', 'SYN,XXX', '"SYN,XXX" is no value of --tcp-flags'],
  ['-m state --state DNAT -j DROP', 'DNAT', '"DNAT" is no value of --state'],
  ['-m conntrack --ctstate OPEN -j DROP', 'OPEN', '"OPEN" is no value of --ctstate'],
  ['-m mark --mark 0x100000000 -j DROP', '0x100000000', '"0x100000000" is no value of --mark'],
  ['-m limit --limit 0/s -j DROP', '0/s', '"0/s" is no value of --limit'],
  ['-m limit --limit 5/fortnight -j DROP', '5/fortnight', '"5/fortnight" is no value of --limit'],
  ['-m dscp --dscp 64 -j DROP', '64', '"64" is no value of --dscp'],
  ['-m iprange --src-range 10.0.0.1-x -j DROP', '10.0.0.1-x', '"10.0.0.1-x" is no value of --src-range'],
  ['-p icmp --icmp-type nosuch -j DROP', 'nosuch', '"nosuch" is no value of --icmp-type'],
  ['-j REJECT --reject-with icmp6-no-route', 'icmp6-no-route', '"icmp6-no-route" is no value of --reject-with'],
  ['-j REJECT --reject-with tcp-reset', 'REJECT', 'only TCP is answered by a reset'],
  ['-j LOG --log-level 8', '8', '"8" is no value of --log-level'],
  ['-j DROP stray', 'stray', '"stray" can\'t stand here'],
  ['-p tcp --dport ! 80 -j DROP', '!', '"!" is no value of --dport'],
  ['-j DNAT', 'DNAT', 'the translation leads nowhere'],
  ['-j DNAT --to-destination :', ':', '":" is no value of --to-destination'],
  ['-j MARK', 'MARK', 'MARK is told no value'],
];

/** iptables-restore makes something of them, though hardly what was meant. */
export const STRICTER: readonly Wrong[] = [
  ['-p tcp -m tcp --dport 80 -m tcp --dport 81 -j DROP', '--dport', '--dport stands twice'],
  ['-i "x\\" accept" -j DROP', '"x\\"', '"x" accept" is no value of -i'],
  ['-m limit --limit-burst 0 -j DROP', '0', '"0" is no value of --limit-burst'],
  ['-m comment --comment "open -j DROP', '"open', 'the quote is not closed'],
];
