/**
 * Matches of generated rules, as nftables text. Each asks for something that the generated packets have now and then.
 * @module
 */
import type { Dice } from './dice.js';
import { PORTS, type Universe } from './universe.js';

/** What a table's rules may name. */
export interface Names {
  /** Named sets, by the type of their elements. */
  readonly sets: { readonly name: string; readonly type: string }[];
  /** Verdict maps by `tcp dport`. */
  readonly verdictMaps: string[];
  readonly markMaps: string[];
  readonly counters: string[];
  readonly limits: string[];
}

/** What earlier parts of a rule have settled: nft refuses rules that contradict themselves. */
export interface Pinned {
  family: 4 | 6 | null;
  protocol: string | null;
}

export interface Context {
  /** Whether packets of the node's own making come by, whose identification is drawn. */
  own: boolean;
  readonly pinned: Pinned;
  readonly dice: Dice;
  readonly universe: Universe;
  readonly table: 'ip' | 'ip6' | 'inet';
  readonly names: Names;
}

/** Null: the rule so far leaves no such match. */
type Maker = (context: Context) => string | null;

const not = (dice: Dice): string => (dice.percent(15) ? '!= ' : '');

/** Family of an address match in that rule. */
export function family({ dice, table, pinned }: Context): 4 | 6 {
  if (table === 'ip') return 4;
  if (table === 'ip6') return 6;
  pinned.family ??= dice.percent(65) ? 4 : 6;
  return pinned.family;
}

/** One of those protocols, which the rule is about from now on; null where it is about another one. */
export function protocol({ dice, pinned }: Context, of: readonly string[]): string | null {
  if (pinned.protocol !== null && !of.includes(pinned.protocol)) return null;
  pinned.protocol ??= dice.pick(of);
  return pinned.protocol;
}

const TRANSPORTS = ['udp', 'tcp'] as const;

/** Whether several protocols may be named; nft then takes none of them by itself in the same rule. */
function open(pinned: Pinned): boolean {
  if (pinned.protocol !== null) return false;
  pinned.protocol = 'several';
  return true;
}

function prefix(address: string, dice: Dice): string {
  if (address.includes(':'))
    return `${address.split('::')[0]}::/${dice.pick([32, 40, 48])}`.replace(/^(2001:db8:[0-9a-f]+)::\/32$/, '2001:db8::/32').replace(/::\/40$/, '::/48');
  const [a = '0', b = '0', c = '0'] = address.split('.');
  return dice.pick([`${a}.0.0.0/8`, `${a}.${b}.0.0/16`, `${a}.${b}.${c}.0/24`, `${a}.${b}.${c}.0/30`]);
}

function order(a: string, b: string): readonly [string, string] {
  const key = (text: string): string =>
    text
      .split('.')
      .map((part) => part.padStart(3, '0'))
      .join('.');
  return key(a) <= key(b) ? [a, b] : [b, a];
}

/** One value, prefix or range of addresses. */
function addressPattern(of: 4 | 6, { dice, universe }: Context): string {
  const one = universe.address(dice, of);
  if (of === 6)
    return dice.weighted([
      [55, one],
      [25, prefix(one, dice)],
      [20, `${one.split('::')[0]}::${dice.pick(['', '1', '2'])}-${one.split('::')[0]}::${dice.pick(['3', '20', 'ffff'])}`],
    ]);
  return dice.weighted([
    [50, one],
    [30, prefix(one, dice)],
    [20, order(one, universe.address(dice, 4)).join('-')],
  ]);
}

function portPattern(dice: Dice): string {
  const one = dice.pick(PORTS);
  const other = dice.pick(PORTS);
  return dice.percent(65) ? String(one) : `${Math.min(one, other)}-${Math.max(one, other)}`;
}

/** Distinct elements that do not overlap. */
function portSet(dice: Dice): string {
  return `{ ${(dice.percent(70) ? dice.some(PORTS, 5).map(String) : dice.some(PORT_RANGES, 4)).join(', ')} }`;
}

const PORT_RANGES = ['22', '53', '80-443', '1000-1001', '3478', '5060-5061', '50000-50010'] as const;

/** Ranges and prefixes that do not overlap. */
export const INTERVALS = {
  4: ['10.0.0.0/9', '10.200.0.0/16', '198.51.100.0-198.51.100.5', '8.0.0.0/7', '172.16.5.5', '192.168.7.0/24'],
  6: ['2001:db8:1::/64', '2001:db8:2::2-2001:db8:2::8', '2001:db8:3::2', '2001:db8:100::/40', '2001:db8:4000::-2001:db8:4001::9'],
} as const;

