/**
 * DNS on the wire: RFC 1035's own example, another codec as the judge, and whatever bytes come.
 */
import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DnsFramer, frameDns } from './framing.js';
import { decodeDns, type DnsMessage, encodeDns } from './message.js';
import { labelsOf, NameWriter, readName } from './names.js';
import type { DnsAnswer } from './records.js';

const bytesOf = (...parts: readonly (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...new TextEncoder().encode(part)])));

const message: DnsMessage = {
  id: 0x1234,
  response: true,
  opcode: 0,
  recursionDesired: true,
  recursionAvailable: true,
  authoritative: true,
  truncated: false,
  rcode: 'NOERROR',
  question: { name: 'contoso.example', type: 'NAPTR' },
  answers: [],
  authority: [],
  edns: null,
};

describe('names', () => {
  // RFC 1035 section 4.1.4: F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at 64, the root at 92.
  const example = new Uint8Array(93);
  example.set(bytesOf(1, 'F', 3, 'ISI', 4, 'ARPA', 0), 20);
  example.set(bytesOf(3, 'FOO', 0xc0, 20), 40);
  example.set(bytesOf(0xc0, 26), 64);

  it.each([
    [20, 'F.ISI.ARPA', 32],
    [40, 'FOO.F.ISI.ARPA', 46],
    [64, 'ARPA', 66],
    [92, '', 93],
  ])("RFC 1035's example at %i is %s", (at, name, next) => {
    expect(readName(example, at)).toEqual({ name, next });
  });

  it.each([
    ['a pointer at itself', bytesOf(0xc0, 0)],
    ['a pointer forwards', bytesOf(0xc0, 2, 0)],
    ['a circle', bytesOf(1, 'a', 0xc0, 0)],
    ['a label that runs over the end', bytesOf(5, 'abc')],
    ['no end', bytesOf(1, 'a')],
    ['a label of another kind (RFC 6891 section 5)', bytesOf(0x41, 0, 0)],
    ['more than 255 octets', bytesOf(...Array.from({ length: 5 }, () => [63, 'x'.repeat(63)]).flat(), 0)],
  ])('%s is no name', (_what, bytes) => {
    expect(readName(bytes, 0)).toBeNull();
  });

  it('any octets of a label come back (RFC 2181 section 11)', () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(label, { maxLength: 8 }), (labels) => {
        const bytes = Uint8Array.from([...labels.flatMap((one) => [one.length, ...one]), 0]);
        const read = readName(bytes, 0);
        expect(labelsOf(read?.name ?? 'no name')).toEqual(labels.map((one) => new Uint8Array(one)));
      }),
    );
  });

  it.each(['a..b', '.a', 'x'.repeat(64), 'a\\', `${'abc.'.repeat(64)}d`])('%s is none either', (text) => {
    expect(labelsOf(text)).toBeNull();
  });

  it('is written once: what follows points at it, whatever the case of its letters', () => {
    const out = new NameWriter();
    for (const name of ['F.ISI.ARPA', 'FOO.f.isi.arpa', 'ARPA']) out.name(name);
    expect(out.bytes).toEqual([...bytesOf(1, 'F', 3, 'ISI', 4, 'ARPA', 0, 3, 'FOO', 0xc0, 0, 0xc0, 6)]);
    out.name('isi.arpa', false);
    expect(out.bytes.slice(-10)).toEqual([...bytesOf(3, 'isi', 4, 'arpa', 0)]);
  });
});

const ANSWERS: readonly DnsAnswer[] = [
  { type: 'A', name: 'a.contoso.example', ttl: 5, address: '192.0.2.9' },
  { type: 'AAAA', name: 'a.contoso.example', ttl: 5, address: '2001:db8::9' },
  { type: 'CNAME', name: 'b.contoso.example', ttl: 6, target: 'a.contoso.example' },
  { type: 'SRV', name: '_sip._tls.contoso.example', ttl: 7, priority: 1, weight: 2, port: 443, target: 'a.contoso.example' },
  {
    type: 'NAPTR',
    name: 'contoso.example',
    ttl: 8,
    order: 10,
    preference: 20,
    flags: 's',
    service: 'SIPS+D2T',
    regexp: '',
    replacement: '_sips._tcp.contoso.example',
  },
  {
    type: 'SOA',
    name: 'contoso.example',
    ttl: 9,
    primary: 'ns.contoso.example',
    mailbox: 'h.contoso.example',
    serial: 1,
    refresh: 2,
    retry: 3,
    expire: 4,
    minimum: 5,
  },
  { type: 'other', name: 'contoso.example', ttl: 10, code: 65, data: Uint8Array.of(0, 1, 0) },
];

