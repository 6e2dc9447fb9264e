import { describe, expect, it } from 'vitest';
import { TWO_CLIENTS, addressesOf, errorsOf, faultsOf, interfaceOf, planOf } from '../testing/lab.js';

/** A LAN of a bridge and three clients, with these lines in it. */
function lan(parts: { bridge?: string; a?: string; b?: string; addressing?: string; link?: string } = {}): string {
  return `name: lan
topology:
  addressing: { ${parts.addressing ?? ''} }
  nodes:
    sw: { kind: bridge, ${parts.bridge ?? ''} }
    a: { kind: client, ${parts.a ?? ''} }
    b: { kind: client, ${parts.b ?? ''} }
    c: { kind: client }
  links:
    - { endpoints: ["a:eth0", "sw:p1"], ${parts.link ?? ''} }
    - { endpoints: ["b:eth0", "sw:p2"] }
    - { endpoints: ["c:eth0", "sw:p3"] }
`;
}

describe('planned addresses', () => {
  it('lie in the networks of the LAN, one of each, and are all different', () => {
    const plan = planOf(lan({ bridge: 'prefixes: [192.0.2.0/29, "2001:db8::/64"]' }));
    const all = ['a', 'b', 'c'].flatMap((n) => addressesOf(plan, n));
    expect(new Set(all).size).toBe(6);
    for (const n of ['a', 'b', 'c']) {
      const [v4, v6] = addressesOf(plan, n);
      expect(v4).toMatch(/^192\.0\.2\.[1-6]\/29$/);
      expect(v6).toMatch(/^2001:db8::[0-9a-f]{1,4}\/64$/);
    }
  });
  it('follow the networks that given addresses imply', () => {
    const plan = planOf(lan({ a: 'addresses: { eth0: [192.0.2.1/30] }' }).replace('    - { endpoints: ["c:eth0", "sw:p3"] }\n', ''));
    expect(addressesOf(plan, 'b')).toEqual(['192.0.2.2/30']);
  });
  it('come from the pools where nothing else says, a /24 and a /64 for a LAN, a /30 for a link of two', () => {
    const pools = planOf(lan({ addressing: 'pools: [10.0.0.0/8, "2001:db8:f::/48"]' }));
    expect(addressesOf(pools, 'a')).toEqual([expect.stringMatching(/^10\..*\/24$/), expect.stringMatching(/^2001:db8:f:.*\/64$/)]);
    const link = planOf(TWO_CLIENTS.replace(/, prefixes: .*\]/g, ''));
    expect(addressesOf(link, 'a')).toEqual([expect.stringMatching(/^198\.1[89]\..*\/30$/), expect.stringMatching(/^2001:db8:[89a-f].*\/64$/)]);
  });
  it('leave an interface with a list of its own exactly that list', () => {
    const plan = planOf(lan({ bridge: 'prefixes: [192.0.2.0/24, "2001:db8::/64"]', a: 'addresses: { eth0: [192.0.2.77/24] }', b: 'addresses: { eth0: [] }' }));
    expect(addressesOf(plan, 'a')).toEqual(['192.0.2.77/24']);
    expect(addressesOf(plan, 'b')).toEqual([]);
  });
  it('may stand at the end of the link', () => {
    const text = lan({ bridge: 'prefixes: [192.0.2.0/24]' }).replace(
      '["c:eth0", "sw:p3"]',
      '[{ node: c, interface: eth0, addresses: [192.0.2.9/24] }, "sw:p3"]',
    );
    expect(addressesOf(planOf(text), 'c')).toEqual(['192.0.2.9/24']);
  });
  it('are not moved by a node elsewhere', () => {
    const more = TWO_CLIENTS.replace('    b: {', '    aa: { kind: client }\n    b: {').replace(
      '  links:\n',
      '  links:\n    - { endpoints: ["aa:eth0", "r:up"], prefixes: [10.0.3.0/24] }\n',
    );
    const [before, after] = [planOf(TWO_CLIENTS), planOf(more)];
    for (const [node, name] of [
      ['a', 'eth0'],
      ['b', 'eth0'],
      ['r', 'left'],
    ] as const) {
      const was = interfaceOf(before, node, name);
      expect(interfaceOf(after, node, name)).toMatchObject({ mac: was.mac, addresses: was.addresses });
    }
  });
  it('give static neighbours for every other address of the LAN, across bridges', () => {
    const two = lan({ bridge: 'prefixes: [192.0.2.0/24]' })
      .replace('    c: {', '    sw2: { kind: bridge }\n    c: {')
      .replace('["c:eth0", "sw:p3"]', '["c:eth0", "sw2:p3"]')
      .concat('    - { endpoints: ["sw:up", "sw2:up"] }\n');
    const plan = planOf(two);
    const neighbours = interfaceOf(plan, 'a', 'eth0').neighbours;
    expect(neighbours).toEqual(['b', 'c'].map((n) => ({ address: interfaceOf(plan, n, 'eth0').addresses[0]?.address, mac: interfaceOf(plan, n, 'eth0').mac })));
    expect(interfaceOf(plan, 'sw', 'up')).toMatchObject({ addresses: [], neighbours: [] });
    // And a bridge the stations behind each of its ports.
    const mac = (node: string): string => interfaceOf(plan, node, 'eth0').mac;
    expect(interfaceOf(plan, 'sw', 'up').stations).toEqual([mac('c')]);
    expect(new Set(interfaceOf(plan, 'sw2', 'up').stations)).toEqual(
      new Set(
        plan.nodes
          .filter(({ bridge }) => !bridge)
          .flatMap(({ name, interfaces }) =>
            name === 'c' ? [] : interfaces.filter(({ link }) => plan.links[link]?.ends.some(({ nodeName }) => nodeName === 'sw')).map((one) => one.mac),
          ),
      ),
    );
    expect(interfaceOf(plan, 'a', 'eth0').stations).toBeUndefined();
    expect(plan.nodes.find(({ name }) => name === 'sw')).not.toHaveProperty('learning');
    expect(planOf(two.replace('kind: bridge, prefixes', 'kind: bridge, learning: true, prefixes')).nodes.find(({ name }) => name === 'sw')?.learning).toBe(
      true,
    );
  });
  it('are no concern of who is no bridge: nothing is learned there', () => {
    expect(faultsOf(lan({ a: 'learning: true' }))).toEqual([expect.stringContaining('TOPOLOGY_ADDRESS "a" is no bridge, so it has no learning')]);
  });
});

