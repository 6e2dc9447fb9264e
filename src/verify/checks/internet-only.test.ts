import { describe, expect, it } from 'vitest';
import { type HandMade, STUN, udp } from '../../analysis/ledger.testkit.js';
import { SRC, at, back, judged, verdict } from './check.testkit.js';
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

  const expectation: Expectation = { expect: 'internet-only', traffic: 'dns', src: SRC };

  it('name all that crossed the circuit, each link once', () => {
    const found = judged(expectation, (lab) => {
      ask(lab, 'dns rt ce isp public-dns');
      ask(lab, 'alice lan rt ce msee isp public-dns');
      ask(lab, 'bob lan rt ce msee isp public-dns');
      lab.send({
        way: 'dave branch rt ce msee isp public-dns',
        over: ['er-secondary'],
        at: at(0),
        frame: udp('dave', 5353, 'public-dns', 53, new Uint8Array(20)),
      });
    });
    expect(found).toMatchObject({
      status: 'fail',
      observed: 'ExpressRoute: er-primary, er-secondary (dns/alice-public-dns, dns/bob-public-dns, dns/dave-public-dns)',
      evidence: { total: 5 },
    });
    expect(found.evidence.packets).not.toContain(1);
  });

  it('fail by an answer that comes by the circuit', () => {
    expect(
      verdict(expectation, (lab) => {
        lab.send({ way: 'dns rt ce isp public-dns', at: at(0), frame: udp('dns', 5353, 'public-dns', 53, new Uint8Array(20)) });
        lab.send({ way: 'public-dns isp msee ce rt dns', at: at(9), frame: udp('public-dns', 53, 'dns', 5353, new Uint8Array(20)) });
      }),
    ).toBe('fail: ExpressRoute: er-primary (dns/dns-public-dns)');
  });

  it('fail where no answer came from outside, whatever is answered inside', () => {
    const found = judged(expectation, (lab) => {
      lab.send({ way: 'alice lan rt dns', at: at(0), frame: udp('alice', 5353, 'dns', 53, new Uint8Array(20)) });
      lab.send({ way: 'dns rt ce isp public-dns', at: at(1), frame: udp('dns', 5353, 'public-dns', 53, new Uint8Array(20)) });
    });
    expect(found).toMatchObject({ status: 'fail', observed: 'Internet, nothing of public-dns reaches dns', evidence: { packets: [2], total: 1 } });
    const answered = judged(expectation, (lab) => (ask(lab, 'alice lan rt dns'), ask(lab, 'dns rt ce isp public-dns')));
    expect(answered).toMatchObject({ status: 'pass', evidence: { packets: [3, 4], total: 2 } });
  });

  it('are not judged by other traffic; and it is said why there is none', () => {
    const refused = (lab: HandMade): void => lab.event(null, at(90), 'step', { step: 'sign-in', ok: 'no', says: 'DNS_TIMEOUT' });
    const other = judged(expectation, (lab) => {
      lab.send({ way: 'bob lan rt ce msee ms-lan stun', at: at(0), frame: udp('bob', 50000, 'stun', 3478, STUN) });
      refused(lab);
    });
    expect(other).toMatchObject({ status: 'unproved', observed: 'no packet', evidence: { packets: [], total: 0, why: 'step sign-in: DNS_TIMEOUT' } });
    const inside = judged(expectation, (lab) => (ask(lab, 'alice lan rt dns'), refused(lab)));
    expect(inside).toMatchObject({ status: 'unproved', evidence: { packets: [1, 2], total: 2, why: 'step sign-in: DNS_TIMEOUT' } });
  });
});
