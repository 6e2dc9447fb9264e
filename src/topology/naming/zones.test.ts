import { describe, expect, it } from 'vitest';
import { faultsOf, nodeOf, planOf } from '../testing/lab.js';

const lab = (zones: string): string => `name: x
topology:
  nodes:
    ns: { kind: dns, addresses: { eth0: [192.0.2.53/24] } }
    ns2: { kind: dns, addresses: { eth0: [198.51.100.53/24] } }
    fe: { kind: front-end, config: { domains: [c.example] }, addresses: { eth0: [192.0.2.1/24, "2001:db8::1/64"], eth1: [198.51.100.1/24] } }
  links:
    - { endpoints: ["ns:eth0", "fe:eth0"] }
    - { endpoints: ["ns2:eth0", "fe:eth1"] }
zones:
${zones}`;

const records = (set: string, zone = 'c.example'): string => lab(`  ${zone}: { servers: [ns], records: { ${set} } }\n`);
const read = (set: string): readonly string[] =>
  (planOf(records(set)).zones[0]?.records ?? []).map(
    (r) => `${r.name} ${r.ttl} ${r.type} ${typeof r.data === 'string' ? r.data : Object.values(r.data).join(' ')}`,
  );

describe('records', () => {
  it.each<[string, string[]]>([
    ['sip: { A: fe }', ['sip.c.example 3600 A 192.0.2.1', 'sip.c.example 3600 A 198.51.100.1', 'sip.c.example 3600 AAAA 2001:db8::1']],
    ['"@": { NAPTR: { order: 10, service: SIPS+D2T, replacement: _sips._tcp.c.example } }', ['c.example 3600 NAPTR 10 0 s SIPS+D2T  _sips._tcp.c.example']],
    ['sip: { A: "fe:eth1" }', ['sip.c.example 3600 A 198.51.100.1']],
    ['sip: { AAAA: fe }', ['sip.c.example 3600 AAAA 2001:db8::1']],
    [
      '"@": { A: [192.0.2.7, 192.0.2.8], AAAA: "2001:DB8::7", ttl: 60 }',
      ['c.example 60 A 192.0.2.7', 'c.example 60 A 192.0.2.8', 'c.example 60 AAAA 2001:db8::7'],
    ],
    ['a.c.example: { A: 192.0.2.7 }, b.c.example.: { A: 192.0.2.8 }', ['a.c.example 3600 A 192.0.2.7', 'b.c.example 3600 A 192.0.2.8']],
    [
      'www: { A: 192.0.2.7 }, x: { CNAME: www }, y: { CNAME: www.c.example }',
      ['www.c.example 3600 A 192.0.2.7', 'x.c.example 3600 CNAME www.c.example', 'y.c.example 3600 CNAME www.c.example'],
    ],
    [
      'SIP: { A: 192.0.2.7 }, _sip._tls: { SRV: [{ port: 443, target: sip }, { priority: 1, weight: 2, port: 3, target: . }] }',
      ['_sip._tls.c.example 3600 SRV 0 0 443 sip.c.example', '_sip._tls.c.example 3600 SRV 1 2 3 .', 'sip.c.example 3600 A 192.0.2.7'],
    ],
  ])('%s', (set, expected) => expect(read(set)).toEqual(expected));

  it('may be a list, and the zone may set the time to live', () => {
    const plan = planOf(lab('  c.example: { servers: [ns], ttl: 5, records: [{ a: { A: 192.0.2.7 } }, { a: { A: 192.0.2.8 } }] }\n'));
    expect(plan.zones[0]?.records).toEqual([
      { name: 'a.c.example', type: 'A', ttl: 5, data: '192.0.2.7' },
      { name: 'a.c.example', type: 'A', ttl: 5, data: '192.0.2.8' },
    ]);
  });
  it('may differ between views of one name', () => {
    const plan = planOf(
      lab('  c.example:\n    - { servers: [ns], records: { a: { A: 192.0.2.7 } } }\n    - { servers: [ns2], records: { a: { A: 192.0.2.8 } } }\n'),
    );
    expect(plan.zones.map((z) => [z.name, z.servers, z.records.map((r) => r.data)])).toEqual([
      ['c.example', ['ns'], ['192.0.2.7']],
      ['c.example', ['ns2'], ['192.0.2.8']],
    ]);
  });
});

