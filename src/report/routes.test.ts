import { describe, expect, it } from 'vitest';
import { KIND_INFOS } from '../roles/kinds.js';
import type { PlanNode } from '../topology/plan.js';
import { parseTopology } from '../topology/topology-file.js';
import { routesText } from './routes.js';
import { NO_COLOURS } from './table.js';

const TEXT = `name: x
topology:
  nodes:
    r:
      kind: router
      rpFilter: { all: loose, a: strict }
      multipathHash: l3
      addresses: { a: [10.0.1.1/30], b: [10.0.2.1/30] }
      routes:
        - { to: default, via: [{ via: a, weight: 3 }, b], metric: 5 }
        - { to: 10.9.0.0/16, unreachable: true, table: 100 }
      rules: [{ priority: 10, from: 10.8.0.0/16, fwmark: 0x10/0xf0, iif: b, table: 100 }]
      bgp:
        as: 1
        routerId: 9.9.9.9
        multipath: 2
        networks: [10.7.0.0/16]
        neighbors: [{ node: a, hold: 10s, bfd: true, maxPrefixes: 2 }, { node: b, import: [{ match: { communities: "2:9" }, action: deny }, {}] }]
    a: { kind: router, addresses: { r: [10.0.1.2/30] }, bgp: { as: 2, networks: [203.0.113.0/24], neighbors: [{ node: r, export: { set: { med: 7, addCommunities: "2:2" } } }] } }
    b: { kind: router, addresses: { r: [10.0.2.2/30] }, bgp: { as: 3, networks: [203.0.113.0/24, 203.0.114.0/24], neighbors: [{ node: r, export: [{ match: { prefixes: 203.0.114.0/24 }, set: { addCommunities: "2:9" } }, {}] }] } }
  links:
    - { endpoints: ["r:a", "a:r"] }
    - { endpoints: ["r:b", "b:r"] }
`;

function nodes(text: string): readonly PlanNode[] {
  const result = parseTopology(text, 'x.lab.yaml', KIND_INFOS);
  if (!result.ok) throw result.errors[0];
  return result.plan.nodes;
}

const shown = (text: string, name: string): readonly string[] =>
  routesText(nodes(text).find((n) => n.name === name) as PlanNode, NO_COLOURS)
    .split('\n')
    .map((line) => line.trim().replace(/ {2,}/g, '  '));

describe('the routing of a node', () => {
  it('shows rules and filters, then every table with the shares of its next hops', () => {
    expect(shown(TEXT, 'r').slice(0, 17)).toEqual([
      'r  router, AS 1, router id 9.9.9.9',
      'reverse path filter  all loose, a strict',
      'next hops of a flow  by addresses alone (l3)',
      'rules',
      'family  priority  packets  table',
      'IPv4  10  from 10.8.0.0/16 fwmark 0x10/0xf0 iif b  100',
      'table main',
      'destination  via  dev  metric  origin',
      '0.0.0.0/0  10.0.1.2  a  5  static, 3 of 4',
      '10.0.2.2  b  1 of 4',
      '10.0.1.0/30  -  a  0  connected',
      '10.0.2.0/30  -  b  0  connected',
      '203.0.113.0/24  10.0.1.2  a  20  bgp, 1 of 2',
      '10.0.2.2  b  1 of 2',
      'table 100',
      'destination  via  dev  metric  origin',
      '10.9.0.0/16  -  -  0  unreachable',
    ]);
  });

  it('shows sessions and every path with the reason why it won or lost', () => {
    expect(shown(TEXT, 'r').slice(17)).toEqual([
      'BGP sessions',
      'neighbour  AS  address  dev  state  watched by',
      'a  2  10.0.1.2  a  established  hold 10s, BFD 300ms x 3',
      'b  3  10.0.2.2  b  established  hold 180s',
      'BGP routes  *> best  *= used beside it  * valid  x denied  ? next hop unreachable',
      'network  next hop  local pref  MED  AS path  communities  from  why',
      '*>  10.7.0.0/16  -  100  -  i  -  itself  the only one',
      '*>  203.0.113.0/24  10.0.1.2  100  7  2 i  2:2  a  router id 10.0.1.2 < 10.0.2.2',
      '*=  10.0.2.2  100  -  3 i  -  b  as good as the best: used beside it',
      'x  203.0.114.0/24  10.0.2.2  100  -  3 i  2:9  b  denied by the import policy, x.lab.yaml:18',
    ]);
  });

  it('shows why a session is not there', () => {
    expect(shown(TEXT.replace('maxPrefixes: 2', 'maxPrefixes: 1').replace('as: 2, networks: [', 'as: 2, networks: [203.0.115.0/24, '), 'r')).toContain(
      'a  2  10.0.1.2  a  2 prefixes, over the limit of 1  hold 10s, BFD 300ms x 3',
    );
  });
});