const address: Maker = (context) => {
  const { dice, universe } = context;
  const of = family(context);
  const field = `${of === 4 ? 'ip' : 'ip6'} ${dice.pick(['saddr', 'daddr'])}`;
  const named = context.names.sets.filter((set) => set.type === (of === 4 ? 'ipv4_addr' : 'ipv6_addr'));
  if (named.length > 0 && dice.percent(30)) return `${field} ${not(dice)}@${dice.pick(named).name}`;
  if (dice.percent(25))
    return `${field} ${not(dice)}{ ${[...new Set(Array.from({ length: dice.between(1, 5) }, () => universe.address(dice, of)))].join(', ')} }`;
  if (dice.percent(12)) return `${field} ${not(dice)}{ ${dice.some<string>(INTERVALS[of], 4).join(', ')} }`;
  if (dice.percent(8)) return `${field} ${dice.pick(['<', '>', '<=', '>='])} ${universe.address(dice, of)}`;
  return `${field} ${not(dice)}${addressPattern(of, context)}`;
};

const ports: Maker = (context) => {
  const { dice, names } = context;
  const header = dice.percent(15) ? 'th' : protocol(context, TRANSPORTS);
  if (header === null) return null;
  const field = `${header === 'th' && dice.percent(50) && open(context.pinned) ? 'meta l4proto { tcp, udp } ' : ''}${header} ${dice.pick(['dport', 'dport', 'sport'])}`;
  const named = names.sets.filter((set) => set.type === 'inet_service');
  return dice.weighted<() => string>([
    [50, () => `${field} ${not(dice)}${portPattern(dice)}`],
    [25, () => `${field} ${not(dice)}${portSet(dice)}`],
    [10, () => `${field} ${dice.pick(['<', '>', '<=', '>='])} ${dice.pick(PORTS)}`],
    [15, () => (named.length > 0 ? `${field} ${not(dice)}@${dice.pick(named).name}` : `${field} ${dice.pick(PORTS)}`)],
  ])();
};

const interfaces: Maker = ({ dice, universe }) => {
  const direction = dice.pick(['iifname', 'oifname']);
  const names = [...universe.names(), 'lo', 'nosuch0'];
  return dice.weighted<() => string>([
    [60, () => `${direction} ${not(dice)}"${dice.pick(names)}"`],
    [20, () => `${direction} ${not(dice)}"${dice.pick(['eth*', 'dmz*', 'w*', 'l*', 'nosuch*'])}"`],
    [
      10,
      () =>
        `${direction} ${not(dice)}{ ${dice
          .some(names, 3)
          .map((name) => `"${name}"`)
          .join(', ')} }`,
    ],
    [10, () => `${direction === 'iifname' ? 'iif' : 'oif'} ${not(dice)}"${dice.pick([...universe.names(), 'lo'])}"`],
  ])();
};

const protocols: Maker = (context) => {
  const { dice, table, pinned } = context;
  const one = (of: readonly string[], text: (name: string) => string): string | null => {
    const name = protocol(context, of);
    return name === null ? null : text(name);
  };
  return dice.weighted<() => string | null>([
    [35, () => one(['tcp', 'udp', 'icmp', 'ipv6-icmp', '99'], (name) => `meta l4proto ${name}`)],
    [10, () => (open(pinned) ? `meta l4proto != ${dice.pick(['tcp', 'udp', 'icmp'])}` : null)],
    [20, () => (open(pinned) ? `meta l4proto ${not(dice)}{ ${dice.some(['tcp', 'udp', 'icmp', 'ipv6-icmp'], 3).join(', ')} }` : null)],
    [
      20,
      () =>
        family(context) === 4
          ? one(['tcp', 'udp', 'icmp'], (name) => `ip protocol ${name}`)
          : one(['tcp', 'udp', 'ipv6-icmp'], (name) => `ip6 nexthdr ${name}`),
    ],
    [15, () => (table === 'inet' ? `meta nfproto ${family(context) === 4 ? 'ipv4' : 'ipv6'}` : null)],
    [10, () => `meta protocol ${family(context) === 4 ? 'ip' : 'ip6'}`],
  ])();
};

