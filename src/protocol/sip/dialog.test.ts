import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import { Dialog, glareWait, nextHop } from './dialog.js';
import { header, headerValues, makeRequest, makeResponse, type SipRequest } from './message.js';

const invite = makeRequest('INVITE', 'sip:bob@biloxi.example', [
  ['Via', 'SIP/2.0/TLS a.example;branch=z9hG4bK1'],
  ['From', '<sip:alice@atlanta.example>;tag=a1'],
  ['To', '<sip:bob@biloxi.example>'],
  ['Call-ID', 'c1'],
  ['CSeq', '7 INVITE'],
  ['Contact', '<sip:alice@pc.atlanta.example>'],
  ['Record-Route', '<sip:p2.example;lr>'],
  ['Record-Route', '<sip:p1.example;lr>'],
]);
const ok = makeResponse(invite, 200, { toTag: 'b1', headers: [['Contact', '<sip:bob@desk.biloxi.example>']] });
const request = (method: string, sequence: number, contact?: string): SipRequest =>
  makeRequest(method, 'sip:x@y', [
    ['From', '<sip:bob@biloxi.example>;tag=b1'],
    ['To', '<sip:alice@atlanta.example>;tag=a1'],
    ['Call-ID', 'c1'],
    ['CSeq', `${sequence} ${method}`],
    ...(contact === undefined ? [] : [['Contact', contact] as const]),
  ]);

describe('dialog (RFC 3261 section 12)', () => {
  it('the caller turns the route set round, the callee keeps it (12.1.1, 12.1.2)', () => {
    expect(Dialog.ofCaller(invite, ok)?.routeSet).toEqual(['<sip:p1.example;lr>', '<sip:p2.example;lr>']);
    expect(Dialog.ofCallee(invite, 'b1').routeSet).toEqual(['<sip:p2.example;lr>', '<sip:p1.example;lr>']);
  });
  it('no dialog without a tag, from 100, or from a failure', () => {
    for (const status of [100, 404, 301]) expect(Dialog.ofCaller(invite, makeResponse(invite, status, { toTag: 'b1' }))).toBeNull();
    expect(Dialog.ofCaller(invite, makeResponse(invite, 180))).toBeNull();
    expect(Dialog.ofCaller(invite, makeResponse(invite, 180, { toTag: 'b1' }))?.state).toBe('early');
  });
  it('requests: target, route set, tags, rising CSeq (12.2.1.1)', () => {
    const dialog = Dialog.ofCaller(invite, ok)!;
    const bye = dialog.request('BYE');
    expect([bye.uri, headerValues(bye, 'Route'), header(bye, 'From'), header(bye, 'To'), header(bye, 'CSeq')]).toEqual([
      'sip:bob@desk.biloxi.example',
      ['<sip:p1.example;lr>', '<sip:p2.example;lr>'],
      '<sip:alice@atlanta.example>;tag=a1',
      '<sip:bob@biloxi.example>;tag=b1',
      '8 BYE',
    ]);
    expect(header(dialog.request('INFO'), 'CSeq')).toBe('9 INFO');
    dialog.advance(12);
    expect(header(dialog.request('INFO'), 'CSeq')).toBe('13 INFO');
    expect(nextHop(bye)).toEqual({ kind: 'target', host: 'p1.example', port: 5061 });
  });
  it('a strict router gets itself as Request-URI, the target as last Route', () => {
    const strict = { ...ok, headers: ok.headers.map((h) => (h.value === '<sip:p1.example;lr>' ? { name: 'Record-Route', value: '<sip:p1.example>' } : h)) };
    const bye = Dialog.ofCaller(invite, strict)!.request('BYE');
    expect([bye.uri, headerValues(bye, 'Route')]).toEqual(['sip:p1.example', ['<sip:p2.example;lr>', '<sip:bob@desk.biloxi.example>']]);
  });
  it('ACK: CSeq and credentials of the INVITE (13.2.2.4)', () => {
    const signed = { ...invite, headers: [...invite.headers, { name: 'Proxy-Authorization', value: 'Digest x="y"' }] };
    const ack = Dialog.ofCaller(signed, ok)!.ack(signed);
    expect([ack.method, header(ack, 'CSeq'), header(ack, 'Proxy-Authorization')]).toEqual(['ACK', '7 ACK', 'Digest x="y"']);
  });
  it('lower than the last is refused; an equal one and a gap are not (12.2.2)', () => {
    const dialog = Dialog.ofCaller(invite, ok)!;
    expect([
      dialog.accept(request('INFO', 100)),
      dialog.accept(request('INFO', 105)),
      dialog.accept(request('INFO', 105)),
      dialog.accept(request('INFO', 104)),
    ]).toEqual([true, true, true, false]);
  });
  it('INVITE and UPDATE refresh the target, INFO does not', () => {
    const dialog = Dialog.ofCaller(invite, ok)!;
    dialog.accept(request('INFO', 1, '<sip:bob@elsewhere.example>'));
    expect(dialog.remoteTarget).toBe('sip:bob@desk.biloxi.example');
    dialog.accept(request('UPDATE', 2, '<sip:bob@mobile.example>'));
    expect(dialog.remoteTarget).toBe('sip:bob@mobile.example');
    expect(dialog.routeSet).toHaveLength(2);
  });
  it('the wait after a 491: the owner of the Call-ID 2.1 to 4 s, the other up to 2 s, in 10 ms (14.1)', () => {
    const rng = randomRoot(1).stream('glare');
    const draws = (owner: boolean) => Array.from({ length: 500 }, () => glareWait(rng, owner));
    expect(draws(true).every((ms) => ms >= 2100 && ms <= 4000 && ms % 10 === 0)).toBe(true);
    expect(draws(false).every((ms) => ms > 0 && ms <= 2000 && ms % 10 === 0)).toBe(true);
  });
});
