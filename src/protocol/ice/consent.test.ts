import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { seconds } from '../../base/time.js';
import { IceNet, type Peer } from './two-agents.testkit.js';

describe('RFC 7675 consent', () => {
  const connected = (): { net: IceNet; a: Peer; b: Peer } => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true } });
    const b = net.add('b', { addresses: ['192.0.2.2'] });
    net.connect(a, b);
    net.run(1000);
    return { net, a, b };
  };

  it('5.1: checks every 4 to 6 s keep it', () => {
    const { net, a, b } = connected();
    const from = net.crossings.length;
    net.run(120_000);
    const times = net.crossings
      .slice(from)
      .filter((c) => c.from === '192.0.2.1:50000' && (c.bytes[0] ?? 0) === 0)
      .map((c) => c.at);
    const gaps = times.slice(1).map((t, i) => t - must(times[i], 'time'));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(6000);
    expect(new Set(gaps).size).toBeGreaterThan(10);
    expect([...a.outputs('consent-expired'), ...b.outputs('consent-expired')]).toEqual([]);
    expect(must(a.agent.snapshot().consents[0], 'consent').answered).toBe(times.length);
  });

  it('5.1: 30 s after the last answer it expires, once, and nothing more is sent', () => {
    const { net, a, b } = connected();
    net.run(20_000);
    const last = must(a.agent.snapshot().consents[0], 'consent').lastAnswerAt / 1e6;
    net.blocked = () => true;
    net.run(60_000);
    expect(a.outputs('consent-expired').map((c) => c.at)).toEqual([last + 30_000]);
    expect(b.outputs('consent-expired')).toHaveLength(1);
    const sent = net.crossings.length;
    net.run(60_000);
    expect(net.crossings.length).toBe(sent);
  });

  it('one lost answer is no loss of consent', () => {
    const { net, a } = connected();
    net.blocked = (_f, _t, now) => now > seconds(6) && now < seconds(30);
    net.run(60_000);
    expect(a.outputs('consent-expired')).toEqual([]);
  });

  it('RFC 8445 11: without consent an indication every 15 s keeps the way open', () => {
    const net = new IceNet();
    const a = net.add('a', { addresses: ['192.0.2.1'], options: { controlling: true, settings: { consent: false } } });
    const b = net.add('b', { addresses: ['192.0.2.2'], options: { controlling: false, settings: { consent: false } } });
    net.connect(a, b);
    net.run(1000);
    const from = net.crossings.length;
    net.run(60_000);
    const mine = net.crossings.slice(from).filter((c) => c.from === '192.0.2.1:50000');
    expect(mine).toHaveLength(4);
    for (const c of mine) expect([c.bytes[0], c.bytes[1]]).toEqual([0x00, 0x11]);
  });
});
