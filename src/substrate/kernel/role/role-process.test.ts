import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LabError } from '../../../base/error.js';
import { randomRoot } from '../../../base/rng.js';
import { emitStun, isMalformedStun, parseStun } from '../../../protocol/stun/codec.js';
import { addressOf } from '../../../protocol/stun/message.js';
import type { Json } from '../../../roles/role.js';
import type { RpcClient } from '../rpc/rpc-client.js';
import { epochNanos } from './kernel-clock.js';
import { alive, Heard, LoopbackLab, loopbackPlan } from './loopback.testkit.js';

const A4 = '127.77.0.1';
const B4 = '127.77.0.2';
const NS = '127.77.0.53';
const STUN = '127.77.0.78';
const ONLY6 = '::1';

const record = (name: string, type: 'A' | 'AAAA' | 'CNAME', data: string) => ({ name: `${name}.lab.example`, type, ttl: 60, data });

const plan = loopbackPlan(
  [
    { name: 'a', kind: 'probe', addresses: [A4, ONLY6], resolvers: [NS], dscp: [{ protocol: 'udp', from: 7300, to: 7399, dscp: 46 }] },
    { name: 'b', kind: 'probe', addresses: [B4, ONLY6], resolvers: [NS] },
    { name: 'ns', kind: 'dns', addresses: [NS] },
    { name: 'stun', kind: 'stun', addresses: [STUN], config: { port: 3478 } },
    { name: 'lost', kind: 'probe', addresses: ['203.0.113.7'] },
  ],
  { server: 'ns', records: [record('b', 'A', B4), record('b', 'AAAA', ONLY6), record('alias', 'CNAME', 'b.lab.example')] },
);

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'no error',
    (e: unknown) => e,
  );
  return LabError.is(error) ? error.code : String(error);
}

let lab: LoopbackLab;

beforeAll(async () => {
  lab = await LoopbackLab.create(plan, ['b']);
});

afterAll(async () => {
  await lab.close();
});

