import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEVER, ZERO, seconds } from '../../base/time.js';
import { decodeDns, encodeDns } from './message.js';
import type { DnsMessage } from './message.js';
import { StubQuery } from './stub-query.js';
import type { StubOut } from './stub-query.js';
import { answerFromZones } from './zone.js';
import type { Zone } from './zone.js';

const query: DnsMessage = {
  id: 0x1234,
  response: false,
  opcode: 0,
  recursionDesired: true,
  recursionAvailable: false,
  authoritative: false,
  truncated: false,
  rcode: 'NOERROR',
  question: { name: 'sip.contoso.example', type: 'A' },
  answers: [],
  authority: [],
  edns: null,
};

function reply(over: Partial<DnsMessage> = {}): Uint8Array {
  return encodeDns({
    ...query,
    response: true,
    answers: [{ type: 'A', name: 'sip.contoso.example', ttl: 60, address: '192.0.2.5' }],
    ...over,
  });
}

describe('DNS messages', () => {
  it('are laid out as RFC 1035 4.1 says', () => {
    // header: id, flags (RD), QD=1; question: labels, QTYPE A = 1, QCLASS IN = 1
    const labels = [3, 'sip', 7, 'contoso', 7, 'example', 0].flatMap((part) => (typeof part === 'number' ? [part] : [...new TextEncoder().encode(part)]));
    expect([...encodeDns(query)]).toEqual([0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 1, 0, 1]);
  });

  it('round-trip every type of answer', () => {
    const message: DnsMessage = {
      ...query,
      response: true,
      authoritative: true,
      recursionAvailable: true,
      rcode: 'NXDOMAIN',
      question: { name: '_sip._tls.contoso.example', type: 'SRV' },
      answers: [
        { type: 'SRV', name: '_sip._tls.contoso.example', ttl: 3600, priority: 100, weight: 1, port: 443, target: 'sipdir.online.example' },
        { type: 'CNAME', name: 'sip.contoso.example', ttl: 5, target: 'sipdir.online.example' },
        { type: 'A', name: 'sipdir.online.example', ttl: 5, address: '203.0.113.9' },
        { type: 'AAAA', name: 'sipdir.online.example', ttl: 5, address: '2001:db8::9' },
      ],
    };
    expect(decodeDns(encodeDns(message))).toEqual(message);
  });

  it('give null for bytes that are none', () => {
    expect(decodeDns(new Uint8Array(5))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        decodeDns(bytes);
      }),
    );
  });
});

describe('zones', () => {
  const zones: Zone[] = [
    {
      name: 'contoso.example',
      records: [
        { type: 'A', name: 'sip.contoso.example', ttl: 60, address: '192.0.2.5' },
        { type: 'CNAME', name: 'www.contoso.example', ttl: 60, target: 'sip.contoso.example' },
        { type: 'CNAME', name: 'lyncdiscover.contoso.example', ttl: 60, target: 'webdir.online.example' },
        { type: 'SRV', name: '_sip._tls.contoso.example', ttl: 60, priority: 0, weight: 0, port: 443, target: 'sip.contoso.example' },
      ],
    },
    { name: 'cloud.contoso.example', records: [{ type: 'A', name: 'sip.cloud.contoso.example', ttl: 60, address: '192.0.2.6' }] },
  ];

  it('answer from the longest zone that fits', () => {
    expect(answerFromZones(zones, 'SIP.Cloud.contoso.example.', 'A')?.answers).toHaveLength(1);
    expect(answerFromZones(zones, 'sip.contoso.example', 'A')?.answers).toEqual([zones[0]?.records[0]]);
  });

  it('chase aliases inside and say where they leave (RFC 1034 4.3.2)', () => {
    expect(answerFromZones(zones, 'www.contoso.example', 'A')).toMatchObject({
      rcode: 'NOERROR',
      unfinished: null,
      answers: [{ type: 'CNAME' }, { type: 'A' }],
    });
    expect(answerFromZones(zones, 'lyncdiscover.contoso.example', 'A')).toMatchObject({ unfinished: 'webdir.online.example' });
  });

  it('tell no such name from no such data (RFC 2308)', () => {
    expect(answerFromZones(zones, 'nobody.contoso.example', 'A')?.rcode).toBe('NXDOMAIN');
    expect(answerFromZones(zones, 'sip.contoso.example', 'AAAA')?.rcode).toBe('NOERROR');
    expect(answerFromZones(zones, '_tls.contoso.example', 'A')?.rcode).toBe('NOERROR');
    expect(answerFromZones(zones, 'example.net', 'A')).toBeNull();
  });

  it('end a loop of aliases', () => {
    const loop: Zone[] = [
      {
        name: 'x',
        records: [
          { type: 'CNAME', name: 'a.x', ttl: 1, target: 'b.x' },
          { type: 'CNAME', name: 'b.x', ttl: 1, target: 'a.x' },
        ],
      },
    ];
    expect(answerFromZones(loop, 'a.x', 'A')?.rcode).toBe('SERVFAIL');
  });
});

describe('a stub query', () => {
  const start = (servers: number): { machine: StubQuery; out: StubOut[] } => {
    const machine = new StubQuery({ id: 0x1234, name: 'sip.contoso.example', type: 'A', servers });
    const out: StubOut[] = [];
    machine.start(ZERO, out);
    return { machine, out };
  };

  it('takes the answer with its id, question and no other', () => {
    const { machine, out } = start(1);
    expect(out.splice(0)).toMatchObject([{ kind: 'send', server: 0 }]);
    machine.handle({ kind: 'datagram', server: 0, bytes: reply({ id: 1 }) }, ZERO, out);
    machine.handle({ kind: 'datagram', server: 0, bytes: reply({ question: { name: 'other.example', type: 'A' } }) }, ZERO, out);
    machine.handle({ kind: 'datagram', server: 0, bytes: encodeDns(query) }, ZERO, out);
    expect(out).toEqual([]);
    machine.handle({ kind: 'datagram', server: 0, bytes: reply() }, ZERO, out);
    expect(out).toMatchObject([{ kind: 'answer', message: { rcode: 'NOERROR', answers: [{ address: '192.0.2.5' }] } }]);
    expect(machine.deadline).toBe(NEVER);
  });

  it('goes on to the next server, waits longer each round, then gives up', () => {
    const { machine, out } = start(2);
    const sent: [number, number][] = [];
    let last: StubOut | undefined;
    while (Number.isFinite(machine.deadline)) {
      for (const action of out.splice(0)) if (action.kind === 'send') sent.push([machine.deadline / 1e9, action.server]);
      machine.tick(machine.deadline, out);
      last = out.at(-1);
    }
    expect(sent).toEqual([
      [1, 0],
      [2, 1],
      [4, 0],
      [6, 1],
      [10, 0],
      [14, 1],
    ]);
    expect(last).toEqual({ kind: 'timeout' });
  });

  it('moves on at once when a server is unreachable or fails', () => {
    const { machine, out } = start(2);
    machine.handle({ kind: 'unreachable', server: 0 }, seconds(0.1), out);
    expect(out.splice(0)).toMatchObject([{ server: 0 }, { kind: 'send', server: 1 }]);
    machine.handle({ kind: 'datagram', server: 1, bytes: reply({ rcode: 'SERVFAIL', answers: [] }) }, seconds(0.2), out);
    expect(out).toMatchObject([{ kind: 'answer', message: { rcode: 'SERVFAIL' } }]);
  });
});
