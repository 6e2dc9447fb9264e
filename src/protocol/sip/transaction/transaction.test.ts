import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../../base/time.js';
import { play } from '../../testing/play.js';
import { header, makeRequest, makeResponse, type SipRequest, type SipResponse } from '../message.js';
import { parseMessage } from '../parser.js';
import { torture } from '../testing/torture/semantics.js';
import { ackFor, ClientTransaction, type ClientOut } from './client.js';
import { ServerTransaction, type ServerOut } from './server.js';
import { TransactionLayer, type LayerOut, type Source } from './layer.js';

const ms = millis;
const s = seconds;

function request(method: string, branch = 'z9hG4bK776asdhds'): SipRequest {
  return makeRequest(method, 'sip:bob@biloxi.example.com', [
    ['Via', `SIP/2.0/TLS client.atlanta.example.com:5061;branch=${branch}`],
    ['Max-Forwards', '70'],
    ['Route', '<sip:ss1.atlanta.example.com;lr>'],
    ['From', 'Alice <sip:alice@atlanta.example.com>;tag=1928301774'],
    ['To', 'Bob <sip:bob@biloxi.example.com>'],
    ['Call-ID', 'a84b4c76e66710'],
    ['CSeq', `314159 ${method}`],
  ]);
}

const invite = request('INVITE');
const options = request('OPTIONS');
const answer = (r: SipRequest, status: number): SipResponse => makeResponse(r, status, { toTag: 'a6c85cf' });
const ringing = answer(invite, 180);
const busy = answer(invite, 486);
const ok = answer(invite, 200);
const send = (message: SipRequest): ClientOut => ({ kind: 'send', message });
const reply = (message: SipResponse): ServerOut => ({ kind: 'send', message });
const up = (response: SipResponse): ClientOut => ({ kind: 'response', response });
const got = (response: SipResponse) => ({ kind: 'response', response }) as const;
const ended = { kind: 'ended' } as const;
const timedOut = (o: ClientOut | ServerOut) => o.kind === 'failed' && o.why === 'timeout';

describe('the automatic 100 (17.2.1)', () => {
  it('has the Timestamp of the request, and how long it took (8.2.6.1)', () => {
    const stamped: SipRequest = { ...invite, headers: [...invite.headers, { name: 'Timestamp', value: '54.21 0.5' }] };
    const machine = new ServerTransaction(stamped, { reliable: true });
    const out: ServerOut[] = [];
    machine.handle({ kind: 'start' }, ms(0), out);
    machine.tick(ms(200), out);
    expect(out.map((o) => (o.kind === 'send' ? [o.message.status, header(o.message, 'Timestamp')] : null))).toEqual([[100, '54.21 0.2']]);
    expect(header(makeResponse(stamped, 180), 'Timestamp')).toBeUndefined();
  });
});

