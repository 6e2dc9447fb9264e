import { describe, expect, it } from 'vitest';
import { type HandMade, udp } from '../../analysis/ledger.testkit.js';
import { SRC, at, back, verdict } from './check.testkit.js';
import type { Expectation } from './table.js';

describe('services that belong on the Internet', () => {
  const ask = (lab: HandMade, way: string): void => {
    const [a = '', b = ''] = [way.split(' ')[0], way.split(' ').at(-1)];
    lab.send({ way, at: at(0), frame: udp(a, 5353, b, 53, new Uint8Array(20)) });
    lab.send({ way: back(way), at: at(9), frame: udp(b, 53, a, 5353, new Uint8Array(20)) });
  };

  it('pass there, fail on the circuit, and prove nothing inside', () => {
    const expectation: Expectation = { expect: 'internet-only', traffic: 'dns', src: SRC };
    expect(verdict(expectation, (lab) => (ask(lab, 'alice lan rt dns'), ask(lab, 'dns rt ce isp public-dns')))).toBe('pass: Internet');
    expect(verdict(expectation, (lab) => ask(lab, 'dns rt ce msee isp public-dns'))).toBe('fail: ExpressRoute: er-primary (dns/dns-public-dns)');
    expect(verdict(expectation, (lab) => ask(lab, 'alice lan rt dns'))).toBe('unproved: no packet on the Internet');
    expect(verdict(expectation, () => undefined)).toBe('unproved: no packet');
  });
});
