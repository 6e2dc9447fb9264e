import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeCandidate, formatCandidate, isRejected, parseCandidate, type Candidate } from './candidate.js';

function parsed(line: string): Candidate {
  const c = parseCandidate(line);
  if (isRejected(c)) throw new Error(c.why);
  return c;
}

describe('a=candidate (RFC 8839 section 5.1)', () => {
  it('reads the examples of RFC 8839 section 5.1', () => {
    expect(parsed('a=candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host')).toEqual({
      foundation: '1',
      component: 1,
      transport: 'udp',
      priority: 2130706431,
      type: 'host',
      address: { address: '203.0.113.141', port: 8998, family: 4 },
    });
    expect(parsed('candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998')).toMatchObject({
      type: 'srflx',
      related: { address: '203.0.113.141', port: 8998 },
    });
  });

  it('reads TCP types (RFC 6544 section 4.5) and keeps extensions in order', () => {
    const line = 'candidate:1 1 TCP 2105458943 192.0.2.1 9 typ host tcptype active generation 0 network-cost 10';
    expect(parsed(line)).toMatchObject({
      transport: 'tcp',
      tcpType: 'active',
      extensions: [
        { name: 'generation', value: '0' },
        { name: 'network-cost', value: '10' },
      ],
    });
    expect(formatCandidate(parsed(line))).toBe(line);
    expect(describeCandidate(parsed(line))).toBe('host tcp-active 192.0.2.1:9');
  });

  it('writes IPv6 addresses canonically, so that equal addresses are equal texts', () => {
    expect(parsed('candidate:1 1 udp 1 2001:DB8:0:0::1 5 typ host').address).toEqual({ address: '2001:db8::1', port: 5, family: 6 });
  });

  it.each<[string, string, boolean]>([
    ['candidate:1 1 udp 1 host.example 5 typ host', '"host.example" is not an IP address', false],
    ['candidate:1 1 udp 1 4cb1a.local 5 typ host', '"4cb1a.local" is not an IP address', false],
    ['candidate:1 1 sctp 1 192.0.2.1 5 typ host', 'transport "sctp" is not known', false],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ token', 'candidate type "token" is not known', true],
    ['candidate:1 0 udp 1 192.0.2.1 5 typ host', 'component "0" is not 1 to 256', true],
    ['candidate:1 257 udp 1 192.0.2.1 5 typ host', 'component "257" is not 1 to 256', true],
    ['candidate:1 0001 udp 1 192.0.2.1 5 typ host', 'component "0001" is not 1 to 256', true],
    ['candidate:1 -1 udp 1 192.0.2.1 5 typ host', 'component "-1" is not 1 to 256', true],
    ['candidate:1 1x udp 1 192.0.2.1 5 typ host', 'component "1x" is not 1 to 256', true],
    ['candidate:1', 'component "" is not 1 to 256', true],
    ['candidate:1 1', 'transport "" is not known', false],
    ['candidate:1 1 udp', 'priority "" is not 1 to 2147483647', true],
    ['candidate:1 1 udp 2147483648 192.0.2.1 5 typ host', 'priority "2147483648" is not 1 to 2147483647', true],
    ['candidate:1 1 udp 0 192.0.2.1 5 typ host', 'priority "0" is not 1 to 2147483647', true],
    ['candidate:1 1 udp 00000000001 192.0.2.1 5 typ host', 'priority "00000000001" is not 1 to 2147483647', true],
    ['candidate:1 1 udp 1', '"" is not an IP address', false],
    ['candidate:1 1 udp 1 192.0.2.1', 'port "" is not 0 to 65535', true],
    ['candidate:1 1 udp 1 192.0.2.1 65536 typ host', 'port "65536" is not 0 to 65535', true],
    ['candidate:1 1 udp 1 192.0.2.1 000005 typ host', 'port "000005" is not 0 to 65535', true],
    ['candidate:1 1 udp 1 192.0.2.1 5', '"" stands where "typ" belongs', true],
    ['candidate:1 1 udp 1 192.0.2.1 5 host', '"host" stands where "typ" belongs', true],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ', 'candidate type "" is not known', true],
    ['candidate:a_b 1 udp 1 192.0.2.1 5 typ host', 'foundation "a_b" is not 1 to 32 of A-Z a-z 0-9 + /', true],
    [`candidate:${'a'.repeat(33)} 1 udp 1 192.0.2.1 5 typ host`, `foundation "${'a'.repeat(33)}" is not 1 to 32 of A-Z a-z 0-9 + /`, true],
    ['', 'foundation "" is not 1 to 32 of A-Z a-z 0-9 + /', true],
    ['1 a=candidate:1 udp 1 192.0.2.1 5 typ host', 'component "a=candidate:1" is not 1 to 256', true],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ srflx raddr 10.0.0.1', 'raddr and rport stand together or not at all', true],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ srflx rport 1', 'raddr and rport stand together or not at all', true],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ srflx raddr 10.0.0.256 rport 1', 'raddr "10.0.0.256" is not an IP address', true],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ srflx raddr 10.0.0.1 rport 65536', 'rport "65536" is not 0 to 65535', true],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ srflx raddr 10.0.0.1 rport 000001', 'rport "000001" is not 0 to 65535', true],
    ['candidate:1 1 tcp 1 192.0.2.1 5 typ host', 'a TCP candidate without tcptype', false],
    ['candidate:1 1 tcp 1 192.0.2.1 5 typ host tcptype both', 'tcptype "both" is not known', true],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ host generation', 'attribute "generation" has no value', true],
  ])('passes over %j and says why, and whether that is against the grammar or only not spoken here', (line, why, malformed) => {
    expect(parseCandidate(line)).toEqual({ rejected: true, why, malformed });
  });

  it.each<[string, Partial<Candidate>]>([
    ['candidate:1 256 udp 1 192.0.2.1 5 typ host', { component: 256 }],
    ['candidate:1 1 udp 2147483647 192.0.2.1 5 typ host', { priority: 2147483647 }],
    ['candidate:1 1 udp 1 192.0.2.1 0 typ host', { address: { address: '192.0.2.1', port: 0, family: 4 } }],
    ['candidate:1 1 udp 1 192.0.2.1 65535 typ host', { address: { address: '192.0.2.1', port: 65535, family: 4 } }],
    [`candidate:${'aZ9+/'.repeat(6)}xx 1 udp 1 192.0.2.1 5 typ host`, { foundation: `${'aZ9+/'.repeat(6)}xx` }],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ relay raddr 2001:DB8::1 rport 0', { type: 'relay', related: { address: '2001:db8::1', port: 0, family: 6 } }],
    ['candidate:1 1 UDP 1 192.0.2.1 5 typ prflx rport 65535 raddr 10.0.0.1', { type: 'prflx', related: { address: '10.0.0.1', port: 65535, family: 4 } }],
    ['candidate:1 1 tcp 1 192.0.2.1 5 typ host tcptype passive', { transport: 'tcp', tcpType: 'passive' }],
    ['  a=candidate:1   1 udp 1 192.0.2.1 5 typ host \r\n', {}],
    ['1 1 udp 1 192.0.2.1 5 typ host', {}],
  ])('takes %j', (line, more) => {
    const plain = { foundation: '1', component: 1, transport: 'udp', priority: 1, address: { address: '192.0.2.1', port: 5, family: 4 }, type: 'host' };
    expect(parseCandidate(line)).toEqual({ ...plain, ...more });
  });

  it.each<[Partial<Candidate>, string]>([
    [{}, 'host udp 192.0.2.1:5'],
    [{ type: 'relay', transport: 'tcp', tcpType: 'so' }, 'relay tcp-so 192.0.2.1:5'],
    [{ address: { address: '2001:db8::1', port: 9, family: 6 } }, 'host udp [2001:db8::1]:9'],
  ])('%j is for people %s', (more, text) => {
    expect(describeCandidate({ type: 'host', transport: 'udp', address: { address: '192.0.2.1', port: 5, family: 4 }, ...more })).toBe(text);
  });

  it('any candidate comes back as it was', () => {
    const address = fc.oneof(
      fc.record({ address: fc.ipV4(), port: fc.nat(65535), family: fc.constant(4 as const) }),
      fc.record({ address: fc.constantFrom('2001:db8::1', 'fe80::1', '::1'), port: fc.nat(65535), family: fc.constant(6 as const) }),
    );
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/).filter((w) => !['raddr', 'rport', 'tcptype'].includes(w));
    const common = {
      foundation: fc.stringMatching(/^[A-Za-z0-9+/]{1,32}$/),
      component: fc.integer({ min: 1, max: 256 }),
      priority: fc.integer({ min: 1, max: 2147483647 }),
      address,
      type: fc.constantFrom('host' as const, 'srflx' as const, 'prflx' as const, 'relay' as const),
    };
    const optional = { related: address, extensions: fc.array(fc.record({ name: word, value: word }), { minLength: 1, maxLength: 3 }) };
    const required: ('foundation' | 'component' | 'priority' | 'address' | 'type' | 'transport')[] = [
      'foundation',
      'component',
      'priority',
      'address',
      'type',
      'transport',
    ];
    const udp = fc.record({ ...common, ...optional, transport: fc.constant('udp' as const) }, { requiredKeys: required });
    const tcp = fc.record(
      { ...common, ...optional, transport: fc.constant('tcp' as const), tcpType: fc.constantFrom('active' as const, 'passive' as const, 'so' as const) },
      { requiredKeys: [...required, 'tcpType'] },
    );
    fc.assert(
      fc.property(fc.oneof(udp, tcp), (c) => {
        expect(parseCandidate(formatCandidate(c))).toEqual(c);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('no line makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (line) => {
        parseCandidate(line);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});