describe('messages', () => {
  it('round trip: opcode, letters of the question, every kind of record, OPT, a code of RFC 6891', () => {
    const whole: DnsMessage = {
      ...message,
      opcode: 2,
      rcode: 'BADVERS',
      answers: ANSWERS,
      authority: ANSWERS.slice(5, 6),
      edns: { payload: 1232, version: 0 },
    };
    expect(decodeDns(encodeDns(whole))).toEqual(whole);
    expect(decodeDns(encodeDns({ ...message, question: { name: 'x', type: 'TYPE65', class: 3 } }))?.question).toEqual({ name: 'x', type: 'TYPE65', class: 3 });
  });

  it('keep the letters of the question (RFC 1035 section 2.3.3); what points at it has them too', () => {
    const asked = { name: 'CONtoso.Example', type: 'A' };
    const read = decodeDns(encodeDns({ ...message, question: asked, answers: ANSWERS.slice(0, 1) }));
    expect([read?.question, read?.answers[0]?.name]).toEqual([asked, 'a.CONtoso.Example']);
  });

  it('another codec reads them as they are meant', () => {
    const read = dnsPacket.decode(Buffer.from(encodeDns({ ...message, answers: ANSWERS, edns: { payload: 1232, version: 0 } })));
    expect(read.questions).toMatchObject([{ name: 'contoso.example', type: 'NAPTR', class: 'IN' }]);
    expect(read.answers?.map((answer) => ('data' in answer ? answer.data : null))).toMatchObject([
      '192.0.2.9',
      '2001:db8::9',
      'a.contoso.example',
      { priority: 1, weight: 2, port: 443, target: 'a.contoso.example' },
      { order: 10, preference: 20, flags: 's', services: 'SIPS+D2T', regexp: '', replacement: '_sips._tcp.contoso.example' },
      { mname: 'ns.contoso.example', rname: 'h.contoso.example', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
      {},
    ]);
    expect(read.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
  });

  it('what another codec writes is read', () => {
    const answers: dnsPacket.Answer[] = [
      { type: 'A', name: 'a.example', ttl: 1, data: '192.0.2.1' },
      { type: 'MX', name: 'a.example', ttl: 1, data: { preference: 5, exchange: 'mail.a.example' } },
    ];
    const bytes = dnsPacket.encode({ type: 'response', id: 7, flags: 0, questions: [{ type: 'MX', name: 'a.example', class: 'IN' }], answers });
    expect(decodeDns(new Uint8Array(bytes))).toMatchObject({
      id: 7,
      question: { name: 'a.example', type: 'MX' },
      answers: [
        { type: 'A', address: '192.0.2.1' },
        { type: 'other', code: 15, data: bytesOf(0, 5, 4, 'mail', 1, 'a', 7, 'example', 0) },
      ],
    });
  });

  it('names within data of types that it does not know are left alone, those of RFC 1035 are written out (RFC 3597 section 4)', () => {
    const header = [0, 7, 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0];
    const question = bytesOf(1, 'a', 7, 'example', 0, 0, 2, 0, 1);
    const ns = bytesOf(0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 5, 0, 5, 2, 'ns', 0xc0, 12);
    expect(decodeDns(Uint8Array.from([...header, ...question, ...ns]))?.answers).toEqual([
      { type: 'other', name: 'a.example', ttl: 5, code: 2, data: bytesOf(2, 'ns', 1, 'a', 7, 'example', 0) },
    ]);
  });

  it('longer than they may be, they say so and have no records (RFC 2181 section 9)', () => {
    const answers = Array.from({ length: 60 }, (_, i): DnsAnswer => ({ type: 'A', name: 'contoso.example', ttl: 1, address: `192.0.2.${i}` }));
    const bytes = encodeDns({ ...message, answers }, 512);
    expect(bytes.length).toBeLessThanOrEqual(512);
    expect(decodeDns(bytes)).toMatchObject({ truncated: true, answers: [], question: message.question });
    expect(decodeDns(encodeDns({ ...message, answers }))).toMatchObject({ truncated: false, answers: { length: 60 } });
  });

  it.each([
    ['two questions', (b: Uint8Array) => b.set([0, 2], 4)],
    ['more records than there are', (b: Uint8Array) => b.set([0, 9], 6)],
    ['an address of five octets', (b: Uint8Array) => b.set([0, 5], b.length - 6)],
  ])('%s is no message', (_what, spoil) => {
    const bytes = encodeDns({ ...message, answers: ANSWERS.slice(0, 1) });
    expect(decodeDns(bytes)).not.toBeNull();
    spoil(bytes);
    expect(decodeDns(bytes)).toBeNull();
  });

  it('no bytes make it throw; what it reads, it can write', () => {
    const whole = encodeDns({ ...message, answers: ANSWERS, edns: { payload: 512, version: 0 } });
    const spoilt = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }).map((edits) => {
      const bytes = whole.slice();
      for (const [at, octet] of edits) bytes[at] = octet;
      return bytes;
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          spoilt,
          spoilt.map((bytes) => bytes.subarray(0, bytes.length - 7)),
        ),
        (bytes) => {
          const read = decodeDns(bytes);
          if (read !== null) expect(decodeDns(encodeDns(read))).toEqual(read);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('on a stream', () => {
  it('come out whole, whatever the chunks', () => {
    const messages = [ANSWERS.slice(0, 1), ANSWERS, []].map((answers) => encodeDns({ ...message, answers }));
    const stream = Uint8Array.from(messages.flatMap((one) => [...frameDns(one)]));
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
        const framer = new DnsFramer();
        const borders = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const got = borders.slice(1).flatMap((to, i) => framer.push(stream.subarray(borders[i], to)));
        expect(got).toEqual(messages);
      }),
    );
  });

  it('a length that no message has ends it', () => {
    const framer = new DnsFramer();
    expect(framer.push(Uint8Array.of(0, 5, 1, 2, 3, 4, 5))).toEqual([]);
    expect(framer.broken).toBe(true);
    expect(framer.push(frameDns(encodeDns(message)))).toEqual([]);
  });
});
