/**
 * The DNS server behind its sockets, on the simulator: what resolvers ask of one, and whatever else is sent to it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seconds } from '../../src/base/time.js';
import type { Host } from '../../src/host/host.js';
import { StubResolver } from '../../src/host/resolver.js';
import { DnsFramer, frameDns } from '../../src/protocol/dns/framing.js';
import { decodeDns, type DnsMessage, encodeDns } from '../../src/protocol/dns/message.js';
import { start } from '../../src/roles/dns/server.js';
import type { RoleContext } from '../../src/roles/role.js';
import type { PlanRecord } from '../../src/topology/plan.js';
import { onSim, SERVER, type Web } from '../http/lab.js';

const many = Array.from({ length: 60 }, (_, i): PlanRecord => ({ name: 'many.contoso.example', type: 'A', ttl: 60, data: `192.0.2.${i + 1}` }));
const records: readonly PlanRecord[] = [
  { name: 'sip.contoso.example', type: 'A', ttl: 60, data: '192.0.2.5' },
  { name: '_sip._tls.contoso.example', type: 'SRV', ttl: 60, data: { priority: 0, weight: 0, port: 443, target: 'sip.contoso.example' } },
  {
    name: 'with.contoso.example',
    type: 'NAPTR',
    ttl: 60,
    data: { order: 1, preference: 2, flags: 's', service: 'SIPS+D2T', regexp: '', replacement: '_sip._tls.contoso.example' },
  },
  ...many,
];
const context = {
  node: { name: 'b', resolvers: [] },
  plan: { zones: [{ name: 'contoso.example', servers: ['b'], records }] },
} as unknown as RoleContext;

const query = (name: string, type: string, over: Partial<DnsMessage> = {}): DnsMessage => ({
  id: 0x4242,
  response: false,
  opcode: 0,
  recursionDesired: true,
  recursionAvailable: false,
  authoritative: false,
  truncated: false,
  rcode: 'NOERROR',
  question: { name, type },
  answers: [],
  authority: [],
  edns: null,
  ...over,
});

/** Asks by UDP; null when nothing came in a second. */
async function overUdp(a: Host, bytes: Uint8Array): Promise<DnsMessage | null> {
  const got = a.deferred<DnsMessage | null>('an answer');
  const socket = await a.udp({ address: '192.0.2.10', port: 0 }, (buf, off, len) => {
    got.resolve(decodeDns(buf.slice(off, off + len)));
  });
  socket.send(bytes, 0, bytes.length, a.endpoint(SERVER, 53));
  const timer = a.after(seconds(1), () => {
    got.resolve(null);
  });
  const answer = await got.promise;
  a.cancel(timer);
  socket.close();
  return answer;
}

/** What comes back on a connection until the server ends it, or for a second. */
async function overTcp(a: Host, chunks: readonly Uint8Array[]): Promise<readonly DnsMessage[]> {
  const stream = await a.connect({ to: a.endpoint(SERVER, 53), timeout: seconds(5) });
  const got: DnsMessage[] = [];
  const framer = new DnsFramer();
  const over = a.deferred<null>('the end');
  stream.on('data', (chunk: Uint8Array) => got.push(...framer.push(chunk).flatMap((bytes) => decodeDns(bytes) ?? [])));
  stream.on('error', () => undefined).on('end', () => over.resolve(null));
  for (const chunk of chunks) {
    stream.write(chunk);
    await a.sleep(seconds(0.05));
  }
  const timer = a.after(seconds(1), () => over.resolve(null));
  await over.promise;
  a.cancel(timer);
  stream.end();
  return got;
}

async function served<T>(script: (web: Web) => Promise<T>): Promise<T> {
  const { result } = await onSim(
    async (web) => {
      const server = await start(web.b, context);
      const given = await script(web);
      await server.stop();
      return given;
    },
    { impairments: 'delay 5ms' },
  );
  return result;
}

const ask = (asked: DnsMessage): Promise<DnsMessage | null> => served(({ a }) => overUdp(a, encodeDns(asked)));