describe('faults of addresses', () => {
  it.each([
    ['192.0.2.10', '"192.0.2.10" is no interface address'],
    ['192.0.2.10/33', '"192.0.2.10/33" is no interface address'],
    ['127.0.0.1/8', '127.0.0.1/8 is a loopback address'],
    ['192.0.2.0/24', '192.0.2.0/24 is the network itself, no host'],
    ['192.0.2.255/24', '192.0.2.255/24 is its broadcast address, no host'],
    ['10.0.0.1/24', '10.0.0.1 lies outside the networks of the LAN "sw"'],
    ['192.0.2.1/25', 'the prefix length /25 differs from that of the LAN "sw"'],
  ])('%s', (address, message) => {
    expect(faultsOf(lan({ bridge: 'prefixes: [192.0.2.0/24]', a: `addresses: { eth0: [${address}] }` }))).toEqual([`6:44 TOPOLOGY_ADDRESS ${message}`]);
  });
  it('an address that two interfaces have is a duplicate, and says where the other is', () => {
    const errors = errorsOf(lan({ a: 'addresses: { eth0: [192.0.2.1/24] }', b: 'addresses: { eth0: [192.0.2.1/24] }' }));
    expect(errors).toMatchObject([{ code: 'TOPOLOGY_DUPLICATE', where: { line: 7, column: 44 }, expected: expect.stringContaining('line 6') as string }]);
  });
  it('a LAN of which two ends imply different networks', () => {
    expect(faultsOf(lan({ a: 'addresses: { eth0: [192.0.2.1/24] }', b: 'addresses: { eth0: [192.0.3.1/24] }' }))).toEqual([
      '7:44 TOPOLOGY_ADDRESS 192.0.3.1 lies outside the networks of the LAN "sw"',
    ]);
  });
  it('networks that overlap on different LANs', () => {
    expect(faultsOf(TWO_CLIENTS.replace('10.0.2.0/24', '10.0.0.0/16'))).toEqual([
      '10:7 TOPOLOGY_ADDRESS 10.0.0.0/16 of the LAN "b--r" overlaps 10.0.1.0/24 of the LAN "a--r"',
    ]);
  });
  it('a network with host bits, or none at all', () => {
    expect(faultsOf(lan({ bridge: 'prefixes: [192.0.2.5/24, nonsense]' }))).toEqual([
      '5:36 TOPOLOGY_ADDRESS "192.0.2.5/24" has bits set after its prefix length',
      '5:50 TOPOLOGY_ADDRESS "nonsense" is no network',
    ]);
  });
  it('a network without room for all', () => {
    expect(faultsOf(lan({ bridge: 'prefixes: [192.0.2.0/30]' }))).toEqual(['12:21 TOPOLOGY_ADDRESS no address is left in 192.0.2.0/30 for c:eth0']);
  });
  it('pools without room for all', () => {
    expect(faultsOf(TWO_CLIENTS.replace(/, prefixes: .*\]/g, '').replace('  nodes:', '  addressing: { pools: [10.0.0.0/30] }\n  nodes:'))).toEqual([
      '11:7 TOPOLOGY_ADDRESS no /30 is left in the pools for the LAN "b--r"',
    ]);
  });
  it('addresses of a bridge, prefixes of a host, addresses of an interface without a link', () => {
    expect(faultsOf(lan({ bridge: 'addresses: { p1: [192.0.2.1/24] }', a: 'prefixes: [192.0.2.0/24]', b: 'addresses: { eht0: [192.0.2.1/24] }' }))).toEqual([
      '5:25 TOPOLOGY_ADDRESS the bridge "sw" has no addresses: it forwards frames',
      '6:24 TOPOLOGY_ADDRESS "a" is no bridge, so it has no prefixes',
      '7:37 TOPOLOGY_ENDPOINT the interface b:eht0 is on no link',
    ]);
  });
  it('an MTU that IPv6 does not bear (RFC 8200), while IPv4 does (RFC 791)', () => {
    expect(faultsOf(lan({ bridge: 'prefixes: ["2001:db8::/64"]', link: 'mtu: 1279' }))).toEqual([
      '10:46 TOPOLOGY_SCHEMA an MTU of 1279 bytes is too small for IPv6',
    ]);
    expect(faultsOf(lan({ bridge: 'prefixes: [192.0.2.0/24]', link: 'mtu: 576' }))).toEqual([]);
    expect(faultsOf(lan({ bridge: 'prefixes: [192.0.2.0/24]', link: 'mtu: 67' }))).toEqual(['10:46 TOPOLOGY_SCHEMA an MTU of 67 bytes is out of range']);
    expect(faultsOf(lan({ link: 'mtu: 65536' }))).toHaveLength(1);
  });
});