describe('a role in a process of its own', () => {
  let a: RpcClient;
  let b: RpcClient;
  let stun: RpcClient;
  let lost: RpcClient;
  const heard = new Heard();
  const stunHeard = new Heard();

  beforeAll(async () => {
    [a, b, stun, lost] = await Promise.all([
      lab.start('a', lab.probe, heard),
      lab.start('b', lab.probe),
      lab.start('stun', undefined, stunHeard),
      lab.start('lost', lab.probe),
      lab.start('ns'),
    ]);
  });

  describe.each([
    ['IPv4', A4, B4, 0],
    ['IPv6', ONLY6, ONLY6, 1],
  ] as const)('over %s', (_family, from, to, shift) => {
    it('UDP: datagrams arrive whole, from interned endpoints, and larger than a page', async () => {
      await b.call('udp-echo', { address: to, port: 7007 + shift });
      for (const length of [0, 1200, 9000]) {
        // Few enough for the receive buffer that Linux gives a socket (212,992 octets).
        const result = (await a.call('udp-exchange', { address: from, to: { address: to, port: 7007 + shift }, count: 5, length })) as {
          got: Json[];
          errors: Json[];
          drawn: number;
        };
        expect(result.got).toEqual(Array.from({ length: 5 }, () => ({ length, intact: true, interned: true })));
        expect(result.errors).toEqual([]);
        expect(result.drawn).toBeGreaterThanOrEqual(49152);
      }
    });

    it('UDP: a closed port answers port-unreachable', async () => {
      const refused = (await a.call('udp-exchange', { address: from, to: { address: to, port: 9 }, count: 10, length: 10 })) as { got: Json[]; errors: Json[] };
      expect(refused.got).toEqual([]);
      expect(new Set(refused.errors)).toEqual(new Set(['port-unreachable']));
    });

    it('TCP: there and back with half-close', async () => {
      await b.call('tcp-echo', { address: to, port: 7010 + shift });
      expect(await a.call('tcp-exchange', { to: { address: to, port: 7010 + shift }, length: 200_000, address: from })).toMatchObject({
        length: 200_000,
        intact: true,
        local: from,
      });
    });

    it('TCP: a reader that stalls stops the writer, nothing is lost', async () => {
      await b.call('tcp-sink', { address: to, port: 7020 + shift, stall: 150 });
      expect(await a.call('tcp-exchange', { to: { address: to, port: 7020 + shift }, length: 300_000, address: from })).toMatchObject({
        length: 300_000,
        intact: true,
      });
    });

    it('TLS: clear text there and back, its keys told', async () => {
      await b.call('tls-echo', { address: to, port: 7443 + shift });
      const before = heard.secrets.length;
      expect(await a.call('tls-exchange', { to: { address: to, port: 7443 + shift }, length: 50_000, name: 'b.lab.example' })).toEqual({
        length: 50_000,
        intact: true,
      });
      // RFC 8446 7.1 by NSS's names: two handshake secrets, two application secrets, one exporter secret.
      expect(
        heard.secrets
          .slice(before)
          .map((secret) => (secret.kind === 'tls' ? secret.line.split(' ')[0] : ''))
          .sort(),
      ).toEqual([
        'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
        'CLIENT_TRAFFIC_SECRET_0',
        'EXPORTER_SECRET',
        'SERVER_HANDSHAKE_TRAFFIC_SECRET',
        'SERVER_TRAFFIC_SECRET_0',
      ]);
    });
  });

  it('TLS: a name that the certificate does not hold is refused', async () => {
    await b.call('tls-echo', { address: B4, port: 7445 });
    expect(await a.call('tls-exchange', { to: { address: B4, port: 7445 }, length: 10, name: 'evil.example' })).toEqual({ error: 'TLS_HANDSHAKE' });
  });

  it('TCP: a port that nobody listens at is refused', async () => {
    expect(await a.call('tcp-connect', { to: { address: B4, port: 9 }, timeout: 5000 })).toEqual({ error: 'NET_REFUSED' });
  });

  it('ports and addresses: in use, not mine by the plan, not mine by the kernel', async () => {
    expect(await a.call('udp-bind', { address: A4, port: 7100 })).toEqual({ port: 7100 });
    expect(await a.call('udp-bind', { address: A4, port: 7100 })).toEqual({ error: 'NET_ADDRESS_IN_USE' });
    expect(await a.call('udp-bind', { address: B4, port: 7101 })).toEqual({ error: 'NET_ADDRESS_NOT_MINE' });
    expect(await codeOf(b.call('tcp-echo', { address: B4, port: 7010 }))).toBe('NET_ADDRESS_IN_USE');
    expect(await codeOf(b.call('tcp-echo', { address: A4, port: 7011 }))).toBe('NET_ADDRESS_NOT_MINE');
    expect(await lost.call('udp-bind', { address: '203.0.113.7', port: 7102 })).toEqual({ error: 'NET_ADDRESS_NOT_MINE' });
    expect(await codeOf(lost.call('tcp-echo', { address: '203.0.113.7', port: 7103 }))).toBe('NET_ADDRESS_NOT_MINE');
  });

  it('timers fire in order, ties in call order, a cancelled one never', async () => {
    const { order } = (await a.call('timers', {})) as { order: string[] };
    expect(order.map((text) => text.split('@')[0])).toEqual(['a', 'b', 'c']);
    // Never early; how late depends on the machine.
    for (const [i, least] of [10, 10, 30].entries()) expect(Number(order[i]?.split('@')[1])).toBeGreaterThanOrEqual(least);
  });

  it("names are resolved by the lab's DNS node", async () => {
    expect(await a.call('resolve', { name: 'b.lab.example', type: 'A' })).toMatchObject([{ type: 'A', address: B4 }]);
    expect(await a.call('resolve', { name: 'alias.lab.example', type: 'AAAA' })).toMatchObject([
      { type: 'CNAME', target: 'b.lab.example' },
      { type: 'AAAA', address: ONLY6 },
    ]);
    expect(await a.call('resolve', { name: 'nobody.lab.example', type: 'A' })).toEqual({ error: 'DNS_NXDOMAIN' });
  });

  it('the stun node answers from where it was asked, and notes what it dropped', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind({ address: A4, port: 7500 }, resolve));
    const answer = new Promise<Uint8Array>((resolve) => socket.once('message', resolve));
    socket.send(Uint8Array.of(1, 2, 3), 3478, STUN);
    socket.send(emitStun({ class: 'request', method: 1, transaction: 'ab'.repeat(12), attributes: [] }), 3478, STUN);
    const bytes = new Uint8Array(await answer);
    socket.close();
    const message = parseStun(bytes, 0, bytes.length);
    if (isMalformedStun(message)) throw new Error(message.why);
    expect(addressOf(message, 'xor-mapped-address')).toEqual({ address: A4, port: 7500, family: 4 });
    // Told before the answer was sent, but by another way.
    await stun.waiting();
    expect(stunHeard.notes).toMatchObject([{ name: 'discard', fields: { cause: '1', reason: 'not-stun' } }]);
  });

  it('endpoints are interned, addresses are listed IPv4 first', async () => {
    expect(await a.call('endpoints', { address: B4 })).toEqual({ same: true, other: false, addresses: [A4, ONLY6] });
  });

  it("random numbers come from the lab's seed and the node's name", async () => {
    const stream = randomRoot(1).stream('node:lost');
    expect(await lost.call('random', {})).toEqual(Array.from({ length: 4 }, () => stream.u32()));
  });

  it('what a promise waits for can be asked', async () => {
    const stalled = codeOf(lost.call('stall', {}));
    expect(await lost.waiting()).toEqual([{ who: 'lost', what: 'a letter that nobody wrote' }]);
    await lost.close();
    expect(await stalled).toBe('LAB_ROLE_FAILED');
  });

  it('an unknown command is refused', async () => {
    expect(await codeOf(a.call('sing', {}))).toBe('ROLE_COMMAND');
  });
});

