import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.js';
import { randomRoot } from '../../../base/rng.js';
import { seconds } from '../../../base/time.js';
import { play } from '../../testing/play.js';
import { header, headerValues, makeRequest, makeResponse, type SipMessage, type SipRequest } from '../message.js';
import type { Source } from '../transaction/layer.js';
import { Proxy, type ProxyIn, type ProxyOut } from './proxy.js';

const CALLER: Source = { connection: 1, address: '10.0.1.5', port: 40001, local: { address: '10.3.0.10', port: 5061 } };
const CALLEE: Source = { connection: 2, address: '10.0.1.6', port: 40002, local: { address: '10.3.0.10', port: 5061 } };

/** A proxy that sends everything to the connection of the callee. */
const proxy = () =>
  play<ProxyIn, ProxyOut>(
    new Proxy({
      rng: randomRoot(7).stream('node:fe'),
      isMe: (host) => host === 'fe.contoso.example',
      face: () => ({ host: 'fe.contoso.example', port: 5061 }),
      route: () => ({ kind: 'forward', targets: [{ uri: null, hop: { kind: 'connection', connection: 2 } }] }),
    }),
  );

function request(method: string, maxForwards = 70): SipRequest {
  return makeRequest(method, 'sip:bob@contoso.example', [
    ['Via', 'SIP/2.0/TLS 10.0.1.5;branch=z9hG4bK776asdhds'],
    ['Max-Forwards', String(maxForwards)],
    ['From', '<sip:alice@contoso.example>;tag=1928301774'],
    ['To', '<sip:bob@contoso.example>'],
    ['Call-ID', 'a84b4c76e66710'],
    ['CSeq', `314159 ${method}`],
    ['Contact', '<sip:alice@10.0.1.5;transport=tls>'],
  ]);
}

const from = (source: Source, message: SipMessage): ProxyIn => ({ kind: 'received', message, source });
const status = (code: number) => (out: ProxyOut) => out.kind === 'send' && out.message.kind === 'response' && out.message.status === code;
const isRequest = (method: string) => (out: ProxyOut) => out.kind === 'send' && out.message.kind === 'request' && out.message.method === method;

function forwarded(outs: readonly ProxyOut[], method: string): SipRequest {
  const found = outs.flatMap((out) => (out.kind === 'send' && out.message.kind === 'request' && out.message.method === method ? [out.message] : []));
  return must(found[0], `a forwarded ${method}`);
}

describe('a stateful proxy, as a playbook', () => {
  it('RFC 3261 16.6: one hop less, a Via of its own on top, Record-Route; 100 to the caller at once', () => {
    const fe = proxy().in(from(CALLER, request('INVITE')));
    const outs = fe.take();
    expect(outs.filter(status(100))).toHaveLength(1);
    const sent = forwarded(outs, 'INVITE');
    expect(header(sent, 'Max-Forwards')).toBe('69');
    expect(headerValues(sent, 'Via')).toEqual([expect.stringContaining('fe.contoso.example'), expect.stringContaining('branch=z9hG4bK776asdhds')]);
    expect(header(sent, 'Record-Route')).toContain('fe.contoso.example');
  });

  it('RFC 3261 16.7: responses go back without its Via; a 2xx ends what it knows, and the ACK passes by itself', () => {
    const fe = proxy().in(from(CALLER, request('INVITE')));
    const sent = forwarded(fe.take(), 'INVITE');
    fe.in(from(CALLEE, makeResponse(sent, 180, { toTag: 'a6c85cf' }))).out(status(180));
    const [ok] = fe.in(from(CALLEE, makeResponse(sent, 200, { toTag: 'a6c85cf' }))).take();
    expect(ok).toMatchObject({ kind: 'send', to: { kind: 'connection', connection: 1 }, message: { status: 200 } });
    expect(ok?.kind === 'send' && headerValues(ok.message, 'Via')).toHaveLength(1);
    fe.at(seconds(64)).out().quiet();
  });

  it('RFC 3261 16.10: a CANCEL is answered, and goes on to the branch that is pending; 487 comes back', () => {
    const fe = proxy().in(from(CALLER, request('INVITE')));
    const sent = forwarded(fe.take(), 'INVITE');
    fe.in(from(CALLEE, makeResponse(sent, 180, { toTag: 'a6c85cf' }))).out(status(180));
    const outs = fe.in(from(CALLER, request('CANCEL'))).take();
    expect(outs.filter(status(200))).toHaveLength(1);
    const cancel = forwarded(outs, 'CANCEL');
    expect(header(cancel, 'Via')).toBe(header(sent, 'Via'));
    fe.in(from(CALLEE, makeResponse(cancel, 200))).out();
    const ended = fe.in(from(CALLEE, makeResponse(sent, 487, { toTag: 'a6c85cf' }))).take();
    expect([ended.filter(isRequest('ACK')).length, ended.filter(status(487)).length]).toEqual([1, 1]);
  });

  it('RFC 3261 16.6 step 11 and 16.8: a branch that only rings is cancelled when timer C fires, after more than three minutes', () => {
    const fe = proxy().in(from(CALLER, request('INVITE')));
    const sent = forwarded(fe.take(), 'INVITE');
    fe.in(from(CALLEE, makeResponse(sent, 180, { toTag: 'a6c85cf' }))).out(status(180));
    fe.at(seconds(180)).out();
    for (let at = 181; at <= 240; at++) {
      const outs = fe.at(seconds(at)).take();
      if (outs.length === 0) continue;
      expect(outs.filter(isRequest('CANCEL'))).toHaveLength(1);
      return;
    }
    expect.unreachable('timer C never fired');
  });

  it('RFC 3261 16.3 step 3: without a hop left it is answered 483 and goes nowhere', () => {
    const outs = proxy()
      .in(from(CALLER, request('MESSAGE', 0)))
      .take();
    expect([outs.filter(status(483)).length, outs.filter(isRequest('MESSAGE')).length]).toEqual([1, 0]);
  });

  it('RFC 3261 16.9: a hop that cannot be reached counts as 503, which the caller gets as 500 or 503', () => {
    const fe = proxy().in(from(CALLER, request('MESSAGE')));
    const [sent] = fe.take().filter(isRequest('MESSAGE'));
    const transaction = sent?.kind === 'send' ? sent.transaction : '';
    const outs = fe.in({ kind: 'transport-error', transaction, detail: 'connection reset' }).take();
    expect(outs.filter((out) => status(500)(out) || status(503)(out))).toHaveLength(1);
  });
});
