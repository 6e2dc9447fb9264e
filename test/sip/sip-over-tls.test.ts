/**
 * The SIP roles on the simulator: real TLS, real DNS, two front ends.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomRoot } from '../../src/base/rng.js';
import { seconds } from '../../src/base/time.js';
import { DecisionTable } from '../../src/capture/decision-table.js';
import { pointsOf } from '../../src/capture/points.js';
import { Recorder } from '../../src/capture/recorder.js';
import { createLabPki } from '../../src/protocol/pki/lab-pki.js';
import { bridge } from '../../src/roles/bridge/kind.js';
import { dns } from '../../src/roles/dns/kind.js';
import { frontEnd } from '../../src/roles/front-end/kind.js';
import type { Json, RoleKind } from '../../src/roles/role.js';
import { router } from '../../src/roles/router/kind.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import type { Lab } from '../../src/substrate/substrate.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { phone } from './phone/kind.js';

const TOPOLOGY = `
name: sip
organisations:
  contoso: { domains: [contoso.example] }
topology:
  defaults: { segment: customer, organisation: contoso, resolvers: [ns] }
  nodes:
    lan: { kind: bridge, prefixes: [192.0.2.0/24] }
    alice: { kind: client }
    bob: { kind: client }
    carol: { kind: client }
    ns: { kind: dns, resolvers: [], addresses: { eth0: [192.0.2.53/24] } }
    fe1: { kind: front-end, config: { domains: [contoso.example] }, addresses: { eth0: [192.0.2.11/24] } }
    fe2: { kind: front-end, config: { domains: [contoso.example], ports: [443, 5061] }, addresses: { eth0: [192.0.2.12/24] } }
  links:
    - { endpoints: ["alice:eth0", "lan:p1"], impairments: delay 2ms }
    - { endpoints: ["bob:eth0", "lan:p2"], impairments: delay 2ms }
    - { endpoints: ["carol:eth0", "lan:p6"], impairments: delay 2ms }
    - { endpoints: ["ns:eth0", "lan:p3"], impairments: delay 1ms }
    - { endpoints: ["fe1:eth0", "lan:p4"], impairments: delay 1ms }
    - { name: fe2-lan, endpoints: ["fe2:eth0", "lan:p5"], impairments: delay 1ms }
users:
  alice@contoso.example: { node: alice, home: fe1, password: a-secret }
  bob@contoso.example: { node: bob, home: fe2, password: b-secret }
  carol@contoso.example: { node: carol, home: fe2, password: c-secret }
zones:
  contoso.example:
    servers: [ns]
    records:
      sip: { A: fe1 }
      pool2: { A: fe2 }
      wrong: { A: fe1 }
`;

const KINDS: ReadonlyMap<string, RoleKind> = new Map([phone, frontEnd, dns, router, bridge].map((kind) => [kind.kind, kind]));

async function build(): Promise<{ lab: Lab; link: number; alice: string; recorder: Recorder }> {
  const parsed = parseTopology(TOPOLOGY, 'sip.lab.yaml', KINDS);
  if (!parsed.ok) throw new Error(parsed.errors.map((e) => `${e.where?.line ?? 0}: ${e.message}`).join('\n'));
  const { plan } = parsed;
  const points = pointsOf(plan);
  const decisions = new DecisionTable((node) => points.nodeName(node));
  const run = { version: '0', topology: plan.name, hash: plan.hash, seed: 1, records: 'both' } as const;
  const recorder = new Recorder({ points, decisions, sink: null, run, originSeconds: sim.originSeconds() });
  // `wrong` leads to a server whose certificate does not hold that name.
  const pki = await createLabPki(
    new Map(plan.nodes.filter((node) => node.kind !== 'bridge').map((node) => [node.name, node.certificateNames.filter((name) => !name.startsWith('wrong'))])),
    randomRoot(1).stream('pki'),
  );
  const lab = await sim.build(plan, { kinds: KINDS, recorder, decisions, seed: 1, pki, signal: new AbortController().signal });
  const alice = plan.nodes.find((node) => node.name === 'alice')!.interfaces[0]!.addresses[0]!.address;
  return { lab, link: plan.links.find((l) => l.name === 'fe2-lan')!.id, alice, recorder };
}

describe('SIP over TLS on the simulator', () => {
  let lab: Lab;
  let link: number;
  let alice: string;
  const call = (node: string, command: string, argument: Json = {}): Promise<Json> =>
    lab.run(() => lab.role(node).call(command, argument), (lab.clock.now + seconds(120)) as never);
  const heard = (node: string): string[] => lab.role(node).events.map((e) => e.name);

  beforeAll(async () => {
    ({ lab, link, alice } = await build());
  });
  afterAll(() => lab.close());

  it('signs in at home; a user of another home is redirected there', async () => {
    expect(await call('alice', 'register', { host: 'sip.contoso.example', port: 5061 })).toEqual({ expires: 600, at: 'sip.contoso.example:5061' });
    expect(await call('bob', 'register', { host: 'sip.contoso.example', port: 5061 })).toEqual({ expires: 600, at: 'pool2.contoso.example:443' });
    expect([await call('fe1', 'users'), await call('fe2', 'users')]).toEqual([['alice@contoso.example'], ['bob@contoso.example']]);
  });

  it('calls across both, changes the session, hangs up', async () => {
    expect(await call('alice', 'call', { to: 'sip:bob@contoso.example' })).toEqual({ kind: 'answered', body: 'v=0 answer\r\n' });
    expect(await call('alice', 'offer')).toEqual({ status: 200 });
    expect(await call('bob', 'offer')).toEqual({ status: 200 });
    await call('bob', 'bye');
    await lab.run((time) => time.sleep(seconds(1)), (lab.clock.now + seconds(10)) as never);
    expect(heard('alice')).toEqual(['registered', 'progressed', 'answered', 'offer-answered', 'offered', 'confirmed', 'ended']);
    expect(heard('bob')).toEqual(['redirected', 'registered', 'incoming', 'confirmed', 'offered', 'confirmed', 'offer-answered', 'ended']);
  });

  it('requests within a call; who hangs up while it rings gives the call up', async () => {
    await call('alice', 'call', { to: 'sip:bob@contoso.example' });
    expect(await call('alice', 'request-in-call', { method: 'INFO' })).toEqual({ status: 200 });
    await call('alice', 'hang-up');
    expect(await call('alice', 'request-in-call', { method: 'INFO' })).toEqual({ status: 481 });
    await call('bob', 'leave-ringing');
    const outcome = await lab.run(
      async (time) => {
        const calling = lab.role('alice').call('call', { to: 'sip:bob@contoso.example' });
        await time.sleep(seconds(1));
        await lab.role('alice').call('hang-up', {});
        return calling;
      },
      (lab.clock.now + seconds(60)) as never,
    );
    expect(outcome).toEqual({ kind: 'cancelled' });
    expect(lab.role('bob').events.at(-1)).toMatchObject({ name: 'ended', data: { why: 'cancelled' } });
  });

  it('one that listens is reached without a registrar', async () => {
    await call('alice', 'listen', { port: 5061 });
    expect(await call('carol', 'request', { method: 'OPTIONS', to: `sip:${alice}:5061;transport=tls` })).toEqual({ status: 200 });
    expect(await call('carol', 'request', { method: 'OPTIONS', to: `sip:${alice}:5062;transport=tls` })).toEqual({ status: 503 });
  });

  it('MESSAGE both ways; to nobody, to one who is not signed in, to oneself as a server', async () => {
    expect(await call('bob', 'message', { to: 'sip:alice@contoso.example', text: 'hello' })).toEqual({ status: 200 });
    expect(lab.role('alice').events.at(-1)).toMatchObject({ name: 'request-received', data: { body: 'hello' } });
    expect(await call('alice', 'message', { to: 'sip:nobody@contoso.example', text: '?' })).toEqual({ status: 404 });
    expect(await call('alice', 'message', { to: 'sip:carol@contoso.example', text: '?' })).toEqual({ status: 480 });
    expect(await call('alice', 'request', { method: 'OPTIONS', to: 'sip:contoso.example' })).toEqual({ status: 200 });
    expect(await call('alice', 'message', { to: 'sip:x@elsewhere.example', text: '?' })).toEqual({ status: 404 });
  });

  it('a certificate that does not hold the name, a port where nobody listens, a name that is none', async () => {
    const register = (host: string, port: number) => call('carol', 'register', { host, port });
    await expect(register('sip.contoso.example', 5062)).rejects.toMatchObject({ code: 'NET_REFUSED' });
    await expect(register('nothing.contoso.example', 5061)).rejects.toMatchObject({ code: 'DNS_NXDOMAIN' });
    await expect(register('wrong.contoso.example', 5061)).rejects.toMatchObject({ code: 'TLS_HANDSHAKE' });
    expect(await register('pool2.contoso.example', 5061)).toEqual({ expires: 600, at: 'pool2.contoso.example:5061' });
    await call('carol', 'unregister');
    expect(await call('fe2', 'users')).toEqual(['bob@contoso.example']);
  });

  it('who is not signed in is challenged at home, and refused elsewhere', async () => {
    expect(await call('carol', 'call', { to: 'sip:x@pool2.contoso.example' })).toMatchObject({ status: 404 });
    expect(await call('carol', 'call', { to: 'sip:x@sip.contoso.example' })).toMatchObject({ status: 403 });
    expect(await call('carol', 'call', { to: 'sip:x@nothing.contoso.example' })).toMatchObject({ status: 503, error: 'DNS_NXDOMAIN' });
  });

  it('what nobody can read is answered where it can be, and the stream is closed where it cannot be followed', async () => {
    const raw = (text: string) => call('carol', 'raw', { host: 'sip.contoso.example', port: 5061, text });
    const head = 'Via: SIP/2.0/TLS c.example;branch=z9hG4bK1\r\nFrom: <sip:c@d.example>;tag=1\r\nTo: <sip:c@d.example>\r\nCall-ID: 1\r\n';
    const bad = (await raw(`OPTIONS sip:contoso.example SIP/2.0\r\n${head}CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`)) as { got: string; closed: boolean };
    expect(bad.got).toMatch(/^SIP\/2\.0 400 CSeq: method INVITE is not that of the request line, OPTIONS\r\n/);
    expect(bad.closed).toBe(false);
    expect(await raw(`OPTIONS sip:contoso.example SIP/2.0\r\n${head}CSeq: 1 OPTIONS\r\n\r\n`)).toEqual({ got: '', closed: true });
    expect(await raw('\r\n\r\n')).toEqual({ got: '\r\n', closed: false });
  });

  it('keep-alives hold the connection for hours, and tell within 130 s that it is gone (RFC 5626 4.4.1)', async () => {
    const pass = (time: number) => lab.run((t) => t.sleep(seconds(time)), (lab.clock.now + seconds(time + 10)) as never);
    await call('alice', 'register', { host: 'sip.contoso.example', port: 5061 });
    const before = heard('bob').length;
    await pass(3600);
    expect(
      heard('bob')
        .slice(before)
        .filter((name) => name !== 'registered'),
    ).toEqual([]);
    lab.links.set(link as never, 'both', { up: false });
    await pass(131);
    expect(heard('bob')).toContain('registration-lost');
    lab.links.set(link as never, 'both', { up: true });
    await call('bob', 'register', { host: 'pool2.contoso.example', port: 443 });
    expect(await call('alice', 'message', { to: 'sip:bob@contoso.example', text: 'again' })).toEqual({ status: 200 });
  });

  it('while the other front end is cut off nothing gets through; the caller hears it', async () => {
    lab.links.set(link as never, 'both', { up: false });
    const answer = (await call('alice', 'call', { to: 'sip:bob@contoso.example' })) as { status: number };
    expect([408, 500]).toContain(answer.status);
    lab.links.set(link as never, 'both', { up: true });
  });
});

it('what a front end discards names the packets that brought it, and by whom it came', async () => {
  const { lab, recorder } = await build();
  const raw = (text: string): Promise<Json> =>
    lab.run(() => lab.role('alice').call('raw', { host: 'sip.contoso.example', port: 5061, text }), (lab.clock.now + seconds(60)) as never);
  try {
    // No length, so that nobody knows where it ends (RFC 3261 section 18.3); longer than two segments.
    await raw(`OPTIONS sip:contoso.example SIP/2.0\r\nSubject: ${'x'.repeat(4000)}\r\n\r\n`);
    await raw('OPTIONS sip:contoso.example SIP/2.0\r\nContent-Length: 0\r\nFrom: <\r\n\r\n');
  } finally {
    recorder.close(lab.clock.now);
    await lab.close();
  }
  const ledger = recorder.ledger();
  const discards = ledger.events().filter(({ name }) => name === 'discard');
  expect(discards.map(({ node }) => node)).toEqual(['fe1', 'fe1']);
  expect(discards[0]?.fields['reason']).toMatch(/^SIP framing: no-content-length, from 192\.0\.2\.\d+:\d+$/);
  for (const { fields } of discards) {
    const ids = (fields['cause'] ?? '').split(',').map(Number);
    expect(ids.length).toBeGreaterThan(0);
    const from = /from (.*)$/.exec(fields['reason'] ?? '')?.[1];
    for (const id of ids) {
      const flow = ledger.flows().find((one) => one.id === ledger.flowOf(id as never));
      expect([flow?.a, flow?.b]).toContain(from);
    }
  }
});
