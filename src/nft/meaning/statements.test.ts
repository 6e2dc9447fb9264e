/** Expected: nft(8), "Statements"; what `nft --debug=netlink` (1.0.6) prints of the same rule. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { firstOf, refusalOf, statementsOf } from '../testing/rulesets.js';

const does = (place: Parameters<typeof statementsOf>[0], text: string): unknown => JSON.parse(JSON.stringify(statementsOf(place, text)));
const nfproto = (number: number): object => ({
  do: 'match',
  left: { is: 'selector', selector: { select: 'meta', key: 'nfproto' } },
  op: 'eq',
  right: { is: 'number', number },
});
const l4proto = { ...nfproto(6), left: { is: 'selector', selector: { select: 'meta', key: 'l4proto' } } };

describe('reject', () => {
  // [ reject type 2 code 1 ]: NFT_REJECT_ICMPX_UNREACH, port-unreachable
  it('of either family', () => expect(does('filter', 'reject')).toEqual([{ do: 'reject', reject: { with: 'icmpx', code: 1 } }]));
  // RFC 792: port unreachable is code 3; RFC 4443: 4.
  it('of one family', () => {
    expect(does('ip', 'reject')).toEqual([{ do: 'reject', reject: { with: 'icmp', code: 3 } }]);
    expect(does('ip6', 'reject')).toEqual([{ do: 'reject', reject: { with: 'icmpv6', code: 4 } }]);
  });
  // [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x02 ] [ reject type 0 code 1 ]
  it('by ICMP: the packet must be of that family, which is asked first', () => {
    expect(does('filter', 'reject with icmp host-unreachable')).toEqual([nfproto(2), { do: 'reject', reject: { with: 'icmp', code: 1 } }]);
    expect(does('filter', 'counter reject with icmpv6 admin-prohibited')).toMatchObject([
      nfproto(10),
      { do: 'counter' },
      { do: 'reject', reject: { with: 'icmpv6', code: 1 } },
    ]);
    expect(does('ip', 'reject with icmp host-unreachable')).toEqual([{ do: 'reject', reject: { with: 'icmp', code: 1 } }]);
  });
  // [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x06 ] [ reject type 1 code 0 ]
  it('by a reset: TCP, which is asked first', () => {
    expect(does('filter', 'reject with tcp reset')).toEqual([l4proto, { do: 'reject', reject: { with: 'tcp-reset' } }]);
    expect(does('filter', 'tcp dport 80 reject with tcp reset')).toMatchObject([{ do: 'match' }, { do: 'reject' }]);
  });
  // As nft 1.0.6 takes and refuses them: what was named last counts; a range, a named set and what is no protocol of IP name none.
  it.each([
    ['ip', 'ct reply protocol udp ct reply protocol tcp', 0],
    ['ip', 'ct reply protocol 99', 1],
    ['ip', 'meta l4proto udp ct reply protocol tcp', 0],
    ['filter', 'ct original protocol udp meta l4proto tcp', 0],
    ['filter', 'meta l4proto udp meta l4proto { tcp }', 0],
    ['filter', 'meta l4proto { icmp, tcp }', 0],
    ['filter', 'meta l4proto 5-6', 1],
    ['filter', 'meta l4proto != udp', 1],
  ] as const)('by a reset in %s after %s: TCP is asked first %i times', (place, matches, times) => {
    const [first] = does(place, `${matches} reject with tcp reset`) as readonly unknown[];
    expect(isDeepStrictEqual(first, l4proto)).toBe(times === 1);
  });
  it.each([
    ['filter', 'meta l4proto udp reject with tcp reset', 'NFT_CONFLICT a TCP reset answers TCP only'],
    ['filter', 'meta l4proto tcp meta l4proto udp reject with tcp reset', 'NFT_CONFLICT a TCP reset answers TCP only'],
    ['filter', 'meta l4proto { tcp, icmp } reject with tcp reset', 'NFT_CONFLICT a TCP reset answers TCP only'],
    ['filter', 'meta l4proto udp ct reply protocol tcp reject with tcp reset', 'NFT_CONFLICT a TCP reset answers TCP only'],
    ['ip', 'meta l4proto tcp ct reply protocol udp reject with tcp reset', 'NFT_CONFLICT a TCP reset answers TCP only'],
    ['filter', 'ip6 saddr ::1 reject with icmp host-unreachable', 'NFT_CONFLICT the packets here are IPv6, the answer is for IPv4'],
    ['ip', 'reject with icmpx port-unreachable', 'NFT_TYPE icmpx is for tables of the family inet'],
    ['ip', 'reject with icmp tomorrow', 'NFT_TYPE "tomorrow" is no code of icmp'],
    ['filter', 'reject with icmpx 4', 'NFT_TYPE there is no icmpx code 4'],
    ['ip', 'reject with icmp 256', 'NFT_TYPE the code of icmp is out of range'],
  ] as const)('refused at %s: %s', (place, text, refusal) => expect(refusalOf(place, text)).toBe(refusal));
});

describe('the end of a rule', () => {
  it.each(['accept drop', 'jump other accept', 'goto other counter', 'reject counter', 'return accept'])('nothing comes after: %s', (text) =>
    expect(refusalOf('filter', text)).toBe('NFT_CONFLICT nothing comes to this statement: the one before ends the rule'),
  );
  it('but after continue, and after what does not decide', () => {
    expect(does('filter', 'continue accept')).toMatchObject([{ verdict: 'continue' }, { verdict: 'accept' }]);
    expect(does('filter', 'counter log prefix "x " level info accept')).toMatchObject([
      { do: 'counter', name: null, packets: 0, bytes: 0 },
      { do: 'log', prefix: 'x ', level: 'info' },
      { verdict: 'accept' },
    ]);
  });
  it('translation ends it too', () => expect(refusalOf('srcnat', 'masquerade accept')).toContain('nothing comes to this statement'));
});

describe('named objects', () => {
  it('a counter, a limit', () => {
    expect(firstOf('filter', 'counter name dropped')).toEqual({ do: 'counter', name: 'dropped', packets: 0, bytes: 0 });
    expect(firstOf('filter', 'limit name slow')).toEqual({
      do: 'limit',
      name: 'slow',
      limit: { over: false, what: 'packets', amount: 10, unit: 'second', burst: 20 },
    });
  });
  // [ limit rate 10/second burst 5 type packets flags 0x0 ], [ limit rate 10240/second burst 5120 type bytes flags 0x1 ]
  it('a limit of its own, with its burst', () => {
    expect(firstOf('filter', 'limit rate 10/second accept')).toMatchObject({ limit: { over: false, what: 'packets', amount: 10, unit: 'second', burst: 5 } });
    expect(firstOf('filter', 'limit rate over 10 kbytes/second burst 5 kbytes drop')).toMatchObject({
      limit: { over: true, what: 'bytes', amount: 10_240, unit: 'second', burst: 5120 },
    });
  });
  it.each([
    ['counter name nothing', 'NFT_UNKNOWN the table inet t has no counter "nothing"'],
    ['limit name nothing', 'NFT_UNKNOWN the table inet t has no limit "nothing"'],
    ['jump nowhere', 'NFT_UNKNOWN the table inet t has no chain "nowhere"'],
    ['tcp dport vmap @ports', 'NFT_TYPE "ports" is a set, not a map'],
    ['ip saddr vmap @marks', 'NFT_TYPE the map "marks" gives a mark from 0 to 4294967295'],
  ])('refused: %s', (text, refusal) => expect(refusalOf('filter', text)).toBe(refusal));
});

describe('set', () => {
  it.each([
    ['meta mark set 0x10', { do: 'set-meta-mark', to: { from: 'value', number: 16 } }],
    ['ct mark set meta mark', { do: 'set-ct-mark', to: { from: 'bits', bits: { of: { select: 'meta', key: 'mark' }, mask: 0xffffffff, xor: 0 } } }],
    ['ip dscp set af41', { do: 'set-field', field: { select: 'ip', field: 'dscp' }, to: { from: 'value', number: 34 } }],
    ['ip6 hoplimit set 64', { do: 'set-field', field: { select: 'ip6', field: 'hoplimit' }, to: { from: 'value', number: 64 } }],
    ['ip ecn set ce', { do: 'set-field', field: { select: 'ip', field: 'ecn' }, to: { from: 'value', number: 3 } }],
  ])('%s', (text, expected) => expect(firstOf('filter', text)).toEqual(expected));
  it('by a map', () =>
    expect(firstOf('filter', 'meta mark set ip saddr map @marks')).toEqual({
      do: 'set-meta-mark',
      to: { from: 'map', key: { is: 'selector', selector: { select: 'ip', field: 'saddr' } }, map: { is: 'named', name: 'marks' } },
    }));
  it.each([
    ['meta mark set ip saddr', 'NFT_TYPE ip saddr is no mark'],
    ['meta mark set ip ttl', 'NFT_TYPE ip ttl is no mark'],
    ['ip dscp set 64', 'NFT_TYPE 64 is out of range'],
    ['tcp dport set 80', 'NFT_UNSUPPORTED setting tcp dport is not supported'],
    ['ip dscp set ip ecn', 'NFT_UNSUPPORTED setting ip dscp from a field of the packet is not supported'],
    ['ip6 saddr ::1 ip dscp set ef', 'NFT_CONFLICT no packet is both IPv6 and IPv4'],
  ])('refused: %s', (text, refusal) => expect(refusalOf('filter', text)).toContain(refusal));
});