describe('a DNS server', () => {
  it.each([
    // RFC 3263 section 4.1 begins with NAPTR; RFC 2308 section 2.2: no data.
    ['contoso.example', 'NAPTR', 'NOERROR'],
    ['SIP.Contoso.example', 'NAPTR', 'NOERROR'],
    ['sip.contoso.example', 'TYPE65', 'NOERROR'],
    ['nobody.contoso.example', 'NAPTR', 'NXDOMAIN'],
  ])('%s %s: %s, with the question as it was asked and the SOA by which that is kept (RFC 2308 section 3)', async (name, type, rcode) => {
    const answer = await ask(query(name, type));
    expect(answer).toMatchObject({ id: 0x4242, response: true, rcode, authoritative: true, question: { name, type }, answers: [], edns: null });
    expect(answer?.authority.map((record) => [record.type, record.name.toLowerCase()])).toEqual([['SOA', 'contoso.example']]);
  });

  it('tells NAPTR and SOA where there are some', async () => {
    expect((await ask(query('with.contoso.example', 'NAPTR')))?.answers).toMatchObject([{ service: 'SIPS+D2T', replacement: '_sip._tls.contoso.example' }]);
    expect((await ask(query('contoso.example', 'SOA')))?.answers).toMatchObject([{ type: 'SOA' }]);
  });

  it('refuses what it does not do, with the question and the opcode kept (RFC 1035 section 4.1.1)', async () => {
    expect(await ask(query('sip.contoso.example', 'A', { opcode: 2 }))).toMatchObject({ rcode: 'NOTIMP', opcode: 2, question: { type: 'A' } });
    expect(await ask(query('x', 'A', { question: { name: 'sip.contoso.example', type: 'A', class: 3 } }))).toMatchObject({ rcode: 'REFUSED' });
    expect(await ask(query('elsewhere.example', 'A'))).toMatchObject({ rcode: 'REFUSED', question: { name: 'elsewhere.example', type: 'A' } });
  });

  it('answers an OPT by an OPT, and a version that it does not know by BADVERS (RFC 6891 section 6.1.3)', async () => {
    expect(await ask(query('sip.contoso.example', 'A', { edns: { payload: 4096, version: 0 } }))).toMatchObject({ rcode: 'NOERROR', edns: { version: 0 } });
    expect(await ask(query('sip.contoso.example', 'A', { edns: { payload: 4096, version: 1 } }))).toMatchObject({ rcode: 'BADVERS', answers: [] });
  });

  it('says over UDP that an answer is longer than 512 octets, or than the client takes; gives it whole over TCP', async () => {
    const asked = query('many.contoso.example', 'A');
    expect(await ask(asked)).toMatchObject({ truncated: true, answers: [] });
    expect(await ask({ ...asked, edns: { payload: 1232, version: 0 } })).toMatchObject({ truncated: false, answers: { length: 60 } });
    const [answer] = await served(({ a }) => overTcp(a, [frameDns(encodeDns(asked))]));
    expect(answer).toMatchObject({ truncated: false, answers: { length: 60 } });
  });

  it('takes several questions on one connection, in whatever chunks (RFC 7766 section 6.2.1)', async () => {
    const two = Uint8Array.from([1, 2].flatMap((id) => [...frameDns(encodeDns(query('sip.contoso.example', 'A', { id })))]));
    const got = await served(({ a }) => overTcp(a, [two.subarray(0, 1), two.subarray(1, 30), two.subarray(30)]));
    expect(got.map(({ id, answers }) => [id, answers.length])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  it('the resolver of a node asks again over TCP when it is told to (RFC 7766 section 5)', async () => {
    const found = await served(({ a }) => new StubResolver(a, [SERVER]).resolve('many.contoso.example', 'A'));
    expect(found).toHaveLength(60);
  });

  it('what is no question is answered by FORMERR, if it has a header, and told in the ledger', async () => {
    const answer = await served(({ a }) => overUdp(a, Uint8Array.of(0x77, 0x77, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0)));
    expect(answer).toMatchObject({ id: 0x7777, rcode: 'FORMERR', question: null });
    expect(await served(({ a }) => overUdp(a, Uint8Array.of(1, 2, 3)))).toBeNull();
  });

  it('whatever it is sent, by UDP or TCP, in whatever chunks, it answers the next who asks', async () => {
    const good = encodeDns(query('sip.contoso.example', 'A', { edns: { payload: 512, version: 0 } }));
    const spoilt = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 5 }).map((edits) => {
      const bytes = good.slice();
      for (const [at, octet] of edits) bytes[at] = octet;
      return bytes;
    });
    const noise = fc.oneof(fc.uint8Array({ maxLength: 64 }), spoilt, spoilt.map(frameDns));
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { maxLength: 6 }), fc.boolean(), async (pieces, tcp) => {
        const [answer] = await served(async ({ a }) => {
          if (tcp) await overTcp(a, pieces);
          else for (const piece of pieces) await overUdp(a, piece);
          return [await overUdp(a, good)];
        });
        expect(answer?.answers).toMatchObject([{ address: '192.0.2.5' }]);
      }),
      { numRuns: 25 },
    );
  });
});