const icmp: Maker = (context) => {
  const { dice } = context;
  const four = family(context) === 4;
  if (protocol(context, [four ? 'icmp' : 'ipv6-icmp']) === null) return null;
  const name = four ? 'icmp' : 'icmpv6';
  return dice.weighted<() => string>([
    [50, () => `${name} type ${not(dice)}${dice.pick(['echo-request', 'echo-reply', 'destination-unreachable', 'time-exceeded'])}`],
    [15, () => `${name} type { echo-request, echo-reply }`],
    [15, () => `${name} code ${dice.pick([0, 1, 3, 4])}`],
    [10, () => `${name} id ${dice.pick(PORTS)}`],
    [10, () => `${name} sequence ${dice.pick([7, 53, 80])}`],
  ])();
};

const header: Maker = (context) => {
  const { dice } = context;
  const four = family(context) === 4;
  const compare = dice.pick(['', '', '!= ', '< ', '> ', '<= ', '>= ']);
  if (four) {
    return dice.weighted<() => string>([
      [25, () => `ip ttl ${compare}${dice.pick([1, 4, 62, 63, 64, 127])}`],
      [20, () => `ip dscp ${not(dice)}${dice.pick(['ef', 'af41', 'cs0', 'cs6', '{ ef, af41, cs0 }'])}`],
      [20, () => `ip length ${compare}${dice.pick([28, 40, 48, 60, 100, 200])}`],
      [10, () => `ip ecn ${not(dice)}${dice.pick(['ce', 'ect0', 'not-ect'])}`],
      [context.own ? 0 : 10, () => `ip id ${compare}${dice.pick([1, 1000, 30000])}`],
      [5, () => `ip frag-off ${not(dice)}${dice.pick([0, 0x4000])}`],
      [5, () => `ip version 4`],
      [5, () => `ip hdrlength ${dice.pick([5, 6])}`],
    ])();
  }
  return dice.weighted<() => string>([
    [40, () => `ip6 hoplimit ${compare}${dice.pick([1, 4, 62, 63, 64, 127])}`],
    [20, () => `ip6 dscp ${not(dice)}${dice.pick(['ef', 'af41', 'cs0'])}`],
    [20, () => `ip6 length ${compare}${dice.pick([8, 20, 28, 60, 100])}`],
    [10, () => `ip6 ecn ${not(dice)}${dice.pick(['ce', 'ect0', 'not-ect'])}`],
    [10, () => `ip6 flowlabel ${dice.pick(['0', '!= 0', '7'])}`],
  ])();
};

const metas: Maker = ({ dice }) =>
  dice.weighted<() => string>([
    [40, () => `meta length ${dice.pick(['', '!= ', '< ', '> ', '<= ', '>= '])}${dice.pick([28, 40, 48, 60, 100, 200])}`],
    [15, () => `meta length ${dice.pick(['28-60', '40-100', '100-1500'])}`],
    [15, () => `meta mark ${not(dice)}${dice.pick([0, 1, 7, 0x11])}`],
    [15, () => `meta mark and ${dice.pick(['0x1', '0xff', '0x10'])} ${dice.pick(['==', '!='])} ${dice.pick([0, 1, 0x10])}`],
    [15, () => `meta pkttype ${dice.pick(['unicast', 'broadcast', 'multicast'])}`],
  ])();

const tcpFields: Maker = (context) => {
  const { dice } = context;
  if (protocol(context, ['tcp']) === null) return null;
  return dice.weighted<() => string>([
    [30, () => `tcp flags ${dice.pick(['syn', 'ack', 'rst', 'fin', 'psh'])}`],
    [
      20,
      () =>
        `tcp flags & (${dice.pick(['syn|ack', 'fin|syn|rst|ack', 'fin|rst', 'fin|syn|rst|psh|ack|urg'])}) ${dice.pick(['==', '!='])} ${dice.pick(['syn', 'ack', '0x0', 'syn|ack'])}`,
    ],
    [15, () => `tcp flags == ${dice.pick(['syn', 'syn|ack', 'ack', '0x0'])}`],
    [10, () => `tcp flags != ${dice.pick(['syn', 'ack'])}`],
    [10, () => `tcp window ${dice.pick(['', '> ', '< '])}${dice.pick([65535, 1000])}`],
    [15, () => `tcp ${dice.pick(['sequence', 'ackseq'])} ${dice.pick(['', '> ', '< ', '!= '])}${dice.pick([1000, 5001, 77000000, 4294967040])}`],
  ])();
};

