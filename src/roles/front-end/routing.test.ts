import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { ZERO } from '../../base/time.js';
import { makeRequest } from '../../protocol/sip/message.js';
import { randomRoot } from '../../base/rng.js';
import { Registrar } from '../../protocol/sip/registrar.js';
import { parseTopology } from '../../topology/topology-file.js';
import { KIND_INFOS } from '../kinds.js';
import { Authorization } from './authorization.js';
import { Routing } from './routing.js';

const TOPOLOGY = `
name: routing
organisations:
  contoso: { domains: [contoso.example] }
topology:
  defaults: { segment: customer, organisation: contoso, resolvers: [ns] }
  nodes:
    lan: { kind: bridge, prefixes: [192.0.2.0/24] }
    ns: { kind: dns, resolvers: [], addresses: { eth0: [192.0.2.53/24] } }
    alice: { kind: client, addresses: { eth0: [192.0.2.21/24] } }
    bob: { kind: client, addresses: { eth0: [192.0.2.22/24] } }
    fe1: { kind: front-end, config: { domains: [contoso.example] }, addresses: { eth0: [192.0.2.11/24] } }
    fe2: { kind: front-end, config: { domains: [contoso.example], ports: [443, 5061] }, addresses: { eth0: [192.0.2.12/24] } }
  links:
    - { endpoints: ["ns:eth0", "lan:p1"] }
    - { endpoints: ["alice:eth0", "lan:p2"] }
    - { endpoints: ["bob:eth0", "lan:p3"] }
    - { endpoints: ["fe1:eth0", "lan:p4"] }
    - { endpoints: ["fe2:eth0", "lan:p5"] }
users:
  alice@contoso.example: { node: alice, home: fe1, password: a-secret }
  bob@contoso.example: { node: bob, home: fe2, password: b-secret }
zones:
  contoso.example:
    servers: [ns]
    records:
      pool: { A: fe1 }
      pool2: { A: fe2 }
      _sip._tls: { SRV: { priority: 0, weight: 0, port: 443, target: pool2 } }
`;

const parsed = parseTopology(TOPOLOGY, 'routing.lab.yaml', KIND_INFOS);
const plan = must(parsed.ok ? parsed.plan : undefined, 'a plan');
const fe1 = must(
  plan.nodes.find(({ name }) => name === 'fe1'),
  'fe1',
);
const routing = new Routing(plan, fe1, { domains: ['contoso.example'], ports: [5061] });
const registrar = new Registrar({ realm: 'contoso.example', rng: randomRoot(1).stream('x'), home: (address) => routing.home(address) });
const ask = (method: string, uri: string, from = 'sip:bob@contoso.example') =>
  makeRequest(method, uri, [
    ['From', `<${from}>;tag=1`],
    ['To', `<${uri}>`],
    ['Call-ID', '1'],
    ['CSeq', `1 ${method}`],
  ]);
const route = (method: string, uri: string) => routing.route(ask(method, uri), registrar.location, ZERO);

describe('routing of a front end', () => {
  it('knows itself by name, by address, on its own ports', () => {
    expect([routing.isMe('POOL.contoso.example', 5061), routing.isMe('192.0.2.11', null)]).toEqual([true, true]);
    expect([routing.isMe('pool.contoso.example', 443), routing.isMe('pool2.contoso.example', 5061)]).toEqual([false, false]);
  });

  it('knows where users are homed', () => {
    expect(routing.home('alice@contoso.example')).toEqual({ kind: 'here', password: 'a-secret' });
    expect(routing.home('bob@contoso.example')).toEqual({ kind: 'elsewhere', contact: 'sip:pool2.contoso.example:443;transport=tls' });
    expect(routing.home('carol@contoso.example')).toEqual({ kind: 'unknown' });
  });

  it.each([
    ['REGISTER', 'sip:contoso.example', { kind: 'local' }],
    ['REGISTER', 'sip:elsewhere.example', { kind: 'respond', status: 403, reason: 'elsewhere.example is not served here' }],
    ['OPTIONS', 'sip:contoso.example', { kind: 'local' }],
    ['OPTIONS', 'sip:192.0.2.11', { kind: 'local' }],
    ['INVITE', 'sip:alice@contoso.example', { kind: 'forward', targets: [] }],
    ['INVITE', 'sip:bob@contoso.example', { kind: 'forward', targets: [{ uri: null, hop: { kind: 'target', host: 'pool2.contoso.example', port: 5061 } }] }],
    ['INVITE', 'sip:carol@contoso.example', { kind: 'respond', status: 404 }],
    ['INVITE', 'sip:focus@pool2.contoso.example', { kind: 'forward', targets: [{ uri: null, hop: null }] }],
    ['INVITE', 'sip:focus@192.0.2.12', { kind: 'forward', targets: [{ uri: null, hop: null }] }],
    ['INVITE', 'sip:dave@elsewhere.example', { kind: 'respond', status: 404, reason: 'no way to elsewhere.example is known' }],
    ['INVITE', 'tel:+49301234', { kind: 'respond', status: 416 }],
  ])('%s %s', (method, uri, decision) => expect(route(method, uri)).toEqual(decision));
});

describe('authorisation at a front end', () => {
  const authorization = new Authorization(plan, registrar, routing);
  const source = { connection: 7, address: '192.0.2.22', port: 50_000, local: { address: '192.0.2.11', port: 5061 }, names: [] as readonly string[] };
  const check = (from: string, more: Partial<typeof source> = {}) =>
    authorization.check(ask('INVITE', 'sip:x@contoso.example', from), { ...source, ...more }, ZERO)?.status ?? 'taken';

  it('servers are taken by their certificate or their address, clients by neither', () => {
    expect(check('sip:bob@contoso.example', { names: ['pool2.contoso.example'] })).toBe('taken');
    expect(check('sip:bob@contoso.example', { names: ['pool.elsewhere.example'] })).toBe(403);
    expect(check('sip:bob@contoso.example', { address: '192.0.2.12' })).toBe('taken');
    expect(check('sip:alice@contoso.example', { address: '192.0.2.21' })).toBe(407);
    expect(check('sip:alice@contoso.example', { address: '198.51.100.1' })).toBe(407);
  });

  it('a challenge names the algorithms, the preferred one first (RFC 8760 section 2.4)', () => {
    const refusal = authorization.check(ask('INVITE', 'sip:x@contoso.example', 'sip:alice@contoso.example'), source, ZERO);
    const algorithms = (refusal?.headers ?? []).map(([name, value]) => [name, /algorithm=([A-Z0-9-]+)/.exec(value)?.[1]]);
    expect(algorithms).toEqual([
      ['Proxy-Authenticate', 'SHA-256'],
      ['Proxy-Authenticate', 'MD5'],
    ]);
  });

  it('REGISTER is left to the registrar', () =>
    expect(authorization.check(ask('REGISTER', 'sip:contoso.example', 'sip:alice@contoso.example'), source, ZERO)).toBeNull());
});
