import { describe, expect, it } from 'vitest';
import { planOf } from '../topology/testing/lab.js';
import { nodesJson, nodesText } from './nodes.js';

const PLAN = planOf(`
name: two
organisations: { ex: { domains: [ex.example] } }
topology:
  defaults: { organisation: ex, resolvers: [ns] }
  nodes:
    ann: { kind: client, site: hq, addresses: { eth0: [192.0.2.10/24, "2001:db8:1::10/64"] } }
    lan: { kind: bridge, prefixes: [192.0.2.0/24, "2001:db8:1::/64"] }
    fe: { kind: front-end, config: { domains: [ex.example] }, addresses: { eth0: [192.0.2.20/24] } }
    ns: { kind: dns, resolvers: [], addresses: { eth0: [192.0.2.53/24] } }
  links:
    - { endpoints: ["ann:eth0", "lan:p1"] }
    - { endpoints: ["fe:eth0", "lan:p2"] }
    - { endpoints: ["ns:eth0", "lan:p3"] }
users:
  ann@ex.example: { node: ann, home: fe, password: a }
zones:
  ex.example:
    servers: [ns]
    records:
      sip: { A: fe }
      www: { CNAME: sip }
`);

describe('the nodes of a plan', () => {
  it('have a row for each address, with where it leads and what leads there', () => {
    const rows = nodesText(PLAN.nodes, PLAN)
      .split('\n')
      .map((line) => line.trimEnd().replace(/ {2,}/g, ' | '));
    expect(rows).toEqual([
      'node | kind, users | interface | address | to | names',
      'ann | client ann@ex.example | eth0 | 192.0.2.10/24 | lan:p1',
      ' | 2001:db8:1::10/64',
      'fe | front-end | eth0 | 192.0.2.20/24 | lan:p2 | sip.ex.example www.ex.example',
      'lan | bridge | p1 | ann:eth0',
      ' | p2 | fe:eth0',
      ' | p3 | ns:eth0',
      'ns | dns | eth0 | 192.0.2.53/24 | lan:p3',
    ]);
  });

  it('are the same as data', () => {
    const [ann] = nodesJson(
      PLAN.nodes.filter(({ name }) => name === 'ann'),
      PLAN,
    );
    expect(ann).toEqual({
      node: 'ann',
      kind: 'client',
      site: 'hq',
      users: ['ann@ex.example'],
      interfaces: [
        {
          name: 'eth0',
          link: 'ann--lan',
          peer: 'lan:p1',
          mac: expect.stringMatching(/^02(:[0-9a-f]{2}){5}$/) as string,
          addresses: [
            { address: '192.0.2.10/24', names: [] },
            { address: '2001:db8:1::10/64', names: [] },
          ],
        },
      ],
    });
  });
});
