import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as address from './address.js';
import { hex } from './bytes.js';

const v6 = (text: string): Uint8Array => address.parseIpv6(text) ?? expect.fail(`not read: ${text}`);

describe('IPv4 text', () => {
  it('reads and writes', () => {
    expect(address.parseIpv4('192.0.2.1')).toBe(0xc0000201);
    expect(address.parseIpv4('255.255.255.255')).toBe(0xffffffff);
    expect(address.formatIpv4(0xc0000201)).toBe('192.0.2.1');
    fc.assert(
      fc.property(fc.nat(0xffffffff), (n) => address.parseIpv4(address.formatIpv4(n)) === n),
      { seed: 791, numRuns: 200 },
    );
  });

  it.each(['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', '0x1.2.3.4', '1..2.3', '-1.2.3.4', '1.2.3.1000'])('refuses %j', (text) => {
    expect(address.parseIpv4(text)).toBeUndefined();
  });
});

describe('IPv6 text', () => {
  it.each([
    // RFC 5952 sections 1 to 4
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8:0:0:1::1', '2001:db8::1:0:0:1'],
    ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:1'],
    ['2001:db8:aaaa:bbbb:cccc:dddd:0:1', '2001:db8:aaaa:bbbb:cccc:dddd:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    // RFC 4291 section 2.2
    ['ABCD:EF01:2345:6789:ABCD:EF01:2345:6789', 'abcd:ef01:2345:6789:abcd:ef01:2345:6789'],
    ['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
    ['FF01:0:0:0:0:0:0:101', 'ff01::101'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:13.1.68.3', '::d01:4403'],
    ['0:0:0:0:0:FFFF:129.144.52.38', '::ffff:129.144.52.38'],
    ['::FFFF:129.144.52.38', '::ffff:129.144.52.38'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ])('%s is %s', (text, canonical) => {
    expect(address.formatIpv6(v6(text))).toBe(canonical);
  });

  it.each([
    '',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    'g::',
    '::1%eth0',
    '1:2:3:4:5:6:7:8::',
    '::1.2.3',
    '1.2.3.4::',
    '1:',
    ':1',
    '::1.2.3.4:5',
    '1.2.3.4',
  ])('refuses %j', (text) => {
    expect(address.parseIpv6(text)).toBeUndefined();
  });

  it('text of any address reads back', () => {
    const word = fc.oneof(fc.constant(0), fc.nat(0xffff));
    fc.assert(
      fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
        const bytes = Uint8Array.from(words.flatMap((w) => [w >> 8, w & 255]));
        const text = address.formatIpv6(bytes);
        expect(address.parseIpv6(text)).toEqual(bytes);
        expect(text).toBe(text.toLowerCase());
      }),
      { seed: 5952, numRuns: 300 },
    );
  });

  it('reads at an offset', () => {
    const b = new Uint8Array(20);
    b.set(v6('2001:db8::1'), 4);
    expect(address.formatIpv6(b, 4)).toBe('2001:db8::1');
  });
});

describe('MAC text and derived addresses', () => {
  it('reads and writes', () => {
    expect(address.parseMac('02:00:00:00:00:fF')).toBe(0x0200000000ff);
    expect(address.parseMac('02-00-00-00-00-ff')).toBe(0x0200000000ff);
    expect(address.formatMac(0x0200000000ff)).toBe('02:00:00:00:00:ff');
    for (const bad of ['', '02:00:00:00:00', '02:00-00:00:00:00', '2:0:0:0:0:0', '02:00:00:00:00:0g']) expect(address.parseMac(bad)).toBeUndefined();
  });

  it('group bit', () => {
    expect(address.isGroupMac(address.MAC_BROADCAST)).toBe(true);
    expect(address.isGroupMac(0x333300000001)).toBe(true);
    expect(address.isGroupMac(0x020000000001)).toBe(false);
  });

  it('link-local from a MAC (RFC 2464 section 4: 34-56-78-9A-BC-DE)', () => {
    expect(address.formatIpv6(address.linkLocalOf(0x3456789abcde))).toBe('fe80::3656:78ff:fe9a:bcde');
    // What the kernel made of 02:00:00:00:00:02.
    expect(address.formatIpv6(address.linkLocalOf(0x020000000002))).toBe('fe80::ff:fe00:2');
  });

  it('solicited-node (RFC 4291 2.7.1) and group MACs (RFC 2464 7, RFC 1112 6.4)', () => {
    expect(address.formatIpv6(address.solicitedNodeOf(v6('4037::01:800:200E:8C6C')))).toBe('ff02::1:ff0e:8c6c');
    expect(address.multicastMac6(v6('ff02::1:ff0e:8c6c'))).toBe(0x3333ff0e8c6c);
    expect(address.multicastMac4(0xe0800001)).toBe(0x01005e000001);
  });
});

describe('scopes', () => {
  it.each([
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'reserved'],
    ['10.255.0.1', 'private'],
    ['11.0.0.1', 'global'],
    ['100.64.0.1', 'shared'],
    ['100.128.0.1', 'global'],
    ['127.9.9.9', 'loopback'],
    ['169.254.0.1', 'link-local'],
    ['172.15.0.1', 'global'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'global'],
    ['192.168.1.1', 'private'],
    ['192.0.2.1', 'documentation'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['198.19.0.1', 'benchmark'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::ffff:10.0.0.1', 'private'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'global'],
    ['fc00::1', 'private'],
    ['fd12::1', 'private'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'documentation'],
    ['2620:1ec::1', 'global'],
  ])('%s is %s', (text, scope) => {
    const a = address.parseAddress(text);
    expect(a && address.scopeOf(a)).toBe(scope);
    expect(a && address.formatAddress(a)).toBe(text);
  });

  it('says so when the text is neither family', () => {
    expect(address.parseAddress('example.com')).toBeUndefined();
    expect(address.isIpv4Mapped(hex('00000000000000000000fffe01020304'))).toBe(false);
  });
});

it('a host and port as text: IPv6 addresses in brackets, names as they are (RFC 3986 section 3.2.2)', () => {
  expect(address.hostPort('192.0.2.1', 3478)).toBe('192.0.2.1:3478');
  expect(address.hostPort('2001:db8::1', 5061)).toBe('[2001:db8::1]:5061');
  expect(address.hostPort('sip.contoso.example', 443)).toBe('sip.contoso.example:443');
  expect([address.bracketed('::1'), address.bracketed('10.0.0.1')]).toEqual(['[::1]', '10.0.0.1']);
});
