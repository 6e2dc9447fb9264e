/**
 * The contract of the Host port, run on every substrate. The lab is two probes, `a` and `b`, behind two routers, dual
 * stack, with a DNS server; all is asked through role commands, so nothing here knows where a role runs.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabError } from '../../src/base/error.js';
import { must } from '../../src/base/assert.js';
import type { PacketId } from '../../src/base/brand.js';
import { seconds } from '../../src/base/time.js';
import type { Journey, Ledger } from '../../src/capture/ledger.js';
import { readLedger } from '../../src/capture/ledger-reader.js';
import type { ByteSource } from '../../src/capture/store/byte-store.js';
import type { Json } from '../../src/roles/role.js';
import type { Lab } from '../../src/substrate/substrate.js';

export const CONTRACT_TOPOLOGY = `
name: contract
organisations: { lab: { domains: [lab.example] } }
topology:
  nodes:
    a: { kind: probe, organisation: lab, segment: customer, resolvers: [ns], addresses: { eth0: [192.0.2.10/24, "2001:db8:a::10/64"] }, routes: [{ to: 0.0.0.0/0, via: 192.0.2.1 }, { to: "::/0", via: "2001:db8:a::1" }] }
    b: { kind: probe, organisation: lab, segment: customer, resolvers: [ns], addresses: { eth0: [198.51.100.10/24, "2001:db8:b::10/64"] }, routes: [{ to: 0.0.0.0/0, via: 198.51.100.1 }, { to: "::/0", via: "2001:db8:b::1" }] }
    r1: { kind: router, organisation: lab, segment: customer, addresses: { eth0: [192.0.2.1/24, "2001:db8:a::1/64"], eth1: [203.0.113.1/30, "2001:db8:c::1/64"] }, routes: [{ to: 198.51.100.0/24, via: 203.0.113.2 }, { to: "2001:db8:b::/64", via: "2001:db8:c::2" }, { to: 198.18.0.0/24, via: 203.0.113.2 }] }
    r2: { kind: router, organisation: lab, segment: customer, addresses: { eth0: [198.51.100.1/24, "2001:db8:b::1/64"], eth1: [203.0.113.2/30, "2001:db8:c::2/64"], eth2: [198.18.0.1/24] }, routes: [{ to: 192.0.2.0/24, via: 203.0.113.1 }, { to: "2001:db8:a::/64", via: "2001:db8:c::1" }] }
    ns: { kind: dns, organisation: lab, segment: customer, addresses: { eth0: [198.18.0.53/24] }, routes: [{ to: 0.0.0.0/0, via: 198.18.0.1 }] }
  links:
    - { name: la, segment: customer, endpoints: ["a:eth0", "r1:eth0"], impairments: delay 1ms }
    - { name: core, segment: customer, endpoints: ["r1:eth1", "r2:eth1"], impairments: delay 5ms loss 2% }
    - { name: lb, segment: customer, endpoints: ["b:eth0", "r2:eth0"], impairments: delay 1ms }
    - { name: ln, segment: customer, endpoints: ["ns:eth0", "r2:eth2"], impairments: delay 1ms }
zones:
  lab.example:
    servers: [ns]
    records:
      a: { A: a }
      b: { A: b }
      alias: { CNAME: b.lab.example }
      _sip._tls: { SRV: { priority: 0, weight: 0, port: 5061, target: b.lab.example } }
`;

/** A deviation of a substrate, with its reason. */
export interface Skip {
  readonly test: string;
  readonly reason: string;
}

/** A lab that is recorded. */
export interface ContractLab {
  readonly lab: Lab;
  /** Closes the lab and gives what was recorded. */
  finish(): Promise<Ledger>;
  /** The capture file, once the lab is closed. */
  source(): ByteSource;
}

const B4 = '198.51.100.10';
const B6 = '2001:db8:b::10';
const A4 = '192.0.2.10';
const A6 = '2001:db8:a::10';

