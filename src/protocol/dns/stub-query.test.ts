import { describe, it } from 'vitest';
import { seconds, ZERO } from '../../base/time.js';
import { play, type Play } from '../testing/play.js';
import { decodeDns, encodeDns, type DnsMessage } from './message.js';
import { StubQuery, type StubIn, type StubOut } from './stub-query.js';

const ADDRESS = [{ name: 'sip.contoso.example', type: 'A', ttl: 60, address: '203.0.113.10' }] as const;

/** A question that has just been started, with that many servers. */
function asked(servers: number): Play<StubIn, StubOut> {
  const query = new StubQuery({ id: 7, name: 'sip.contoso.example', type: 'A', servers });
  const out: StubOut[] = [];
  query.start(ZERO, out);
  return play(query, ZERO, out);
}

function reply(server: number, change: Partial<DnsMessage> = {}): StubIn {
  const message: DnsMessage = {
    id: 7,
    response: true,
    opcode: 0,
    recursionDesired: true,
    recursionAvailable: true,
    authoritative: false,
    truncated: false,
    rcode: 'NOERROR',
    question: { name: 'sip.contoso.example', type: 'A' },
    answers: ADDRESS,
    authority: [],
    edns: null,
    ...change,
  };
  return { kind: 'datagram', server, bytes: encodeDns(message) };
}

/** The question, to that server. */
const question =
  (server: number) =>
  (out: StubOut): boolean => {
    const message = out.kind === 'send' && out.server === server ? decodeDns(out.bytes) : null;
    return message !== null && !message.response && message.id === 7 && message.recursionDesired && message.question?.name === 'sip.contoso.example';
  };

const answered =
  (rcode: DnsMessage['rcode'], answers: number) =>
  (out: StubOut): boolean =>
    out.kind === 'answer' && out.message.rcode === rcode && out.message.answers.length === answers;

describe('a question of a stub resolver', () => {
  it('ends with the first answer, and leaves no timer', () => {
    asked(1).out(question(0)).in(reply(0)).out(answered('NOERROR', 1)).quiet();
  });

  it('goes to the servers in turn, waits longer each round, and gives up', () => {
    asked(2)
      .out(question(0))
      .at(seconds(1))
      .out(question(1))
      .at(seconds(2))
      .out(question(0))
      .at(seconds(4))
      .out(question(1))
      .at(seconds(6))
      .out(question(0))
      .at(seconds(10))
      .out(question(1))
      .at(seconds(14))
      .out({ kind: 'timeout' })
      .quiet();
  });

  it('without a server there is nothing to wait for', () => {
    asked(0).out({ kind: 'timeout' }).quiet();
  });

  it.each([
    ['another id (RFC 5452 section 9.1)', { id: 8 }],
    ['another name', { question: { name: 'sip.fabrikam.example', type: 'A' } }],
    ['another type', { question: { name: 'sip.contoso.example', type: 'AAAA' } }],
    ['no question', { question: null }],
    ['a question of its own', { response: false }],
  ] as const)('%s is no answer', (_what, change) => {
    asked(1).out(question(0)).in(reply(0, change)).out().at(seconds(1)).out(question(0));
  });

  it('what is no DNS message is passed over', () => {
    asked(1)
      .out(question(0))
      .in({ kind: 'datagram', server: 0, bytes: Uint8Array.of(0, 7, 0x80) })
      .out();
  });

  it.each(['SERVFAIL', 'REFUSED', 'NOTIMP'] as const)('%s sends it on to the next server; from the last one it is the answer', (rcode) => {
    asked(2)
      .out(question(0))
      .in(reply(0, { rcode, answers: [] }))
      .out(question(1))
      .in(reply(1, { rcode, answers: [] }))
      .out(answered(rcode, 0))
      .quiet();
  });

  it('a name that is not there is an answer from whoever says so first', () => {
    asked(2)
      .out(question(0))
      .in(reply(0, { rcode: 'NXDOMAIN', answers: [] }))
      .out(answered('NXDOMAIN', 0))
      .quiet();
  });

  it('a server whose port is closed is left at once, one that was asked before is not', () => {
    asked(2).out(question(0)).in({ kind: 'unreachable', server: 1 }).out().in({ kind: 'unreachable', server: 0 }).out(question(1));
  });

  it('after its end nothing more is heard', () => {
    asked(1)
      .out(question(0))
      .in(reply(0))
      .out(answered('NOERROR', 1))
      .in(reply(0, { rcode: 'NXDOMAIN' }))
      .out()
      .quiet();
  });
});
