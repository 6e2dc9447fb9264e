import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import { millis, NEVER, seconds, type Nanos } from '../../base/time.js';
import { isMalformed } from '../../wire/malformed.js';
import { G711Payloader } from './g711-payloader.js';
import * as rtcp from './rtcp.js';
import { RtpSender } from './sender.js';
import { RtpSession } from './session.js';
import { Speech } from './speech.js';

const ORIGIN = 1_800_000_000;
function make(name: string): RtpSession {
  const random = randomRoot(3);
  const payloader = new G711Payloader({ source: new Speech(random.stream(`node:${name}:speech`)) });
  const sender = new RtpSender({ random: random.stream(`node:${name}:rtp`), payloader });
  return new RtpSession({
    sender,
    receiver: { formats: [{ payloadType: 0, clockRate: 8000 }] },
    random: random.stream(`node:${name}:rtcp`),
    cname: `${name}@lab`,
    originSeconds: ORIGIN,
  });
}

/** Two sessions for a while, `delay` apart each way; `drop` says which RTP packets of a's are lost. */
function converse(a: RtpSession, b: RtpSession, until: Nanos, delay: Nanos, drop: (i: number) => boolean): { kinds: string[][] } {
  const kinds: string[][] = [];
  const due: { at: number; run: () => void }[] = [];
  let sent = 0;
  a.sender.start(0 as Nanos);
  b.sender.start(0 as Nanos);
  a.start(0 as Nanos);
  b.start(0 as Nanos);
  const later = (now: Nanos, run: (at: Nanos) => void): void => {
    const at = (now + delay) as Nanos;
    due.push({ at, run: () => run(at) });
  };
  for (let now = 0 as Nanos; now <= until; now = (now + 1e6) as Nanos) {
    while (due.length > 0 && due[0]!.at <= now) due.shift()!.run();
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const n = from.sender.packet(now);
      const lost = from === a && n > 0 && drop(sent++);
      if (n > 0 && !lost) {
        const copy = from.sender.scratch.slice(0, n);
        later(now, (at) => to.rtp(copy, 0, n, at));
      }
      if (now >= from.rtcpDeadline) {
        const r = from.report(now);
        if (r > 0) {
          const copy = from.rtcpScratch.slice(0, r);
          const packets = rtcp.parse(copy, 0, r);
          if (!isMalformed(packets)) kinds.push(packets.map((p) => p.type));
          later(now, (at) => to.rtcp(copy, 0, r, at));
        }
      }
    }
  }
  return { kinds };
}

describe('RtpSession', () => {
  it('two that talk learn loss and round trip from each other’s reports', () => {
    const [a, b] = [make('alice'), make('bob')];
    const { kinds } = converse(a, b, seconds(30), millis(40), (i) => i > 10 && i % 10 === 0);
    expect(kinds.length).toBeGreaterThan(6);
    for (const k of kinds) expect(k).toEqual(['sr', 'sdes']);
    expect(a.remote?.block.fractionLost).toBeGreaterThan(18);
    expect(a.remote?.block.fractionLost).toBeLessThan(34);
    expect(b.remote?.block.cumulativeLost).toBe(0);
    // 80 ms there and back, in units of 1/65536 s.
    for (const session of [a, b]) expect(Math.abs((session.remote?.roundTrip ?? 0) - 80e6)).toBeLessThan(2 * (1e9 / 65536));
    expect(b.receiver.source(a.sender.ssrc)?.jitter).toBe(0);
  });

  it('says and hears BYE', () => {
    const [a, b] = [make('alice'), make('bob')];
    converse(a, b, seconds(1), millis(1), () => false);
    const n = a.leave(seconds(1), 'hung up');
    const packets = rtcp.parse(a.rtcpScratch, 0, n);
    expect(!isMalformed(packets) && packets.map((p) => p.type)).toEqual(['sr', 'sdes', 'bye']);
    expect([a.rtcpDeadline, a.sender.deadline]).toEqual([NEVER, NEVER]);
    expect(b.rtcp(a.rtcpScratch, 0, n, seconds(1))).toBe(true);
    expect(b.bye).toBe('hung up');
    expect(b.receiver.source(a.sender.ssrc)?.saidBye).toBe(true);
  });

  it('who only listens sends RR', () => {
    const [a, b] = [make('alice'), make('bob')];
    b.sender.start = () => undefined;
    const { kinds } = converse(a, b, seconds(20), millis(5), () => false);
    expect(kinds.filter((k) => k[0] === 'rr').length).toBeGreaterThan(1);
    expect(a.remote).not.toBeNull();
  });

  it('a malformed report is counted and changes nothing', () => {
    const a = make('alice');
    expect(a.rtcp(new Uint8Array(12), 0, 12, 0 as Nanos)).toBe(false);
    expect([a.malformedRtcp, a.remote, a.bye]).toEqual([1, null, null]);
  });
});
