import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, formatUri, parseUri, sameUri, type SipUri } from './uri.js';

const uri = (text: string) => parseUri(text)!;

describe('SIP URIs (RFC 3261 section 19.1.3)', () => {
  it.each([
    'sip:alice@atlanta.com',
    'sip:alice:secretword@atlanta.com;transport=tcp',
    'sips:alice@atlanta.com?subject=project%20x&priority=urgent',
    'sip:+1-212-555-1212:1234@gateway.com;user=phone',
    'sips:1212@gateway.com',
    'sip:alice@192.0.2.4',
    'sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com',
    'sip:alice;day=tuesday@atlanta.com',
    'sip:user@[2001:db8::10]:5070;lr',
    'tel:+1-201-555-0123',
  ])('%s comes back as written', (text) => expect(formatUri(uri(text))).toBe(text));

  it('the parts of one', () => {
    expect(uri('sip:+1-212-555-1212:1234@gateway.com:5061;user=phone;lr?a=b')).toEqual({
      kind: 'sip',
      scheme: 'sip',
      user: '+1-212-555-1212',
      password: '1234',
      host: 'gateway.com',
      port: 5061,
      params: [
        { name: 'user', value: 'phone' },
        { name: 'lr', value: null },
      ],
      headers: 'a=b',
    });
  });

  it.each([
    'sip:',
    'sip:@host',
    'sip:a b@host',
    'sip:a@b@c',
    'sip:a@host:',
    'sip:a@host:99999',
    'sip:a@host;',
    'sip:a@host;=x',
    'sip:a@ho_st',
    'sip:a@[::1',
    'sip:%4@host',
    'no scheme',
    '<sip:a@b>',
    'x:',
  ])('%s is none', (text) => expect(parseUri(text)).toBeNull());

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (text) => {
        const parsed = parseUri(`sip:${text}`);
        if (parsed !== null) expect(formatUri(parsed)).toBe(`sip:${text}`);
      }),
      { seed: 1914, numRuns: 500 },
    );
  });
});

describe('comparison (RFC 3261 section 19.1.4: its own examples)', () => {
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    ['sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com', 'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com'],
    ['sip:alice@atlanta.com?subject=project%20x&priority=urgent', 'sip:alice@atlanta.com?priority=urgent&subject=project%20x'],
  ])('%s = %s', (a, b) => {
    expect(sameUri(uri(a), uri(b))).toBe(true);
    expect(sameUri(uri(b), uri(a))).toBe(true);
  });
  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com:5060', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:carol@chicago.com;user=phone', 'sip:carol@chicago.com'],
    ['sip:a@h', 'sips:a@h'],
  ])('%s differs from %s', (a, b) => expect(sameUri(uri(a), uri(b))).toBe(false));
  it('the address of record', () => expect(addressOf(uri('sip:%61lice@Contoso.Example:5061;transport=tls') as SipUri)).toBe('alice@contoso.example'));
});