export function hostContract(substrate: string, build: () => Promise<ContractLab>, skips: readonly Skip[] = []): void {
  const test = (name: string, run: () => Promise<void>): void => {
    const skip = skips.find((entry) => entry.test === name);
    if (skip === undefined) it(name, run);
    else it.skip(`${name} (${skip.reason})`, run);
  };

  describe(`the Host port on ${substrate}`, () => {
    let lab: Lab;
    beforeAll(async () => {
      ({ lab } = await build());
    });
    afterAll(async () => {
      await lab.close();
    });

    const call = (node: string, command: string, argument: Json = {}): Promise<Json> =>
      lab.run(() => lab.role(node).call(command, argument), seconds(lab.clock.now / 1e9 + 120));

    for (const [family, from, to] of [
      ['IPv4', A4, B4],
      ['IPv6', A6, B6],
    ] as const) {
      test(`UDP over ${family}: datagrams arrive whole, from interned endpoints`, async () => {
        await call('b', 'udp-echo', { address: to, port: 7007 });
        const result = (await call('a', 'udp-exchange', { address: from, to: { address: to, port: 7007 }, count: 20, length: 1200 })) as unknown as {
          got: { length: number; intact: boolean; interned: boolean }[];
          drawn: number;
        };
        // 2 % loss each way: 20 round trips lose at most a few.
        expect(result.got.length).toBeGreaterThan(10);
        for (const one of result.got) expect(one).toEqual({ length: 1200, intact: true, interned: true });
        expect(result.drawn).toBeGreaterThan(1023);
      });

      test(`UDP over ${family}: a datagram larger than the MTU is fragmented and put together`, async () => {
        await call('b', 'udp-echo', { address: to, port: 7008 });
        const result = (await call('a', 'udp-exchange', { address: from, to: { address: to, port: 7008 }, count: 10, length: 4000 })) as unknown as {
          got: { length: number; intact: boolean }[];
        };
        expect(result.got.length).toBeGreaterThan(3);
        for (const one of result.got) expect(one).toMatchObject({ length: 4000, intact: true });
      });

      test(`UDP over ${family}: a closed port answers port-unreachable`, async () => {
        const result = (await call('a', 'udp-exchange', { address: from, to: { address: to, port: 9 }, count: 10, length: 10 })) as unknown as {
          got: unknown[];
          errors: string[];
        };
        expect(result.got).toEqual([]);
        expect(result.errors).toContain('port-unreachable');
      });

      test(`TCP over ${family}: 200 kB there and back over a lossy link, with half-close`, async () => {
        await call('b', 'tcp-echo', { address: to, port: 7010 });
        const result = await call('a', 'tcp-exchange', { to: { address: to, port: 7010 }, length: 200_000, address: from });
        expect(result).toMatchObject({ length: 200_000, intact: true, local: from });
      });

      test(`TLS over ${family}: clear text there and back`, async () => {
        await call('b', 'tls-echo', { address: to, port: 7443 });
        const result = await call('a', 'tls-exchange', { to: { address: to, port: 7443 }, length: 50_000, name: 'b.lab.example' });
        expect(result).toEqual({ length: 50_000, intact: true });
      });
    }

    for (const [what, secure, port] of [
      ['HTTP', false, 8080],
      ['HTTPS', true, 8443],
    ] as const) {
      test(`${what}: a kept connection, 200 kB each way, events as they come, another protocol after an upgrade`, async () => {
        await call('b', 'http-serve', { address: B4, port, secure });
        expect(await call('a', 'http-exchange', { to: { address: B4, port }, length: 200_000, secure, name: 'b.lab.example' })).toEqual({
          kept: true,
          length: 200_000,
          intact: true,
          dated: false,
          events: 'data: 1\n\ndata: 2\n\ndata: 3\n\n',
          status: 101,
          upgraded: 'another protocol',
        });
      });
    }

    test('HTTP: refused, and no HTTP', async () => {
      expect(await call('a', 'http-exchange', { to: { address: B4, port: 9 }, length: 1 })).toEqual({ error: 'NET_REFUSED' });
      await call('b', 'tcp-echo', { address: B4, port: 7012 });
      expect(await call('a', 'http-exchange', { to: { address: B4, port: 7012 }, length: 1 })).toEqual({ error: 'HTTP_MALFORMED' });
    });

    test('TCP: a reader that stalls stops the writer, nothing is lost', async () => {
      await call('b', 'tcp-sink', { address: B4, port: 7011, stall: 3000 });
      const result = await call('a', 'tcp-exchange', { to: { address: B4, port: 7011 }, length: 300_000, address: A4 });
      expect(result).toMatchObject({ length: 300_000, intact: true });
    });

    test('TCP: refused, unanswered and unroutable are told apart', async () => {
      expect(await call('a', 'tcp-connect', { to: { address: B4, port: 9 }, timeout: 5000 })).toEqual({ error: 'NET_REFUSED' });
      expect(await call('a', 'tcp-connect', { to: { address: '198.51.100.99', port: 9 }, timeout: 500 })).toEqual({ error: 'NET_TIMEOUT' });
      expect(await call('a', 'tcp-connect', { to: { address: '203.0.113.200', port: 9 }, timeout: 5000 })).toEqual({ error: 'NET_UNREACHABLE' });
    });

    test('TLS: a name that the certificate does not hold is refused', async () => {
      await call('b', 'tls-echo', { address: B4, port: 7444 });
      expect(await call('a', 'tls-exchange', { to: { address: B4, port: 7444 }, length: 10, name: 'evil.example' })).toEqual({ error: 'TLS_HANDSHAKE' });
    });

    test('TLS: a server learns the names of a client that shows its certificate, and of no other', async () => {
      await call('b', 'tls-names', { address: B4, port: 7445 });
      const ask = (identified: boolean) => call('a', 'tls-ask', { to: { address: B4, port: 7445 }, name: 'b.lab.example', identified });
      expect(await ask(true)).toContain('a.lab.example');
      expect(await ask(false)).toEqual([]);
    });

    test('ports and addresses: in use, not mine', async () => {
      await call('a', 'udp-bind', { address: A4, port: 7100 });
      expect(await call('a', 'udp-bind', { address: A4, port: 7100 })).toEqual({ error: 'NET_ADDRESS_IN_USE' });
      expect(await call('a', 'udp-bind', { address: B4, port: 7101 })).toEqual({ error: 'NET_ADDRESS_NOT_MINE' });
    });

    test('timers fire in order, ties in call order, a cancelled one never', async () => {
      expect(await call('a', 'timers')).toEqual({ order: ['a@10', 'b@10', 'c@30'] });
    });

    test('DNS: real answers, aliases followed, no such name told', async () => {
      expect(await call('a', 'resolve', { name: 'b.lab.example', type: 'A' })).toMatchObject([{ type: 'A', address: B4 }]);
      expect(await call('a', 'resolve', { name: 'b.lab.example', type: 'AAAA' })).toMatchObject([{ type: 'AAAA', address: B6 }]);
      expect(await call('a', 'resolve', { name: 'alias.lab.example', type: 'A' })).toMatchObject([
        { type: 'CNAME', target: 'b.lab.example' },
        { type: 'A', address: B4 },
      ]);
      expect(await call('a', 'resolve', { name: '_sip._tls.lab.example', type: 'SRV' })).toMatchObject([{ type: 'SRV', port: 5061, target: 'b.lab.example' }]);
      expect(await call('a', 'resolve', { name: 'nobody.lab.example', type: 'A' })).toEqual({ error: 'DNS_NXDOMAIN' });
    });

    for (const [family, a, b] of [
      ['IPv4', A4, B4],
      ['IPv6', A6, B6],
    ] as const) {
      test(`causes over ${family}: a relay's datagram names the one that it came as, a mixer's all that went into it`, async () => {
        const recorded = await build();
        const { lab: own } = recorded;
        const ask = (node: string, command: string, argument: Json): Promise<Json> =>
          own.run(() => own.role(node).call(command, argument), seconds(own.clock.now / 1e9 + 120));
        // a sends to the relay on b, which sends on to the mixer on a, which sends one for two to b.
        await ask('b', 'udp-relay', { address: b, port: 7200, to: { address: a, port: 7201 } });
        await ask('a', 'udp-mix', { address: a, port: 7201, to: { address: b, port: 7202 }, count: 2, length: 40 });
        await ask('b', 'udp-bind', { address: b, port: 7202 });
        for (let i = 0; i < 10; i++) await ask('a', 'udp-send', { address: a, port: 7300 + i, to: { address: b, port: 7200 }, length: 100 + i });
        // Alike octet by octet, as requests that are sent again.
        await ask('a', 'udp-exchange', { address: a, to: { address: b, port: 7200 }, count: 10, length: 50 });
        const live = await recorded.finish();
        const { ledger: read, warnings } = readLedger(recorded.source());
        expect(warnings).toEqual([]);
        for (const ledger of [live, read]) judgeCauses(ledger, a, b);
        expect(read.packets).toBe(live.packets);
        live.close();
        read.close();
      });
    }

    test('endpoints are interned, addresses are listed IPv4 first', async () => {
      expect(await call('a', 'endpoints', { address: B4 })).toEqual({ same: true, other: false, addresses: [A4, A6] });
    });

    test('a wait that nothing can end is named', async () => {
      const error = await call('a', 'stall').catch((e: unknown) => e);
      expect(LabError.is(error) && error.code).toBe('LAB_STALLED');
      expect((error as LabError).message).toContain('a letter that nobody wrote');
    });

    test('an unknown command is refused', async () => {
      const error = await call('a', 'sing').catch((e: unknown) => e);
      expect(LabError.is(error) && error.code).toBe('ROLE_COMMAND');
    });
  });
}

