import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { randomRoot } from '../../../base/rng.js';
import { millis, seconds } from '../../../base/time.js';
import { play } from '../../testing/play.js';
import { header, makeResponse, type SipMessage, type SipRequest } from '../message.js';
import type { Hop, Source } from '../transaction/layer.js';
import type { UaIn, UaOut } from './events.js';
import { UserAgent } from './user-agent.js';

const HOME: Hop = { kind: 'target', host: 'fe.contoso.example', port: 5061 };
const SOURCE: Source = { connection: 3, address: '10.0.0.2', port: 5061, local: null };

function agent() {
  const ua = new UserAgent({
    aor: 'sip:alice@contoso.example',
    credentials: { username: 'alice@contoso.example', password: 'secret' },
    sentBy: '10.0.1.5',
    contact: 'sip:alice@10.0.1.5;transport=tls',
    instance: 'urn:uuid:00000000-0000-4000-8000-000000000001',
    outbound: HOME,
    rng: randomRoot(7).stream('node:alice:sip'),
  });
  return play<UaIn, UaOut>(ua);
}

/** The one request of that method among the outputs. */
function sent(outs: readonly UaOut[], method: string): SipRequest {
  const found = outs.flatMap((out) => (out.kind === 'send' && out.message.kind === 'request' && out.message.method === method ? [out.message] : []));
  expect(found).toHaveLength(1);
  return must(found[0], method);
}

const received = (message: SipMessage): UaIn => ({ kind: 'received', message, source: SOURCE });
const reply = (request: SipRequest, status: number, headers: readonly (readonly [string, string])[] = []): UaIn =>
  received(makeResponse(request, status, { toTag: 'a6c85cf', headers }));
const isSend = (method: string) => (out: UaOut) => out.kind === 'send' && out.message.kind === 'request' && out.message.method === method;
const event = (kind: UaOut['kind']) => (out: UaOut) => out.kind === kind;

describe('a user agent core, as a playbook', () => {
  it('RFC 3261 22.2: a challenged REGISTER comes again with credentials and a higher CSeq; the binding is refreshed before it ends', () => {
    const ua = agent().in({ kind: 'register', expires: 600 });
    const first = sent(ua.take(), 'REGISTER');
    expect(header(first, 'Authorization')).toBeUndefined();
    const challenge = 'Digest realm="contoso.example", nonce="9f8e7d", qop="auth", algorithm=SHA-256';
    const second = sent(ua.in(reply(first, 401, [['WWW-Authenticate', challenge]])).take(), 'REGISTER');
    expect(header(second, 'Authorization')).toMatch(/username="alice@contoso.example".*nonce="9f8e7d"/);
    expect(parseInt(header(second, 'CSeq') ?? '', 10)).toBe(parseInt(header(first, 'CSeq') ?? '', 10) + 1);
    expect(header(second, 'Call-ID')).toBe(header(first, 'Call-ID'));
    ua.in(reply(second, 200, [['Contact', `${header(second, 'Contact') ?? ''};expires=600`]])).out((out) => out.kind === 'registered' && out.expires === 600);
    // Nothing until the refresh, with a quarter of the time to spare (RFC 3261 10.2.4: before it expires).
    ua.at(seconds(449)).out();
    const refresh = sent(ua.at(seconds(450)).take(), 'REGISTER');
    expect(header(refresh, 'Call-ID')).toBe(header(first, 'Call-ID'));
  });

  it('RFC 3261 17.1.2.2: without an answer a REGISTER fails after 64 T1 = 32 s, as 408', () => {
    agent()
      .in({ kind: 'register', expires: 600 })
      .out(isSend('REGISTER'))
      .at(seconds(32))
      .out((out) => out.kind === 'register-failed' && out.status === 408)
      .quiet();
  });

  it('RFC 3261 13.2.2.4: a 2xx is acknowledged at once, and the call is ended by a BYE in its dialog', () => {
    const ua = agent().in({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example' });
    const invite = sent(ua.take(), 'INVITE');
    ua.in(reply(invite, 180)).out((out) => out.kind === 'progressed' && out.call === 1 && out.status === 180);
    const outs = ua.in(reply(invite, 200, [['Contact', '<sip:bob@10.0.1.6;transport=tls>']])).take();
    const ack = sent(outs, 'ACK');
    expect(ack.uri).toBe('sip:bob@10.0.1.6;transport=tls');
    expect(parseInt(header(ack, 'CSeq') ?? '', 10)).toBe(parseInt(header(invite, 'CSeq') ?? '', 10));
    expect(outs.map((out) => out.kind).sort()).toEqual(['answered', 'send']);
    const ending = ua.in({ kind: 'bye', call: 1 }).take();
    const bye = sent(ending, 'BYE');
    expect(ending.filter(event('ended'))).toMatchObject([{ call: 1, why: 'bye-sent' }]);
    expect([header(bye, 'Call-ID'), header(bye, 'To')]).toEqual([header(invite, 'Call-ID'), expect.stringContaining('tag=a6c85cf')]);
    ua.in(reply(bye, 200)).out();
  });

  it('RFC 3261 9.1: a CANCEL waits for the first provisional answer; 487 ends the call', () => {
    const ua = agent().in({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example' });
    const invite = sent(ua.take(), 'INVITE');
    ua.in({ kind: 'cancel', call: 1 }).out();
    const cancel = sent(ua.at(millis(10)).in(reply(invite, 100)).take(), 'CANCEL');
    expect([header(cancel, 'CSeq')?.split(' ')[0], header(cancel, 'Via')]).toEqual([header(invite, 'CSeq')?.split(' ')[0], header(invite, 'Via')]);
    ua.in(reply(cancel, 200)).out();
    const outs = ua.in(reply(invite, 487)).take();
    expect(outs.some(isSend('ACK'))).toBe(true);
    expect(outs.filter(event('ended'))).toMatchObject([{ call: 1, why: 'cancelled' }]);
  });

  it('a refused INVITE is acknowledged, told with its status, and nothing is left of it', () => {
    const ua = agent().in({ kind: 'invite', call: 1, to: 'sip:bob@contoso.example' });
    const invite = sent(ua.take(), 'INVITE');
    const outs = ua.in(reply(invite, 486)).take();
    expect(outs.some(isSend('ACK'))).toBe(true);
    expect(outs.filter(event('rejected'))).toMatchObject([{ call: 1, status: 486 }]);
    ua.at(seconds(64)).out().quiet();
  });

  it('RFC 3261 8.2.1: a method that it does not know is answered 405 with Allow, outside and inside of calls', () => {
    const request: SipRequest = {
      ...sent(agent().in({ kind: 'request', id: 1, method: 'MESSAGE', to: 'sip:alice@contoso.example' }).take(), 'MESSAGE'),
      method: 'PUBLISH',
    };
    const strange = { ...request, headers: request.headers.map((h) => (h.name === 'CSeq' ? { ...h, value: '5 PUBLISH' } : h)) };
    const answer = agent().in(received(strange)).take();
    expect(answer).toMatchObject([{ kind: 'send', message: { kind: 'response', status: 405 } }]);
    const [out] = answer;
    expect(out?.kind === 'send' && header(out.message, 'Allow')).toContain('INVITE');
  });
});
