/**
 * What generated cases have found: where the simulator once differed from the kernel, each as small as it goes. Their
 * answers, as a kernel gave them, stand in `found.json` (`npm run test:differential -- --record`).
 * @module
 */
import type { Case, Step, Tracked } from './case.js';
import type { PacketSpec } from './frames.js';

const inside = { iface: 0, src: '10.1.0.2', dst: '198.51.100.2', sport: 1000, dport: 5060 } as const;
const inside6 = { iface: 0, src: '2001:db8:1::2', dst: '2001:db8:2::2', sport: 1000, dport: 5060 } as const;
const own = { ...inside, dst: '10.1.0.1' } as const;
const own6 = { ...inside6, dst: '2001:db8:1::1' } as const;

const udp = (ends: Partial<PacketSpec> & Pick<PacketSpec, 'iface' | 'src' | 'dst'>, more: Partial<PacketSpec> = {}): Step => ({
  send: { ...ends, proto: 'udp', payload: 20, ...more },
});
const tcp = (flags: number, seq: number, ack: number, more: Partial<PacketSpec> = {}): Step => ({
  send: { ...inside, proto: 'tcp', flags, seq, ack, ...more },
});
const reply = (about: number, flags: number, seq: number, ack: number): Step => ({ answer: about, with: { flags, seq, ack } });

/** @param bodies of chains, one base chain each */
function rules(...bodies: readonly string[]): string {
  return ['table inet t {', ...bodies.map((body, i) => `  chain c${i} {\n    ${body.split('; ').join('\n    ')}\n  }`), '}'].join('\n');
}

const base = (type: string, hook: string, priority: string, policy = 'accept'): string => `type ${type} hook ${hook} priority ${priority}; policy ${policy}`;

/** @param declared stands before the chain */
const nat = (hook: 'prerouting' | 'postrouting', rule: string, declared = ''): string =>
  `table inet n {\n  ${declared}\n  chain p {\n    ${base('nat', hook, hook === 'prerouting' ? 'dstnat' : 'srcnat')}\n    ${rule}\n  }\n}`;

function found(name: string, text: string, steps: readonly Step[], tracked: Tracked = text.includes('ct ') || text.includes('nat') ? 'both' : 'none'): Case {
  return { name, bed: 'three', tracked, rules: text, steps };
}

/** Ways in which a datagram of 808 octets, header and all, may come: from, to, whether more are said to follow. */
const PIECES: Readonly<Record<string, NonNullable<PacketSpec['pieces']>>> = {
  'of unequal size': [
    [0, 400],
    [400, 480],
    [480, 808],
  ],
  'in disorder': [
    [480, 808],
    [0, 400],
    [400, 480],
  ],
  'one twice': [
    [0, 400],
    [0, 400],
    [400, 808],
  ],
  'one within two others': [
    [0, 200],
    [200, 400],
    [104, 304],
    [400, 808],
  ],
  'one within two that came the other way round': [
    [200, 400],
    [0, 200],
    [104, 304],
    [400, 808],
  ],
  'that overlap, and the same again': [
    [0, 400],
    [392, 600],
    [0, 400],
    [400, 808],
  ],
  'a first one of no multiple of eight': [
    [0, 403, true],
    [400, 808],
  ],
  'two last ones': [
    [400, 808],
    [400, 600, false],
    [0, 400],
  ],
  'something beyond the last': [
    [400, 808, false],
    [808, 816, true],
    [0, 400],
  ],
  'an empty one first': [
    [0, 0, true],
    [0, 400],
    [400, 808],
  ],
  'an empty one between': [
    [0, 400],
    [400, 400, true],
    [400, 808],
  ],
  'a first one without the whole header': [
    [0, 4, true],
    [0, 400],
    [400, 808],
  ],
  'one that is the whole': [[0, 808, false]],
};

