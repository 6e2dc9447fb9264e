import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import { millis, NEVER, seconds, type Nanos } from '../../base/time.js';
import { G711Payloader, type G711Options } from './g711-payloader.js';
import { Pictures } from './pictures.testkit.js';
import * as rtp from './rtp.js';
import { RtpSender, type RtpSenderOptions } from './sender.js';
import { isMalformed } from '../../wire/malformed.js';

const tone = { fill: (out: Int16Array): boolean => (out.fill(1000), true) };
const random = () => randomRoot(1).stream('node:alice:rtp');
const make = (codec: Partial<G711Options> = {}, options: Partial<RtpSenderOptions> = {}): RtpSender =>
  new RtpSender({ random: random(), payloader: new G711Payloader({ source: tone, ...codec }), ...options });

function next(sender: RtpSender): rtp.Rtp | null {
  const n = sender.packet(sender.deadline);
  if (n === 0) return null;
  const v = rtp.parse(sender.scratch, 0, n);
  if (isMalformed(v)) throw new Error(v.why);
  return { ...v, payload: v.payload.slice() };
}

describe('RtpSender', () => {
  it('160 samples every 20 ms, numbers and timestamps running, marker on the first only', () => {
    const sender = make();
    expect(sender.deadline).toBe(NEVER);
    sender.start(millis(5));
    expect(sender.packet(millis(4.999))).toBe(0);
    const packets = [next(sender), next(sender), next(sender)];
    expect(sender.deadline).toBe(millis(65));
    expect(packets.map((p) => p?.marker)).toEqual([true, false, false]);
    expect(packets.map((p) => p?.payload.length)).toEqual([160, 160, 160]);
    expect(packets[2]!.sequenceNumber - packets[0]!.sequenceNumber).toBe(2);
    expect((packets[2]!.timestamp - packets[0]!.timestamp) >>> 0).toBe(320);
    expect(packets[0]).toMatchObject({ payloadType: 0, ssrc: sender.ssrc, csrcs: [], extension: null });
    expect([sender.packets, sender.octets]).toEqual([3, 480]);
    sender.stop();
    expect(sender.packet(seconds(9))).toBe(0);
  });

  it('wraps its sequence number', () => {
    const sender = make({ law: 'PCMA' }, { firstSequenceNumber: 65535 });
    sender.start(0 as Nanos);
    expect([next(sender), next(sender)].map((p) => [p?.sequenceNumber, p?.payloadType])).toEqual([
      [65535, 8],
      [0, 8],
    ]);
  });

  it('suppressed silence is not sent; timestamps run on, numbers do not, and the next packet is marked (RFC 3551 4.1)', () => {
    let frame = 0;
    const source = { fill: (out: Int16Array): boolean => (out.fill(5), frame++ % 3 === 0) };
    const sender = make({ source, silenceSuppression: true });
    sender.start(0 as Nanos);
    const packets = [next(sender), next(sender), next(sender), next(sender)];
    expect(packets.map((p) => p?.marker ?? null)).toEqual([true, null, null, true]);
    expect(packets[3]!.sequenceNumber - packets[0]!.sequenceNumber).toBe(1);
    expect((packets[3]!.timestamp - packets[0]!.timestamp) >>> 0).toBe(480);
  });

  it('starts again with the timestamp moved by the time that passed', () => {
    const sender = make();
    sender.start(0 as Nanos);
    const a = next(sender)!;
    sender.stop();
    sender.start(seconds(1));
    const b = next(sender)!;
    expect((b.timestamp - a.timestamp) >>> 0).toBe(8000);
    expect([b.sequenceNumber - a.sequenceNumber, b.marker]).toEqual([1, true]);
  });

  it('its report relates NTP time and media time', () => {
    const sender = make();
    sender.start(seconds(1));
    const first = next(sender)!;
    const report = sender.report(seconds(1.5), 0);
    expect(report).toMatchObject({ type: 'sr', ssrc: sender.ssrc, ntpSeconds: 2208988801, ntpFraction: 0x80000000, packetCount: 1, octetCount: 160 });
    expect((report.rtpTimestamp - first.timestamp) >>> 0).toBe(4000);
  });

  it('other packet times, and room for a tag behind the packet', () => {
    const sender = make({ packetTime: 10 });
    sender.start(0 as Nanos);
    expect(next(sender)!.payload.length).toBe(80);
    expect(sender.deadline).toBe(millis(10));
    expect(sender.scratch.length).toBeGreaterThanOrEqual(12 + 80 + 16);
  });

  it('carries a codec of another clock: a picture of several packets has one timestamp, and the marker on its last', () => {
    const sender = new RtpSender({ random: random(), payloader: new Pictures(3, 25) });
    sender.start(seconds(2));
    const packets = Array.from({ length: 6 }, () => next(sender)!);
    const first = packets[0]!.timestamp;
    expect(packets.map((p) => (p.timestamp - first) >>> 0)).toEqual([0, 0, 0, 3600, 3600, 3600]);
    expect(packets.map((p) => p.marker)).toEqual([false, false, true, false, false, true]);
    expect(packets.map((p) => p.payloadType)).toEqual(Array(6).fill(96));
    expect(sender.deadline).toBe(seconds(2.08));
    // 80 ms at 90 kHz; 8 kHz would make 640 of it.
    expect((sender.timestampAt(seconds(2.08)) - first) >>> 0).toBe(7200);
    expect(sender.report(seconds(3), 0).rtpTimestamp).toBe((first + 90000) % 2 ** 32);
    expect(sender.cause).toBe(7);
  });

  it('puts a header extension into every packet', () => {
    const extension = Uint8Array.of(0xbe, 0xde, 0, 1, 0x10, 0x61, 0, 0);
    const sender = make({}, { extension });
    sender.start(0 as Nanos);
    for (const packet of [next(sender), next(sender)]) {
      expect(packet).toMatchObject({ extension: { profile: 0xbede, data: Uint8Array.of(0x10, 0x61, 0, 0) } });
      expect(packet!.payload).toHaveLength(160);
    }
    // The header is not payload (RFC 3550 6.4.1).
    expect(sender.octets).toBe(320);
  });
});