describe('INVITE client transaction (17.1.1, figure 5)', () => {
  const start = (reliable: boolean) => play(new ClientTransaction(invite, { reliable })).in({ kind: 'start' }).out(send(invite));

  it('over UDP: timer A doubles, a provisional stops it, a 486 is acknowledged, timer D absorbs', () => {
    start(false)
      .at(ms(500))
      .out(send(invite))
      .at(ms(1500))
      .out(send(invite))
      .at(ms(3500))
      .out(send(invite))
      .in(got(ringing))
      .out(up(ringing))
      .at(s(200))
      .out()
      .in(got(busy))
      .out(up(busy), send(ackFor(invite, busy)))
      .at(s(210))
      .in(got(busy))
      .out(send(ackFor(invite, busy)))
      .at(s(232))
      .out(ended)
      .quiet();
  });
  it('over UDP: 7 sendings in all, then timer B', () => {
    const p = start(false);
    for (const t of [500, 1500, 3500, 7500, 15500, 31500]) p.at(ms(t)).out(send(invite));
    p.at(s(32)).out(timedOut, ended).quiet();
  });
  it('over TLS: nothing is repeated, timer B counts, timer D is zero', () => {
    start(true).at(s(32)).out(timedOut, ended).quiet();
    start(true)
      .in(got(busy))
      .out(up(busy), send(ackFor(invite, busy)), ended)
      .quiet();
  });
  it('RFC 6026: further 2xx are passed up for 64*T1, other responses are not', () => {
    const fork = answer(invite, 200);
    start(true).in(got(ok)).out(up(ok)).at(s(20)).in(got(fork)).out(up(fork)).in(got(busy)).out().at(s(32)).out(ended).quiet();
  });
  it('a transport error ends it', () => {
    start(true).in({ kind: 'transport-error', detail: 'reset' }).out({ kind: 'failed', why: 'transport', detail: 'reset' }, ended).in(got(ok)).out().quiet();
  });
  it('ACK: branch and Route of the INVITE, To of the response (17.1.1.3)', () => {
    const ack = ackFor(invite, busy);
    expect([ack.method, header(ack, 'Via'), header(ack, 'Route'), header(ack, 'To'), header(ack, 'CSeq')]).toEqual([
      'ACK',
      header(invite, 'Via'),
      '<sip:ss1.atlanta.example.com;lr>',
      'Bob <sip:bob@biloxi.example.com>;tag=a6c85cf',
      '314159 ACK',
    ]);
  });
});

describe('non-INVITE client transaction (17.1.2, figure 6)', () => {
  const start = (reliable: boolean) => play(new ClientTransaction(options, { reliable })).in({ kind: 'start' }).out(send(options));
  it('over UDP: timer E doubles up to T2, then timer F', () => {
    const p = start(false);
    for (const t of [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]) p.at(ms(t)).out(send(options));
    p.at(s(32)).out(timedOut, ended).quiet();
  });
  it('proceeding still times out; completed absorbs for T4', () => {
    const trying = answer(options, 100);
    start(true).in(got(trying)).out(up(trying)).at(s(32)).out(timedOut, ended);
    const done = answer(options, 200);
    start(false).in(got(done)).out(up(done)).at(s(3)).in(got(done)).out().at(s(5)).out(ended).quiet();
    start(true).in(got(done)).out(up(done), ended).quiet();
  });
});

describe('INVITE server transaction (17.2.1, figure 7)', () => {
  const start = (reliable: boolean) => play(new ServerTransaction(invite, { reliable })).in({ kind: 'start' }).out();
  const respond = (response: SipResponse) => ({ kind: 'respond', response }) as const;
  const ack = { kind: 'request', request: request('ACK') } as const;
  const again = { kind: 'request', request: invite } as const;

  it('sends 100 after 200 ms of silence, not when its user was faster', () => {
    start(true)
      .at(ms(200))
      .out((o) => o.kind === 'send' && o.message.status === 100)
      .at(s(300))
      .out();
    start(true).in(respond(ringing)).out(reply(ringing)).at(s(1)).out();
  });
  it('over UDP: the last response to a retransmission; timer G up to T2; ACK confirms; timer I', () => {
    const p = start(false).in(respond(ringing)).out(reply(ringing)).in(again).out(reply(ringing)).in(respond(busy)).out(reply(busy));
    for (const t of [500, 1500, 3500, 7500, 11500]) p.at(ms(t)).out(reply(busy));
    p.in(again).out(reply(busy)).in(ack).out().in(again).out().at(ms(16500)).out(ended).quiet();
  });
  it('timer H without ACK', () => {
    start(true).in(respond(busy)).out(reply(busy)).at(s(32)).out(timedOut, ended).quiet();
    start(true).in(respond(busy)).out(reply(busy)).in(ack).out(ended).quiet();
  });
  it('RFC 6026: in Accepted the INVITE is absorbed, 2xx of the core go out, ACK goes up', () => {
    start(true)
      .in(respond(ok))
      .out(reply(ok))
      .in(again)
      .out()
      .in(respond(ok))
      .out(reply(ok))
      .in(respond(busy))
      .out()
      .in(ack)
      .out({ kind: 'ack', request: ack.request })
      .at(s(32))
      .out(ended)
      .quiet();
  });
});