/** Datagrams between two ports, as they came out of the node that sent them. */
function sentBetween(ledger: Ledger, from: string, to: RegExp): readonly Journey[] {
  const ids = ledger.flows().flatMap(({ id, protocol, a, b }) => (protocol === 17 && a === from && to.test(b) ? [...ledger.packetsOf(id)] : []));
  return ids.map((id) => must(ledger.journey(id as PacketId), `packet ${id}`)).sort((one, other) => one.start - other.start);
}

function judgeCauses(ledger: Ledger, a: string, b: string): void {
  const at = (address: string, port: number): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
  const exactly = (text: string): RegExp => new RegExp(`^${text.replace(/[[\].]/g, '\\$&')}$`);
  const arrived = (journeys: readonly Journey[]): readonly PacketId[] =>
    journeys
      .flatMap(({ id, end }) => (end.kind === 'delivered' ? [{ id, at: end.at }] : []))
      .sort((one, other) => one.at - other.at)
      .map(({ id }) => id);
  const relayed = sentBetween(ledger, at(b, 7200), exactly(at(a, 7201)));
  const mixed = sentBetween(ledger, at(a, 7201), exactly(at(b, 7202)));
  const first = ledger
    .flows()
    .flatMap(({ id, protocol, b: to }) => (protocol === 17 && to === at(b, 7200) ? [...ledger.packetsOf(id)] : []))
    .map((id) => must(ledger.journey(id as PacketId), `packet ${id}`));
  expect(first).toHaveLength(20);
  // 2 % loss each way.
  expect(relayed.length).toBeGreaterThan(12);
  expect(mixed.length).toBeGreaterThan(5);
  // Each in the order of arrival, since both answer at once; so every cause is the right one, not just one.
  expect(relayed.map(({ causes }) => causes)).toEqual(arrived(first).map((id) => [id]));
  const heard = arrived(relayed);
  const pairs = mixed.map((_, k) => heard.slice(2 * k, 2 * k + 2).sort((one, other) => one - other));
  expect(mixed.map(({ causes }) => causes)).toEqual(pairs);
  for (const { id, causes } of mixed) {
    const ancestors = ledger.ancestors(id);
    expect(ancestors.slice(0, 2)).toEqual(causes);
    expect(ancestors.slice(2)).toEqual(causes.flatMap((cause) => must(ledger.journey(cause), 'relayed').causes));
    for (const ancestor of ancestors) expect(ledger.descendants(ancestor)).toContain(id);
  }
}