describe('faults of zones', () => {
  it.each([
    ['a: { A: nobody }', '"nobody" is neither an address nor a node'],
    ['a: { A: "fe:eth7" }', '"fe:eth7" has no address'],
    ['a: { AAAA: ns }', '"ns" has no IPv6 address'],
    ['a: { A: "2001:db8::1" }', '2001:db8::1 is no IPv4 address'],
    ['a: { AAAA: 192.0.2.1 }', '192.0.2.1 is no IPv6 address'],
    ['a: {}', 'a.c.example has no records'],
    ['a: { CNAME: b }', 'no zone of this lab has an address for "b.c.example"'],
    ['a: { SRV: { port: 1, target: b.d.example } }', 'no zone of this lab has an address for "b.d.example"'],
    ['a: { A: 192.0.2.7, CNAME: b }, b: { A: 192.0.2.8 }', 'a.c.example has other records beside its CNAME'],
    ['"@": { CNAME: b }, b: { A: 192.0.2.8 }', 'c.example has other records beside its CNAME'],
    ['a: { A: [192.0.2.7, 192.0.2.7] }', 'a.c.example has the same A record twice'],
    ['a.d.example.: { A: 192.0.2.7 }', '"a.d.example" lies outside the zone "c.example"'],
    ['a b: { A: 192.0.2.7 }', '"a b" is no domain name'],
    ['a: { TXT: x }', 'unknown key "TXT"'],
    ['a: { SRV: { target: b } }', '"port" is missing'],
  ])('%s', (set, message) => expect(faultsOf(records(set)).map((f) => f.replace(/^\S+ TOPOLOGY_ZONE /, ''))).toEqual([message]));

  it('an alias that leads back to itself', () => {
    expect(faultsOf(records('a: { CNAME: b }, b: { CNAME: a }'))).toEqual([
      expect.stringContaining('the alias "a.c.example" leads back to itself'),
      expect.stringContaining('the alias "b.c.example" leads back to itself'),
    ]);
  });
  it('servers that are no servers, or serve two views', () => {
    expect(faultsOf(lab('  c.example: { servers: [fe], records: {} }\n'))).toEqual(['11:26 TOPOLOGY_REFERENCE the node "fe" is a front-end, not a dns']);
    expect(faultsOf(lab('  c.example: [{ servers: [ns], records: {} }, { servers: [ns], records: {} }]\n'))).toEqual([
      '11:59 TOPOLOGY_ZONE "ns" serves the zone "c.example" twice',
    ]);
    expect(faultsOf(lab('  c.example: { servers: [], records: {} }\n'))).toEqual([expect.stringContaining('"servers" is an empty list')]);
  });
  it('stand at the word at fault', () => {
    expect(faultsOf(records('a: { A: [192.0.2.7, nobody] }'))[0]).toMatch(/^11:62 /);
  });
});

describe('certificate names', () => {
  it('are the node, the names that lead to it in any zone, the SIP domains that it serves, and its addresses', () => {
    const plan = planOf(
      lab(`  c.example:
    servers: [ns]
    records:
      sip: { A: "fe:eth0" }
      alias: { CNAME: sip }
      _sipinternaltls._tcp: { SRV: { port: 5061, target: sip } }
      _ldap._tcp: { SRV: { port: 389, target: sip } }
  d.example:
    servers: [ns2]
    records:
      _sips._tcp: { SRV: { port: 5061, target: alias.c.example } }
      far: { CNAME: alias.c.example }
      dns: { A: ns }
`),
    );
    expect(nodeOf(plan, 'fe').certificateNames).toEqual([
      'fe',
      'alias.c.example',
      'c.example',
      'd.example',
      'far.d.example',
      'sip.c.example',
      '192.0.2.1',
      '198.51.100.1',
      '2001:db8::1',
    ]);
    expect(nodeOf(plan, 'ns').certificateNames).toEqual(['ns', 'dns.d.example', '192.0.2.53']);
    expect(nodeOf(plan, 'ns2').certificateNames).toEqual(['ns2', '198.51.100.53']);
  });
});
