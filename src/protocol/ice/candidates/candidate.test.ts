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

  it.each([
    ['candidate:1 1 udp 1 host.example 5 typ host', 'not an IP address'],
    ['candidate:1 1 sctp 1 192.0.2.1 5 typ host', 'transport "sctp"'],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ token', 'type "token"'],
    ['candidate:1 0 udp 1 192.0.2.1 5 typ host', 'component "0"'],
    ['candidate:1 257 udp 1 192.0.2.1 5 typ host', 'component "257"'],
    ['candidate:1 1 udp 2147483648 192.0.2.1 5 typ host', 'priority'],
    ['candidate:1 1 udp 0 192.0.2.1 5 typ host', 'priority'],
    ['candidate:1 1 udp 1 192.0.2.1 65536 typ host', 'port'],
    ['candidate:1 1 udp 1 192.0.2.1 5 host', '"typ" belongs'],
    ['candidate:a_b 1 udp 1 192.0.2.1 5 typ host', 'foundation'],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ srflx raddr 10.0.0.1', 'raddr and rport'],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ srflx raddr 10.0.0.256 rport 1', 'raddr "10.0.0.256"'],
    ['candidate:1 1 tcp 1 192.0.2.1 5 typ host', 'without tcptype'],
    ['candidate:1 1 tcp 1 192.0.2.1 5 typ host tcptype both', 'tcptype "both"'],
    ['candidate:1 1 udp 1 192.0.2.1 5 typ host generation', 'has no value'],
    ['', 'foundation'],
  ])('passes over %j', (line, why) => {
    const c = parseCandidate(line);
    expect(isRejected(c) && c.why).toContain(why);
  });

  it('tells what is against the grammar from what is only not spoken here', () => {
    const malformed = (line: string): boolean => {
      const c = parseCandidate(line);
      return isRejected(c) && c.malformed;
    };
    expect(malformed('candidate:1 1 udp 1 4cb1a.local 5 typ host')).toBe(false);
    expect(malformed('candidate:1 1 sctp 1 192.0.2.1 5 typ host')).toBe(false);
    expect(malformed('candidate:1 1 udp 1 192.0.2.1 5 typ token')).toBe(true);
    expect(malformed('candidate:1 0 udp 1 192.0.2.1 5 typ host')).toBe(true);
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
