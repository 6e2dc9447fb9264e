import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import { seconds } from '../../base/time.js';
import { DigestClient } from './digest.js';
import { header, headerValues, makeRequest, type HeaderPairs, type SipResponse } from './message.js';
import { Registrar } from './registrar.js';
import type { Source } from './transaction/layer.js';

const source = (connection: number): Source => ({ connection, address: '192.0.2.1', port: 5, local: { address: '192.0.2.2', port: 5061 } });

function lab() {
  const registrar = new Registrar({
    realm: 'biloxi.example',
    rng: randomRoot(3).stream('r'),
    home: (a) => (a === 'bob@biloxi.example' ? { kind: 'here', password: 'zanzibar' } : { kind: 'unknown' }),
  });
  const client = new DigestClient('bob', 'zanzibar', randomRoot(3).stream('c'));
  let sequence = 0;
  const register = (headers: HeaderPairs, options: { at?: number; connection?: number; callId?: string; sequence?: number } = {}): SipResponse => {
    const now = seconds(options.at ?? 0);
    const send = (credentials: HeaderPairs): SipResponse =>
      registrar.register(
        makeRequest('REGISTER', 'sip:biloxi.example', [
          ['From', '<sip:bob@biloxi.example>;tag=1'],
          ['To', '<sip:bob@biloxi.example>'],
          ['Call-ID', options.callId ?? 'one'],
          ['CSeq', `${options.sequence ?? ++sequence} REGISTER`],
          ...headers,
          ...credentials,
        ]),
        source(options.connection ?? 1),
        now,
      ).response;
    return send([['Authorization', client.answer(headerValues(send([]), 'WWW-Authenticate'), 'REGISTER', 'sip:biloxi.example') ?? '']]);
  };
  return { registrar, register };
}

const bound = (response: SipResponse): string[] => headerValues(response, 'Contact');

describe('registrar (RFC 3261 section 10.3)', () => {
  it('challenges by the algorithms that it is given, in their order; by SHA-256 first when it is given none', () => {
    const challenges = (algorithms?: readonly ('MD5' | 'SHA-256')[]): (string | undefined)[] => {
      const registrar = new Registrar({
        realm: 'x',
        rng: randomRoot(3).stream('r'),
        home: () => ({ kind: 'here', password: 'p' }),
        ...(algorithms !== undefined && { algorithms }),
      });
      const request = makeRequest('REGISTER', 'sip:x', [
        ['From', '<sip:a@x>;tag=1'],
        ['To', '<sip:a@x>'],
        ['Call-ID', 'c'],
        ['CSeq', '1 REGISTER'],
      ]);
      return headerValues(registrar.register(request, source(1), seconds(0)).response, 'WWW-Authenticate').map((value) => /algorithm=([^,]+)/.exec(value)?.[1]);
    };
    expect(challenges()).toEqual(['SHA-256', 'MD5']);
    expect(challenges(['MD5'])).toEqual(['MD5']);
  });
  it('several contacts, each with its own time; what is asked for nothing is a query', () => {
    const { register } = lab();
    const response = register([
      ['Contact', '<sip:bob@192.0.2.4>;expires=120'],
      ['Contact', '<sip:bob@desk.example>;q=0.5'],
      ['Expires', '600'],
    ]);
    expect(bound(response)).toEqual(['<sip:bob@192.0.2.4>;expires=120', '<sip:bob@desk.example>;q=0.5;expires=600']);
    expect(bound(register([], { at: 100 }))).toEqual(['<sip:bob@192.0.2.4>;expires=20', '<sip:bob@desk.example>;q=0.5;expires=500']);
    expect(bound(register([], { at: 120 }))).toEqual(['<sip:bob@desk.example>;q=0.5;expires=480']);
  });
  it('the same URI is refreshed, Expires: 0 removes one, * removes all', () => {
    const { register } = lab();
    register([
      ['Contact', '<sip:bob@a.example>'],
      ['Contact', '<sip:bob@b.example>'],
    ]);
    expect(bound(register([['Contact', '<sip:BOB@A.example>;expires=90']]))).toHaveLength(3);
    expect(bound(register([['Contact', '<sip:bob@A.Example>;expires=90']]))).toContain('<sip:bob@A.Example>;expires=90');
    expect(bound(register([['Contact', '<sip:bob@a.example>;expires=0']]))).toHaveLength(2);
    expect(
      register([
        ['Contact', '*'],
        ['Expires', '5'],
      ]).status,
    ).toBe(400);
    expect(
      bound(
        register([
          ['Contact', '*'],
          ['Expires', '0'],
        ]),
      ),
    ).toEqual([]);
  });
  it('the same instance and reg-id take the place of the old contact and flow (RFC 5626 section 6)', () => {
    const { register, registrar } = lab();
    const contact = (port: number) => ['Contact', `<sip:bob@192.0.2.9:${port}>;+sip.instance="<urn:uuid:1>";reg-id=1`] as const;
    register([contact(1000)], { connection: 1 });
    register([contact(2000)], { connection: 2, callId: 'two' });
    const [only, ...others] = registrar.location.lookup('bob@biloxi.example', seconds(1));
    expect([only?.connection, others]).toEqual([2, []]);
    expect(registrar.location.dropConnection(1)).toEqual([]);
    expect(registrar.location.dropConnection(2)).toEqual(['bob@biloxi.example']);
  });
  it('an older CSeq of the same Call-ID changes nothing', () => {
    const { register } = lab();
    register([['Contact', '<sip:bob@a.example>']], { sequence: 10 });
    expect(register([['Contact', '<sip:bob@a.example>;expires=0']], { sequence: 9 }).status).toBe(500);
    expect(bound(register([], { sequence: 11 }))).toHaveLength(1);
    expect(register([['Contact', '<sip:bob@a.example>;expires=0']], { callId: 'another', sequence: 1 }).status).toBe(200);
  });
  it('423 with Min-Expires, the maximum is capped, what cannot be read is 3600 (20.19)', () => {
    const { register } = lab();
    const brief = register([['Contact', '<sip:bob@a.example>;expires=59']]);
    expect([brief.status, header(brief, 'Min-Expires')]).toEqual([423, '60']);
    expect(bound(register([['Contact', '<sip:bob@a.example>;expires=60']]))).toEqual(['<sip:bob@a.example>;expires=60']);
    expect(bound(register([['Contact', '<sip:bob@a.example>;expires=99999']]))).toEqual(['<sip:bob@a.example>;expires=3600']);
    expect(
      bound(
        register([
          ['Contact', '<sip:bob@a.example>'],
          ['Expires', `1${'0'.repeat(100)}`],
        ]),
      ),
    ).toEqual(['<sip:bob@a.example>;expires=3600']);
  });
  it('an extension that is not known is 420', () => expect(lab().register([['Require', 'magic']]).status).toBe(420));
});