export const FOUND: readonly Case[] = [
  found(
    'of two base chains with one priority the later one is asked first',
    rules(`${base('filter', 'forward', 'filter')}; counter accept`, `${base('filter', 'forward', 'filter')}; udp dport 5060 counter drop`),
    [udp(inside), udp(inside, { dport: 53 })],
  ),
  found(
    'of two nat chains with one priority too',
    rules(
      `${base('nat', 'postrouting', 'srcnat')}; counter snat ip to 198.51.100.20`,
      `${base('nat', 'postrouting', 'srcnat')}; counter snat ip to 198.51.100.21`,
    ),
    [udp(inside)],
  ),
  found(
    'what came in fragments goes on in fragments, however it was looked at',
    rules(`${base('filter', 'forward', 'filter')}; ct state new udp dport 5060 counter`),
    [udp(inside, { payload: 1200, fragments: 576 }), udp(inside6, { payload: 1200, fragments: 576 })],
  ),
  found('a reset for a closed port comes in the class of the segment', rules(`${base('filter', 'input', 'filter')}; counter`), [
    tcp(2, 7, 0, { ...own, tos: 0xb9 }),
    { send: { ...own6, proto: 'tcp', flags: 2, seq: 7, tos: 0xb9 } },
  ]),
  found(
    'of several IPv6 addresses that suit alike a node speaks by the one it got last',
    rules(`${base('filter', 'forward', 'filter')}; counter reject with icmpx admin-prohibited`),
    [udp({ ...inside6, iface: 2, src: '2001:db8:3::2' })],
  ),
  found('an unknown next header is pointed at where it is named', rules(`${base('filter', 'input', 'filter')}; counter`), [
    { send: { ...own6, proto: 99, payload: 20 } },
  ]),
  found(
    'UDP to a closed port: the error is of no connection until it is tracked',
    rules(
      `${base('filter', 'output', 'raw')}; ct state invalid counter accept; ct state related counter`,
      `${base('filter', 'output', 'filter')}; ct state related counter`,
    ),
    [udp(own), udp(own6)],
  ),
  found('of a later fragment of IPv6 an error is told', rules(`${base('filter', 'forward', 'filter')}; counter`), [
    udp(inside6, { payload: 1200, fragments: 576, ttl: 1 }),
  ]),
  found('input sees fragments of IPv6 as they came, where nothing is tracked', rules(`${base('filter', 'input', 'filter')}; counter`), [
    udp(own6, { payload: 900, fragments: 576 }),
    udp(own, { payload: 900, fragments: 576 }),
  ]),
  found(
    'a connection that is refused by a reset is over',
    rules(`${base('filter', 'forward', 'filter')}; ct state established tcp dport 5060 meta length > 100 counter reject with tcp reset`),
    [tcp(2, 100, 0), reply(0, 18, 500, 101), tcp(16, 101, 501), tcp(24, 101, 501, { payload: 100 })],
  ),
  found(
    'an empty packet of a protocol without a known checksum is answered, one with text is not',
    rules(`${base('filter', 'forward', 'filter')}; counter reject`),
    [{ send: { ...inside, proto: 99 } }, { send: { ...inside, proto: 99, payload: 20 } }],
  ),
  found('of an answer of its own that it refuses to send, a node makes no error', rules(`${base('filter', 'output', 'filter')}; counter reject`), [
    { send: { ...own, proto: 'icmp', type: 8 } },
    { send: { ...own6, proto: 'icmpv6', type: 128 } },
  ]),
  found(
    'what a node sends to itself leaves by the loopback',
    rules(`${base('filter', 'output', 'filter')}; oifname "lo" counter accept; tcp flags rst counter reject`),
    [tcp(2, 7, 0, own)],
  ),
  found(
    'families that no rule has tracked are not',
    'table ip t {\n  chain c {\n    type filter hook forward priority filter\n    ct state new counter\n  }\n}\ntable ip6 u {\n  chain c {\n    type filter hook forward priority filter\n    counter\n  }\n}',
    [udp(inside), udp(inside6, { payload: 1200, fragments: 576 })],
    'ip',
  ),
  found(
    'by the protocol of its connection an error is read as if it were of that protocol',
    'table ip t {\n  chain c {\n    type filter hook postrouting priority filter; policy drop;\n    ct reply protocol udp udp dport > 22 counter accept\n  }\n}',
    [udp(own)],
  ),
  // ---- maps of translation whose data are prefixes and ranges ----
  found(
    'a map gives the addresses of a prefix',
    nat(
      'postrouting',
      'snat ip to ip saddr map @m',
      'map m { type ipv4_addr : interval ipv4_addr; flags interval; elements = { 10.1.0.0/24 : 198.51.100.20/31 }; }',
    ),
    [udp(inside), udp(inside, { src: '10.1.0.3' })],
  ),
  found(
    'a map gives a prefix and a port',
    nat(
      'postrouting',
      'meta l4proto { tcp, udp } snat ip to ip saddr map { 10.1.0.2 : 198.51.100.20/31 . 2000-2000, 10.1.0.3 : 198.51.100.22-198.51.100.23 . 80-80 }',
    ),
    [udp(inside), udp(inside, { src: '10.1.0.3' })],
  ),
  found('a map gives a prefix of IPv6', nat('postrouting', 'meta nfproto ipv6 snat to ip6 saddr map { 2001:db8:1::/64 : 2001:db8:2::20/127 }'), [udp(inside6)]),
  found('a map gives destinations of a prefix', nat('prerouting', 'dnat ip to ip daddr map { 198.51.100.0/24 : 198.51.100.2/31 }'), [
    udp(inside),
    udp(inside, { src: '10.1.0.3' }),
  ]),
  found(
    'a translation in a table of both families knows its family by a match',
    nat('prerouting', 'meta nfproto ipv4 udp dport 5060 dnat to 198.51.100.3:8080'),
    [udp(inside), udp(inside6)],
    'ip',
  ),
  // ---- before anything is put together, looked up, or routed ----
  found(
    'what comes before defragmentation sees fragments',
    rules(
      `${base('filter', 'prerouting', '-450')}; ip frag-off & 0x1fff != 0 counter drop; counter`,
      `${base('filter', 'forward', 'filter')}; ct state new counter`,
    ),
    [udp(inside, { payload: 1200, fragments: 576, id: 4501 }), udp(inside), udp(inside6, { payload: 1200, fragments: 576, id: 4502 })],
  ),
  found(
    'what is not tracked is not put together',
    rules(
      `${base('filter', 'prerouting', '-450')}; counter notrack`,
      `${base('filter', 'forward', 'filter')}; ct state untracked counter; ct state new counter`,
    ),
    [udp(inside, { payload: 1200, fragments: 576, id: 4503 }), udp(inside6, { payload: 1200, fragments: 576, id: 4504 })],
  ),
  found(
    'the first packet of a connection has no time that runs out',
    rules(`${base('filter', 'forward', 'filter')}; ct expiration < 30s counter; ct expiration 25s-5d counter`),
    [udp(inside), udp(inside), { answer: 0, with: {} }],
  ),
  found(
    'who rejects before routing speaks by the address on the way back',
    rules(`${base('filter', 'prerouting', 'filter')}; counter reject with icmpx host-unreachable`),
    [
      udp({ ...own, dst: '198.51.100.1' }),
      udp({ ...own, iface: 1, src: '198.51.100.2', dst: '198.51.100.10' }),
      udp({ ...own, dst: '10.1.0.255' }),
      udp({ ...own6, dst: '2001:db8:2::1' }),
    ],
  ),
  ...Object.entries(PIECES).map(([name, pieces], i) =>
    found(
      `fragments: ${name}`,
      rules(`${base('filter', 'forward', 'filter')}; ct state new counter`),
      [inside, inside6, own, own6].map((ends, n) => udp(ends, { payload: 800, pieces, id: 7000 + 4 * i + n })),
    ),
  ),
];