describe('the life of a process', () => {
  it('a role that cannot start says why, and its process can be closed', async () => {
    const client = lab.spawn('ns');
    const broken = {
      ...plan,
      nodes: plan.nodes.map((node) =>
        node.name === 'ns'
          ? { ...node, interfaces: node.interfaces.map((iface) => ({ ...iface, addresses: [{ family: 4, address: '203.0.113.9', prefixLength: 24 }] })) }
          : node,
      ),
    };
    const error = await client.start({ ...(lab.startOf('ns') as object), plan: broken } as unknown as Json).catch((e: unknown) => e);
    expect(LabError.is(error) && error.toJSON()).toMatchObject({
      code: 'LAB_ROLE_FAILED',
      message: expect.stringContaining('ns (dns) could not start: ns: the kernel has no address 203.0.113.9') as string,
    });
    expect(await client.close()).toEqual({ code: 0, signal: null });
  });

  it('a start that is none, a kind that is none or has no role', async () => {
    const client = lab.spawn('a');
    expect(await codeOf(client.start({ node: 'a' }))).toBe('LAB_ROLE_FAILED');
    const kinds = [
      { name: 'unicorn' },
      { name: 'router' },
      { module: lab.compiled.url('test/contract/nothing.ts'), export: 'probe' },
      { module: lab.compiled.url('test/contract/probe/kind.ts'), export: 'nobody' },
    ];
    expect(await Promise.all(kinds.map((kind) => codeOf(lab.spawn('a').start(lab.startOf('a', kind)))))).toEqual([
      'LAB_ROLE_FAILED',
      'ROLE_COMMAND',
      'LAB_ROLE_FAILED',
      'LAB_ROLE_FAILED',
    ]);
  });

  it('kill -9: what was asked fails with the node, the command and the signal; so does what is asked after', async () => {
    const client = await lab.start('a', lab.probe);
    const stalled = client.call('stall', {}).catch((e: unknown) => e);
    await client.waiting();
    process.kill(client.pid ?? 0, 'SIGKILL');
    const error = await stalled;
    expect(LabError.is(error) && [error.code, error.message]).toEqual([
      'LAB_ROLE_FAILED',
      'the process of a was killed by SIGKILL before it answered the command "stall"; it wrote no message',
    ]);
    expect(await client.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await client.call('timers', {}).catch((e: unknown) => e)).toBe(error);
    expect(await client.close()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it("stdin's end ends it at once, whatever it is doing", async () => {
    const client = await lab.start('a', lab.probe);
    const stalled = codeOf(client.call('stall', {}));
    await client.waiting();
    expect(await client.close()).toEqual({ code: 0, signal: null });
    expect(await stalled).toBe('LAB_ROLE_FAILED');
    expect(alive(client.pid ?? 0)).toBe(false);
  });

  it("time starts at the lab's origin; there is one start; a stop leaves the process to be closed", async () => {
    const client = lab.spawn('a');
    expect(await codeOf(client.call('timers', {}))).toBe('LAB_ROLE_FAILED');
    const before = Number(epochNanos() - lab.origin);
    const started = (await client.start(lab.startOf('a', lab.probe))) as { now: number; pid: number; icmpErrors: boolean };
    expect([started.pid, started.icmpErrors]).toEqual([client.pid, true]);
    expect(started.now).toBeGreaterThan(before);
    // One clock of the machine, read in two processes: within a millisecond.
    expect(started.now).toBeLessThan(Number(epochNanos() - lab.origin) + 1e6);
    expect(await codeOf(client.start(lab.startOf('a', lab.probe)))).toBe('LAB_ROLE_FAILED');
    await client.stop();
    expect(await client.close()).toEqual({ code: 0, signal: null });
    expect(alive(client.pid ?? 0)).toBe(false);
  });

  it('what is no frame ends it with exit code 65 (EX_DATAERR), and is told', async () => {
    const child = spawn(process.execPath, [lab.compiled.main], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.write('hello\n');
    const said = (async () => (await child.stderr.toArray()).join(''))();
    expect(await once(child, 'exit')).toEqual([65, null]);
    expect(await said).toBe('not a frame of a lab: hello\n');
  });

  it('what a role prints goes to stderr, never between the frames', async () => {
    const listener = new Heard();
    const client = lab.spawn('a', listener);
    const text =
      "export const noisy = { kind: 'noisy', commands: { x: '' }, load: async () => ({ start: async () => { console.log('one'); process.stdout.write('two\\n'); return { call: async () => 1, stop: async () => {} } } }) };";
    await client.start(lab.startOf('a', { module: `data:text/javascript,${encodeURIComponent(text)}`, export: 'noisy' }));
    expect(await client.call('x', null)).toBe(1);
    await client.close();
    expect(listener.lines).toEqual(['one', 'two']);
  });

  it("a mistake in a role's callback ends its process, and is told with its stack", async () => {
    const client = lab.spawn('a');
    const text =
      "export const wrong = { kind: 'wrong', commands: { x: '' }, load: async () => ({ start: async (host) => { host.after(2e6, () => { null.x }); return { call: () => new Promise(() => {}), stop: async () => {} } } }) };";
    await client.start(lab.startOf('a', { module: `data:text/javascript,${encodeURIComponent(text)}`, export: 'wrong' }));
    const error = await client.call('x', null).catch((e: unknown) => e);
    expect(LabError.is(error) && error.message).toContain("TypeError: Cannot read properties of null (reading 'x')");
    expect(await client.exited).toEqual({ code: 1, signal: null });
  });

  it('a lab that is killed takes its processes along', async () => {
    // The role inherits stderr: that pipe closes when the last of both is gone.
    const script = `const { spawn } = require('node:child_process');
      const role = spawn(process.execPath, [${JSON.stringify(lab.compiled.main)}], { stdio: ['pipe', 'pipe', 'inherit'] });
      role.stdin.write('{"id":1,"ask":"waiting"}\\n');
      role.stdout.once('data', () => process.stdout.write(String(role.pid)));`;
    const fake = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'pipe'] });
    const pid = Number(String((await once(fake.stdout, 'data'))[0]));
    expect(alive(pid)).toBe(true);
    const gone = once(fake, 'close');
    fake.stderr.resume();
    fake.kill('SIGKILL');
    await gone;
    // Its pipes close a moment before it is gone.
    await vi.waitFor(() => {
      expect(alive(pid)).toBe(false);
    });
  });
});