describe('non-INVITE server transaction (17.2.2, figure 8)', () => {
  it('answers retransmissions with the last response for 64*T1', () => {
    const done = answer(options, 200);
    const p = play(new ServerTransaction(options, { reliable: false }))
      .in({ kind: 'start' })
      .out()
      .in({ kind: 'request', request: options })
      .out();
    p.in({ kind: 'respond', response: done }).out(reply(done)).in({ kind: 'request', request: options }).out(reply(done)).at(s(32)).out(ended).quiet();
  });
});

describe('the playbook itself', () => {
  it('fails on what is not listed', () => {
    const p = play(new ClientTransaction(invite, { reliable: false })).in({ kind: 'start' });
    expect(() => p.in(got(ok))).toThrow(/not listed/);
    expect(() => p.out()).toThrow(/expected/);
    expect(() => p.out(send(invite)).at(s(2))).toThrow(/not listed/);
  });
});

describe('layer', () => {
  const source: Source = { connection: 7, address: '192.0.2.9', port: 40000, local: null };
  const feed = (layer: TransactionLayer, message: SipRequest | SipResponse): LayerOut[] => {
    const out: LayerOut[] = [];
    layer.received(message, source, s(0), out);
    return out;
  };

  it('stamps received and rport (RFC 3581 section 4) and matches the ACK by branch', () => {
    const layer = new TransactionLayer();
    const rport: SipRequest = { ...invite, headers: invite.headers.map((h) => (h.name === 'Via' ? { ...h, value: `${h.value};rport` } : h)) };
    const [first] = feed(layer, rport);
    expect(first).toMatchObject({ kind: 'request', source });
    if (first?.kind !== 'request') throw new Error('no request');
    expect(header(first.request, 'Via')).toBe('SIP/2.0/TLS client.atlanta.example.com:5061;branch=z9hG4bK776asdhds;rport=40000;received=192.0.2.9');
    expect(feed(layer, rport)).toEqual([]);
    const out: LayerOut[] = [];
    layer.respond(first.transaction, busy, s(0), out);
    expect(out).toMatchObject([{ kind: 'send', to: { kind: 'connection', connection: 7 } }]);
    expect(feed(layer, request('ACK'))).toMatchObject([{ kind: 'ended' }]);
    expect(layer.size).toBe(0);
  });
  it('same branch from another sent-by is another transaction; CANCEL is one of its own', () => {
    const layer = new TransactionLayer();
    feed(layer, invite);
    const other = {
      ...invite,
      headers: invite.headers.map((h) => (h.name === 'Via' ? { ...h, value: 'SIP/2.0/TLS other.example.com;branch=z9hG4bK776asdhds' } : h)),
    };
    expect(feed(layer, other)).toMatchObject([{ kind: 'request' }]);
    expect(feed(layer, request('CANCEL'))).toMatchObject([{ kind: 'request' }]);
    expect(layer.size).toBe(3);
  });
  it('RFC 4475 3.2.1: the bare cookie does not identify a transaction', () => {
    const layer = new TransactionLayer();
    const m = parseMessage(torture('badbranch')) as SipRequest;
    const other = { ...m, headers: m.headers.map((h) => (h.name === 'Call-ID' ? { name: 'Call-ID', value: 'another' } : h)) };
    feed(layer, m);
    feed(layer, other);
    expect(layer.size).toBe(2);
  });
  it('a response that nobody waits for is stray (RFC 4475 3.3.10 too)', () => {
    const layer = new TransactionLayer();
    expect(feed(layer, busy)).toMatchObject([{ kind: 'stray' }]);
    expect(feed(layer, parseMessage(torture('bcast')) as SipResponse)).toMatchObject([{ kind: 'stray' }]);
  });
});
