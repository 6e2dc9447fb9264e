/** Expected: what `nft describe TYPE` (1.0.6) prints; the protocols' registries for the rest. */
import { describe, expect, it } from 'vitest';
import type { DataType } from '../../ruleset.js';
import { SERVICES } from './services.js';
import { BITMASKS, CONSTANTS, ICMPX_CODES, PRIORITIES } from './constants.js';

const DESCRIBED: Readonly<Partial<Record<DataType, string>>> = {
  dscp: `cs0=0x00 cs1=0x08 cs2=0x10 cs3=0x18 cs4=0x20 cs5=0x28 cs6=0x30 cs7=0x38 df=0x00 be=0x00 lephb=0x01 af11=0x0a af12=0x0c af13=0x0e
    af21=0x12 af22=0x14 af23=0x16 af31=0x1a af32=0x1c af33=0x1e af41=0x22 af42=0x24 af43=0x26 va=0x2c ef=0x2e`,
  icmp_code: 'net-unreachable=0 host-unreachable=1 prot-unreachable=2 port-unreachable=3 net-prohibited=9 host-prohibited=10 admin-prohibited=13 frag-needed=4',
  icmpv6_type: `destination-unreachable=1 packet-too-big=2 time-exceeded=3 parameter-problem=4 echo-request=128 echo-reply=129 mld-listener-query=130
    mld-listener-report=131 mld-listener-done=132 mld-listener-reduction=132 nd-router-solicit=133 nd-router-advert=134 nd-neighbor-solicit=135
    nd-neighbor-advert=136 nd-redirect=137 router-renumbering=138 ind-neighbor-solicit=141 ind-neighbor-advert=142 mld2-listener-report=143`,
  icmpv6_code: 'no-route=0 admin-prohibited=1 addr-unreachable=3 port-unreachable=4 policy-fail=5 reject-route=6',
  pkt_type: 'host=0 unicast=0 broadcast=1 multicast=2 other=3',
  ct_status: 'expected=0x1 seen-reply=0x2 assured=0x4 confirmed=0x8 snat=0x10 dnat=0x20 dying=0x200',
  ct_dir: 'original=0 reply=1',
  nf_proto: 'ipv4=2 ipv6=10',
};

describe('the names of a type are those of nft, and no others', () => {
  it.each(Object.entries(DESCRIBED))('%s', (type, text) => {
    const expected = text.split(/\s+/).map((pair) => pair.split('=') as [string, string]);
    const sorted = (pairs: Iterable<readonly [string, number]>): string[] => [...pairs].map(([name, value]) => `${name}=${value}`).sort();
    expect(sorted(CONSTANTS[type as DataType])).toEqual(sorted(expected.map(([name, value]) => [name, Number(value)])));
  });

  it.each([
    ['inet_proto', 'tcp', 6],
    ['inet_proto', 'ipv6-icmp', 58],
    ['ct_state', 'untracked', 0x40],
    ['tcp_flag', 'cwr', 0x80],
    ['ether_type', 'ip6', 0x86dd],
    ['ecn', 'ect0', 2],
    ['icmp_type', 'timestamp-reply', 14],
  ] as const)('%s %s', (type, name, value) => expect(CONSTANTS[type].get(name)).toBe(value));

  it.each(['ipv4_addr', 'ifname', 'mark', 'integer'] as const)('%s has none', (type) => expect(CONSTANTS[type].size).toBe(0));
});

it('bits that may be set together are those of bitmask types', () => expect([...BITMASKS].sort()).toEqual(['ct_state', 'ct_status', 'tcp_flag']));

it('codes of icmpx (NFT_REJECT_ICMPX_*)', () =>
  expect([...ICMPX_CODES]).toEqual([
    ['no-route', 0],
    ['port-unreachable', 1],
    ['host-unreachable', 2],
    ['admin-prohibited', 3],
  ]));

it('priorities by name (nft(8), "Standard priority names")', () =>
  expect([...PRIORITIES].map(([name, { value, hook }]) => `${name} ${value} ${hook ?? 'all'}`)).toEqual([
    'raw -300 all',
    'mangle -150 all',
    'dstnat -100 prerouting',
    'filter 0 all',
    'security 50 all',
    'srcnat 100 postrouting',
  ]));

it('a name of another type is none', () => {
  expect(CONSTANTS.icmp_type.has('echo')).toBe(false);
  expect(CONSTANTS.icmp_code.has('echo-request')).toBe(false);
  expect(CONSTANTS.inet_service).toBe(SERVICES);
});
