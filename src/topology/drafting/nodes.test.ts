import { describe, expect, it } from 'vitest';
import { errorsOf, faultsOf, nodeOf, planOf } from '../testing/lab.js';

const lab = (topology: string): string => `name: x\norganisations: { one: {}, two: {} }\ntopology:\n${topology}`;

describe('nodes', () => {
  it('take what they do not say from their kind, then from the defaults', () => {
    const plan = planOf(
      lab(`  defaults: { kind: client, segment: internet, organisation: one, site: d }
  kinds: { stun: { segment: microsoft, config: { port: 1000 } }, client: { site: k } }
  nodes:
    a: {}
    b: { kind: stun, organisation: two }
    c: { kind: stun, config: { port: 2000 }, segment: pstn }
`),
    );
    expect(nodeOf(plan, 'a')).toMatchObject({ kind: 'client', segment: 'internet', organisation: 'one', site: 'k' });
    expect(nodeOf(plan, 'b')).toMatchObject({ segment: 'microsoft', organisation: 'two', site: 'd', config: { port: 1000 } });
    expect(nodeOf(plan, 'c')).toMatchObject({ segment: 'pstn', config: { port: 2000 } });
  });
  it('are customer nodes of nobody in no place where nothing is said', () => {
    expect(nodeOf(planOf(lab('  nodes: { a: { kind: client } }')), 'a')).toMatchObject({
      segment: 'customer',
      organisation: null,
      site: null,
      forwards: false,
      bridge: false,
      resolvers: [],
      routes: [],
      certificateNames: ['a'],
      src: { line: 4, column: 12 },
    });
  });

  it('of an unknown kind list the known ones', () => {
    expect(errorsOf(lab('  nodes: { a: { kind: ruoter } }'))).toMatchObject([
      {
        code: 'TOPOLOGY_UNKNOWN_KIND',
        where: { line: 4, column: 23 },
        expected: 'one of: bridge, client, dns, front-end, router, stun',
        hint: 'did you mean "router"?',
      },
    ]);
    expect(faultsOf(lab('  kinds: { cleint: {} }\n  nodes: {}'))).toEqual(['4:12 TOPOLOGY_UNKNOWN_KIND there is no node kind "cleint"']);
  });
  it.each([
    ['  nodes: { a: {} }', '4:12 TOPOLOGY_SCHEMA the node "a" has no kind'],
    ['  nodes: { a: { kind: client, organisation: tow } }', '4:45 TOPOLOGY_REFERENCE there is no organisation "tow"'],
    ['  nodes: { a: { kind: stun, config: { port: 0 } } }', '4:45 TOPOLOGY_SCHEMA "port" is a number 0'],
    ['  nodes: { a: { kind: stun, config: { prot: 1 } } }', '4:39 TOPOLOGY_SCHEMA unknown key "prot"'],
    ['  nodes: { a: { kind: front-end } }', '4:12 TOPOLOGY_SCHEMA "domains" is missing'],
    ['  nodes: { a: { kind: client, config: { stun: b } }, b: { kind: router } }', '4:47 TOPOLOGY_REFERENCE the node "b" is a router, not a stun'],
    ['  nodes: { a: { kind: client, config: { stun: b } } }', '4:47 TOPOLOGY_REFERENCE there is no node "b"'],
    ['  nodes: { a: { kind: dns, config: { forwarders: [192.0.2.1, nobody] } } }', '4:62 TOPOLOGY_REFERENCE there is no node "nobody"'],
    ['  nodes: { a: { kind: client, resolvers: [nobody] } }', '4:43 TOPOLOGY_REFERENCE there is no node "nobody"'],
    ['  nodes: { Alice: { kind: client } }', '4:12 TOPOLOGY_SCHEMA "Alice" can\'t be a name here'],
    ['  kinds: { stun: { config: { port: x } } }\n  nodes: { a: { kind: stun } }', '4:36 TOPOLOGY_SCHEMA "port" is the text "x"'],
  ])('%s', (topology, fault) => expect(faultsOf(lab(topology))).toEqual([fault]));

  it('a node of an unknown kind is no reason to complain of those who name it', () => {
    expect(faultsOf(lab('  nodes: { a: { kind: client, config: { stun: b } }, b: { kind: sutn } }'))).toEqual([
      expect.stringContaining('there is no node kind "sutn"'),
    ]);
  });
  it('a fault of the defaults is reported once, not at every node', () => {
    expect(faultsOf(lab('  defaults: { kind: client, organisation: no, resolvers: [x] }\n  nodes: { a: {}, b: {}, c: {} }'))).toHaveLength(2);
  });
  it('ask servers in the families that they speak themselves', () => {
    const plan = planOf(
      lab(`  nodes:
    a: { kind: client, resolvers: [d, 192.0.2.1, "2001:db8::9"], addresses: { eth0: ["2001:db8::1/64"] } }
    d: { kind: dns, addresses: { eth0: [198.51.100.1/24, "2001:db8::53/64"] } }
  links:
    - { endpoints: ["a:eth0", "d:eth0"] }
`),
    );
    expect(nodeOf(plan, 'a').resolvers).toEqual(['2001:db8::53', '2001:db8::9']);
  });
});
