/**
 * Files of rules by chance that iptables takes: matches and targets in the order in which people write them.
 * @module
 */
import fc from 'fast-check';

type Words = fc.Arbitrary<string>;

const one = (...words: readonly string[]): Words => fc.constantFrom(...words);
const not: Words = one('', '', '! ');
const port = fc.nat({ max: 65535 });
const ports: Words = fc.oneof(
  port.map(String),
  fc.tuple(port, port).map(([a, b]) => (a < b ? `${a}:${b}` : `${b}:${a}`)),
);
const byte = fc.nat({ max: 255 });
const hexNumber: Words = fc.nat({ max: 0xffff_ffff }).map((value) => `0x${value.toString(16)}`);
const text: Words = fc
  .string({ unit: fc.constantFrom(..."abcXYZ 019_-.,:;'!?#%&()+*/=<>@[]^{}|~"), minLength: 1, maxLength: 28 })
  .map((value) => `"${value.trim() === '' ? 'x' : value.trim()}"`);

/** A network whose host bits are clear; a prefix of nothing is every packet, which cannot be negated. */
function network(family: 'ip' | 'ip6'): Words {
  const part = fc.nat({ max: family === 'ip' ? 223 : 0xfff });
  const length = family === 'ip' ? one('/32', '/24', '/16', '/255.255.255.0', '') : one('/128', '/64', '/48', '');
  return fc
    .tuple(part, length)
    .map(([n, l]) =>
      family === 'ip' ? `10.${n}.${n}.${l === '/32' || l === '' ? n : 0}${l}` : `2001:db8:${n.toString(16)}::${l === '/128' || l === '' ? '1' : ''}${l}`,
    );
}

function option(name: string, value: Words, negatable = true): Words {
  return fc.tuple(negatable ? not : one(''), value).map(([sign, words]) => `${sign}${name} ${words}`);
}

function matches(family: 'ip' | 'ip6'): readonly Words[] {
  const address = network(family);
  return [
    option(
      '-m conntrack --ctstate',
      fc.subarray(['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'], { minLength: 1 }).map((s) => s.join(',')),
      false,
    ),
    fc
      .tuple(not, fc.subarray(['EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED'], { minLength: 1 }))
      .map(([sign, s]) => `-m conntrack ${sign}--ctstatus ${s.join(',')}`),
    fc.tuple(not, address).map(([sign, a]) => `-m conntrack ${sign}--ctorigsrc ${a}`),
    fc.tuple(not, hexNumber, one('', '/0xff', '/0xf0f0')).map(([sign, value, mask]) => `-m mark ${sign}--mark ${value}${mask}`),
    fc.tuple(not, hexNumber).map(([sign, value]) => `-m connmark ${sign}--mark ${value}`),
    fc
      .tuple(fc.integer({ min: 1, max: 1000 }), one('sec', 'min', 'hour', 'day'), fc.integer({ min: 1, max: 100 }))
      .map(([n, unit, burst]) => `-m limit --limit ${n}/${unit} --limit-burst ${burst}`),
    text.map((words) => `-m comment --comment ${words}`),
    fc.tuple(not, fc.nat({ max: 63 })).map(([sign, value]) => `-m dscp ${sign}--dscp ${value}`),
    fc.tuple(not, byte).map(([sign, value]) => (family === 'ip' ? `-m ttl ${sign}--ttl-eq ${value}` : `-m hl ${sign}--hl-eq ${value}`)),
    fc.tuple(not, fc.nat({ max: 1000 }), fc.nat({ max: 1000 })).map(([sign, from, more]) => `-m length ${sign}--length ${from}:${from + more}`),
    fc.tuple(not, one('unicast', 'broadcast', 'multicast')).map(([sign, type]) => `-m pkttype ${sign}--pkt-type ${type}`),
  ];
}

function protocols(family: 'ip' | 'ip6'): Words {
  const transport = (name: string): Words =>
    fc.oneof(
      one(`-p ${name} `),
      option(`-p ${name} -m ${name} --dport`, ports, false),
      fc.tuple(not, ports).map(([sign, p]) => `-p ${name} -m ${name} ${sign}--sport ${p}`),
      fc.tuple(not, fc.array(ports, { minLength: 1, maxLength: 5 })).map(([sign, p]) => `-p ${name} -m multiport ${sign}--dports ${p.join(',')}`),
    );
  const flags = fc.subarray(['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'], { minLength: 1 });
  const icmp: Words =
    family === 'ip'
      ? fc.tuple(fc.nat({ max: 254 }), fc.option(byte)).map(([type, code]) => `-p icmp -m icmp --icmp-type ${type}${code === null ? '' : `/${code}`}`)
      : fc.tuple(byte, fc.option(byte)).map(([type, code]) => `-p ipv6-icmp -m icmp6 --icmpv6-type ${type}${code === null ? '' : `/${code}`}`);
  return fc.oneof(
    one('', '-p gre', '! -p tcp'),
    transport('tcp'),
    transport('udp'),
    icmp,
    fc
      .tuple(not, flags, flags)
      .map(([sign, mask, set]) => `-p tcp -m tcp ${sign}--tcp-flags ${mask.join(',')} ${set.filter((f) => mask.includes(f)).join(',') || 'NONE'}`),
  );
}

const TARGETS: Readonly<Record<string, Words>> = {
  filter: fc.oneof(
    one('-j ACCEPT', '-j DROP', '-j RETURN', '-j WEB', '-g WEB', '-j REJECT', '-j LOG', ''),
    text.map((prefix) => `-j LOG --log-prefix ${prefix} --log-level 5`),
  ),
  mangle: fc.oneof(
    fc.nat({ max: 63 }).map((value) => `-j DSCP --set-dscp ${value}`),
    fc.tuple(hexNumber, hexNumber).map(([value, mask]) => `-j MARK --set-xmark ${value}/${mask}`),
    fc.tuple(one('set', 'and', 'or', 'xor'), hexNumber).map(([how, value]) => `-j MARK --${how}-mark ${value}`),
    one('-j CONNMARK --save-mark', '-j CONNMARK --restore-mark'),
    fc.tuple(hexNumber, hexNumber).map(([value, mask]) => `-j CONNMARK --set-xmark ${value}/${mask}`),
  ),
};

const CHAINS: Readonly<Record<string, readonly string[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
};

/** Rules of both tables, with policies and counters. */
export function randomRules(family: 'ip' | 'ip6'): fc.Arbitrary<string> {
  const address = network(family);
  const head = fc.tuple(fc.option(option('-s', address)), fc.option(option('-d', address)), protocols(family));
  const table = (name: string): fc.Arbitrary<string> => {
    const rule = fc
      .tuple(
        head,
        fc.oneof(one(''), ...matches(family)),
        fc.oneof(one(''), one(''), ...matches(family)),
        TARGETS[name] ?? one(''),
        one(...(CHAINS[name] ?? []), 'WEB'),
      )
      // A chain that jumps to itself is refused by iptables too.
      .map(
        ([words, first, second, target, chain]) =>
          `-A ${chain} ${[...words, first, second, chain === 'WEB' ? target.replace(/-[jg] WEB/, '') : target].filter((part) => part !== null && part !== '').join(' ')}`,
      );
    return fc
      .array(rule, { maxLength: 6 })
      .map((rules) => [`*${name}`, ...(CHAINS[name] ?? []).map((chain) => `:${chain} ACCEPT [0:0]`), ':WEB - [0:0]', ...rules, 'COMMIT'].join('\n'));
  };
  return fc.tuple(table('filter'), table('mangle')).map((tables) => `${tables.join('\n')}\n`);
}
