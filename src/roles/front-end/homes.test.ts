import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { parseTopology } from '../../topology/topology-file.js';
import { KIND_INFOS } from '../kinds.js';
import { clientDoor, namesOf, serverDoor } from './homes.js';

const TOPOLOGY = `
name: doors
organisations:
  contoso: { domains: [contoso.example] }
topology:
  defaults: { segment: customer, organisation: contoso, resolvers: [ns] }
  nodes:
    lan: { kind: bridge, prefixes: [192.0.2.0/24] }
    ns: { kind: dns, resolvers: [], addresses: { eth0: [192.0.2.53/24] } }
    named: { kind: front-end, config: { domains: [contoso.example], ports: [443, 5061] }, addresses: { eth0: [192.0.2.11/24] } }
    plain: { kind: front-end, config: { domains: [contoso.example], ports: [443, 5061] }, addresses: { eth0: [192.0.2.12/24] } }
    nameless: { kind: front-end, config: { domains: [contoso.example] }, addresses: { eth0: [192.0.2.13/24] } }
  links:
    - { endpoints: ["ns:eth0", "lan:p1"] }
    - { endpoints: ["named:eth0", "lan:p2"] }
    - { endpoints: ["plain:eth0", "lan:p3"] }
    - { endpoints: ["nameless:eth0", "lan:p4"] }
zones:
  contoso.example:
    servers: [ns]
    records:
      pool: { A: plain }
      fed: { A: named }
      dir: { A: named }
      _sip._tls: { SRV: { priority: 0, weight: 0, port: 443, target: dir } }
      _sipfederationtls._tcp: { SRV: { priority: 0, weight: 0, port: 5061, target: fed } }
`;

const parsed = parseTopology(TOPOLOGY, 'doors.lab.yaml', KIND_INFOS);
if (!parsed.ok) throw new Error(parsed.errors.map((e) => e.message).join('\n'));
const { plan } = parsed;
const node = (name: string) =>
  must(
    plan.nodes.find((n) => n.name === name),
    name,
  );

describe('the doors of a front end', () => {
  it('SRV names it, for clients and for servers apart', () => {
    expect(namesOf(plan, node('named'))).toEqual(['dir.contoso.example', 'fed.contoso.example']);
    expect(clientDoor(plan, node('named'))).toEqual({ host: 'dir.contoso.example', port: 443 });
    expect(serverDoor(plan, node('named'))).toEqual({ host: 'fed.contoso.example', port: 5061 });
  });
  it('without SRV: its first name; clients by its first port, servers by 5061', () => {
    expect(clientDoor(plan, node('plain'))).toEqual({ host: 'pool.contoso.example', port: 443 });
    expect(serverDoor(plan, node('plain'))).toEqual({ host: 'pool.contoso.example', port: 5061 });
  });
  it('without a name: its address', () => expect(serverDoor(plan, node('nameless'))).toEqual({ host: '192.0.2.13', port: 5061 }));
});
