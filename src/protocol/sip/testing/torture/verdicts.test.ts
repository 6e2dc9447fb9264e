import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../../../base/rng.js';
import { NEVER, ZERO } from '../../../../base/time.js';
import { contacts, to as toField } from '../../fields.js';
import { bodyText, header, headerValues, makeRequest, makeResponse, type SipMessage, type SipRequest } from '../../message.js';
import { parseMessage } from '../../parser.js';
import type { ProxyOut } from '../../proxy/proxy.js';
import { Registrar } from '../../registrar.js';
import { here, Phone, Server, Wire } from '../wire.js';
import type { Send, Source } from '../../transaction/layer.js';
import { formatUri } from '../../uri.js';
import type { UaOut } from '../../user-agent/events.js';
import { torture } from './semantics.js';

describe('RFC 4475: verdicts of the application', () => {
  const source: Source = { connection: 5, address: '192.0.2.1', port: 5060, local: { address: '192.0.2.2', port: 5061 } };
  const message = (name: string): SipRequest => parseMessage(torture(name)) as SipRequest;
  const byUserAgent = (m: SipRequest): SipMessage => {
    const wire = new Wire();
    const phone = new Phone(wire, 'user', 'fe1');
    const out: UaOut[] = [];
    phone.ua.handle({ kind: 'received', message: m, source }, ZERO, out);
    return (out.find((o) => o.kind === 'send') as Send).message;
  };
  const byProxy = (m: SipRequest): SipMessage => {
    const fe = new Server(new Wire(), 'fe1', () => here);
    const out: ProxyOut[] = [];
    fe.proxy.handle({ kind: 'received', message: m, source }, ZERO, out);
    return (out.find((o) => o.kind === 'send') as Send).message;
  };
  const registrar = () => new Registrar({ realm: 'example.com', rng: randomRoot(1).stream('r'), home: () => here });
  const byRegistrar = (m: SipRequest): SipMessage => registrar().register(m, source, ZERO).response;

  it.each([
    ['3.3.2', 'unkscm', 416],
    ['3.3.3', 'novelsc', 416],
    ['3.3.5', 'bext01', 420],
    ['3.3.6', 'invut', 415],
    ['3.3.15', 'sdp01', 406],
    ['3.3.11', 'zeromf', 200],
  ])('%s %s: a user agent answers %i', (_section, name, status) => expect(byUserAgent(message(name))).toMatchObject({ status }));
  it.each([
    ['3.3.2', 'unkscm', 416],
    ['3.3.5', 'bext01', 420],
    ['3.3.11', 'zeromf', 483],
  ])('%s %s: a proxy answers %i', (_section, name, status) => expect(byProxy(message(name))).toMatchObject({ status }));
  it('3.3.5: each names the extensions that it does not know', () => {
    expect(header(byUserAgent(message('bext01')), 'Unsupported')).toBe('nothingSupportsThis, nothingSupportsThisEither');
    expect(header(byProxy(message('bext01')), 'Unsupported')).toBe('noProxiesSupportThis, norDoAnyProxiesSupportThis');
  });
  it('3.3.4 and 3.3.7: a registrar wants a SIP address of record, and knows no other scheme of authentication', () => {
    expect(byRegistrar(message('unksm2'))).toMatchObject({ status: 400 });
    const challenge = byRegistrar(message('regaut01'));
    expect([challenge, headerValues(challenge, 'WWW-Authenticate').length]).toMatchObject([{ status: 401 }, 2]);
  });
  it('3.1.1.2: a method that nobody knows is 501 with Allow', () => {
    const odd = makeRequest(
      'RE%47IST%45R',
      'sip:a@b.example',
      message('zeromf')
        .headers.filter((h) => h.name !== 'CSeq')
        .map((h) => [h.name, h.value] as const),
    );
    const response = byUserAgent({ ...odd, headers: [...odd.headers, { name: 'CSeq', value: '1 RE%47IST%45R' }] });
    expect(response).toMatchObject({ status: 501 });
    expect(header(response, 'Allow')).toContain('INVITE');
  });
  it('3.3.12 to 3.3.14: a registrar keeps what belongs to the URI, and to the field', () => {
    const kept = (name: string): string | undefined => {
      const r = registrar();
      const m = message(name);
      const challenge = r.register(m, source, ZERO).response;
      expect(challenge.status).toBe(401);
      const { uri } = toField(m);
      r.location.put({ address: 'x', uri, params: [], expires: NEVER, callId: '', sequence: 0, flow: null, connection: 0, q: 1 }, undefined);
      const phone = contacts(m);
      return phone === '*' ? undefined : phone.map((c) => formatUri(c.uri)).join();
    };
    expect(kept('cparam01')).toBe('sip:+19725552222@gw1.example.net');
    expect(kept('cparam02')).toBe('sip:+19725552222@gw1.example.net;unknownparam');
    expect(kept('regescrt')).toBe('sip:user@example.com?Route=%3Csip:sip.example.com%3E');
  });
  it("3.3.10: a response with a second Via is nobody's", () => {
    const phone = new Phone(new Wire(), 'user', 'fe1');
    const out: UaOut[] = [];
    const bcast = parseMessage(torture('bcast'));
    if ('malformed' in bcast) throw new Error(bcast.why);
    phone.ua.handle({ kind: 'received', message: bcast, source }, ZERO, out);
    expect(out).toEqual([]);
  });
  it('3.4.1: an INVITE of RFC 2543 is taken', () => {
    const m = message('inv2543');
    expect(bodyText(m)).toContain('m=audio');
    const wire = new Wire();
    const phone = new Phone(wire, 'userb', 'fe1');
    const out: UaOut[] = [];
    phone.ua.handle({ kind: 'received', message: m, source }, ZERO, out);
    expect(out.map((o) => o.kind)).toEqual(['incoming']);
    expect(makeResponse(m, 200, { toTag: 't' }).headers.map((h) => h.name)).toContain('Record-Route');
  });
});
