/**
 * Two front ends and their users on one wire, for tests of clients.
 * @module
 */
import { RoleLab } from '../role-lab.testkit.js';

export const ALICE = 'alice@contoso.example';
export const BOB = 'bob@contoso.example';
export const CAROL = 'carol@contoso.example';

export interface Change {
  /** `config` of bob's client. */
  readonly bob?: string;
  /** Records of the zone. */
  readonly records?: string;
}

const RECORDS = `
      pool: { A: fe1 }
      pool2: { A: fe2 }
      _sipinternaltls._tcp: { SRV: { priority: 0, weight: 0, port: 5061, target: pool } }
      _sip._tls: { SRV: { priority: 0, weight: 0, port: 443, target: pool2 } }`;

function topology({ bob = '{}', records = RECORDS }: Change): string {
  return `
name: clients
organisations:
  contoso: { domains: [contoso.example] }
topology:
  defaults: { segment: customer, organisation: contoso, resolvers: [ns] }
  nodes:
    lan: { kind: bridge, prefixes: [192.0.2.0/24] }
    alice: { kind: client, addresses: { eth0: [192.0.2.21/24] } }
    bob: { kind: client, config: ${bob}, addresses: { eth0: [192.0.2.22/24] } }
    carol: { kind: client, addresses: { eth0: [192.0.2.23/24] } }
    nobody: { kind: client, addresses: { eth0: [192.0.2.24/24] } }
    ns: { kind: dns, resolvers: [], addresses: { eth0: [192.0.2.53/24] } }
    fe1: { kind: front-end, config: { domains: [contoso.example] }, addresses: { eth0: [192.0.2.11/24] } }
    fe2: { kind: front-end, config: { domains: [contoso.example], ports: [443, 5061] }, addresses: { eth0: [192.0.2.12/24] } }
  links:
    - { endpoints: ["alice:eth0", "lan:p1"] }
    - { endpoints: ["bob:eth0", "lan:p2"] }
    - { endpoints: ["carol:eth0", "lan:p3"] }
    - { endpoints: ["nobody:eth0", "lan:p4"] }
    - { endpoints: ["ns:eth0", "lan:p5"] }
    - { endpoints: ["fe1:eth0", "lan:p6"] }
    - { endpoints: ["fe2:eth0", "lan:p7"] }
users:
  ${ALICE}: { node: alice, home: fe1, password: a-secret }
  ${BOB}: { node: bob, home: fe2, password: b-secret }
  ${CAROL}: { node: carol, home: fe1, password: c-secret }
zones:
  contoso.example:
    servers: [ns]
    records: ${records === '' ? '{}' : records}
`;
}

/** Front ends run; clients do not yet. */
export async function clientLab(change: Change = {}): Promise<RoleLab> {
  const lab = await RoleLab.of(topology(change));
  await lab.start('fe1', 'fe2');
  return lab;
}
