import { describe, expect, it } from 'vitest';
import { SyntaxFault } from './syntax.js';
import { branchOf, formatVia, parseVias, sentBy, stampVia } from './via.js';

const via = (text: string) => parseVias(text)[0]!;

describe('Via (RFC 3261 section 20.42)', () => {
  it.each([
    ['SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7', 'SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7'],
    [
      'SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1',
      'SIP/2.0/UDP first.example.com:4000;ttl=16;maddr=224.2.0.1;branch=z9hG4bKa7c6a8dlze.1',
    ],
    [
      'SIP/2.0/TLS [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3-111',
      'SIP/2.0/TLS [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3-111',
    ],
  ])('%s', (text, written) => expect(formatVia(via(text))).toBe(written));
  it.each(['SIP/2.0 host', 'SIP/2.0/UDP', 'SIP/2.0/UDPhost', 'SIP/2.0/UDP host;;x', 'SIP/2.0/UDP host, ', 'SIP/2.0/UDP host:x'])('%s is refused', (text) =>
    expect(() => parseVias(text)).toThrow(SyntaxFault),
  );
  it('the branch, unless it names nothing', () => {
    expect(['SIP/2.0/TLS h;branch=z9hG4bKx', 'SIP/2.0/TLS h;branch=z9hG4bK', 'SIP/2.0/TLS h;branch=old', 'SIP/2.0/TLS h'].map((t) => branchOf(via(t)))).toEqual(
      ['z9hG4bKx', null, null, null],
    );
  });
  it('sent-by with the default port', () =>
    expect(['SIP/2.0/TLS H.example', 'SIP/2.0/TCP h.example', 'SIP/2.0/TLS h.example:443'].map((t) => sentBy(via(t)))).toEqual([
      'h.example:5061',
      'h.example:5060',
      'h.example:443',
    ]));
  it('received when sent-by is another address, rport when it was asked for (18.2.1, RFC 3581 section 4)', () => {
    const from = { address: '192.0.2.1', port: 9988 };
    expect(formatVia(stampVia(via('SIP/2.0/TLS 192.0.2.1;branch=z9hG4bKx'), from))).toBe('SIP/2.0/TLS 192.0.2.1;branch=z9hG4bKx');
    expect(formatVia(stampVia(via('SIP/2.0/TLS 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff'), from))).toBe(
      'SIP/2.0/TLS 10.1.1.1:4540;rport=9988;branch=z9hG4bKkjshdyff;received=192.0.2.1',
    );
    expect(formatVia(stampVia(via('SIP/2.0/TLS host.example'), from))).toBe('SIP/2.0/TLS host.example;received=192.0.2.1');
  });
});