const connection: Maker = (context) => {
  const { dice, universe, pinned } = context;
  const direction = (): string => dice.pick(['original', 'reply']);
  const ends = (): string => {
    const of = family(context);
    const value = dice.percent(60) ? universe.address(dice, of) : prefix(universe.address(dice, of), dice);
    return `ct ${direction()} ${of === 4 ? 'ip' : 'ip6'} ${dice.pick(['saddr', 'daddr'])} ${not(dice)}${value}`;
  };
  return dice.weighted<() => string | null>([
    [45, () => `ct state ${not(dice)}${dice.pick(['established', 'new', 'invalid', 'related', 'established,related', 'new,untracked', 'untracked'])}`],
    [10, () => `ct state { ${dice.some(['established', 'new', 'invalid', 'related'], 3).join(', ')} }`],
    [12, () => `ct status ${dice.pick(['snat', 'dnat', 'seen-reply', 'assured', 'confirmed', 'snat,dnat'])}`],
    [8, () => `ct direction ${direction()}`],
    [8, () => `ct mark ${not(dice)}${dice.pick([0, 1, 7])}`],
    [8, ends],
    [
      6,
      () =>
        pinned.protocol === null
          ? `meta l4proto ${protocol(context, TRANSPORTS) ?? ''} ct ${direction()} ${dice.pick(['proto-src', 'proto-dst'])} ${dice.pick(PORTS)}`
          : null,
    ],
    [3, () => `ct ${direction()} protocol ${dice.pick(['tcp', 'udp'])}`],
  ])();
};

const concatenation: Maker = (context) => {
  const { dice, universe, pinned } = context;
  const elements = (make: () => string): string => `{ ${[...new Set(Array.from({ length: dice.between(1, 5) }, make))].join(', ')} }`;
  const addressed = (text: (ip: string, transport: string, of: 4 | 6) => string): string | null => {
    const of = family(context);
    const transport = protocol(context, TRANSPORTS);
    return transport === null ? null : text(of === 4 ? 'ip' : 'ip6', transport, of);
  };
  const both = (): string => {
    const of = family(context);
    const ip = of === 4 ? 'ip' : 'ip6';
    return `${ip} saddr . ${ip} daddr ${elements(() => `${universe.address(dice, of)} . ${universe.address(dice, of)}`)}`;
  };
  return dice.weighted<() => string | null>([
    [
      35,
      () =>
        addressed(
          (ip, transport, of) =>
            `${ip} ${dice.pick(['saddr', 'daddr'])} . ${transport} dport ${not(dice)}${elements(() => `${universe.address(dice, of)} . ${dice.pick(PORTS)}`)}`,
        ),
    ],
    [25, both],
    [
      15,
      () =>
        protocol(context, TRANSPORTS) === null
          ? null
          : `iifname . ${pinned.protocol ?? 'udp'} dport ${elements(() => `"${dice.pick(universe.names())}" . ${dice.pick(PORTS)}`)}`,
    ],
    [15, () => (open(pinned) ? `meta l4proto . th dport ${elements(() => `${dice.pick(TRANSPORTS)} . ${dice.pick(PORTS)}`)}` : null)],
    [
      15,
      () =>
        addressed(
          (ip, transport, of) =>
            `${ip} saddr . ${ip} daddr . ${transport} dport ${not(dice)}${elements(() => `${universe.address(dice, of)} . ${universe.address(dice, of)} . ${dice.pick(PORTS)}`)}`,
        ),
    ],
    [
      12,
      () =>
        addressed(
          (ip, transport, of) =>
            `iifname . ${ip} saddr . ${transport} dport { "${dice.pick(universe.names())}" . ${dice.pick<string>(INTERVALS[of])} . ${dice.pick(['1-1023', '5060', '1000-50000'])} }`,
        ),
    ],
    [15, () => addressed((ip, transport, of) => `${ip} saddr . ${transport} dport { ${prefix(universe.address(dice, of), dice)} . ${portPattern(dice)} }`)],
  ])();
};

export function makeMatch(context: Context, tracked: boolean): string {
  const { dice } = context;
  for (;;) {
    const made = dice.weighted<Maker>([
      [20, address],
      [20, ports],
      [12, interfaces],
      [8, protocols],
      [6, icmp],
      [6, header],
      [6, metas],
      [6, tcpFields],
      [tracked ? 14 : 0, connection],
      [6, concatenation],
    ])(context);
    if (made !== null) return made;
  }
}
