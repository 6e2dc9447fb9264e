/**
 * The example of a payloader: octets of RFC 3551, and a call between two hosts that speak it.
 */
import { describe, expect, it } from 'vitest';
import { must } from '../../../src/base/assert.js';
import { randomRoot } from '../../../src/base/rng.js';
import { millis, NEVER, type Nanos } from '../../../src/base/time.js';
import { demux, KIND } from '../../../src/protocol/demux.js';
import { g711Formats } from '../../../src/protocol/rtp/g711-payloader.js';
import * as rtp from '../../../src/protocol/rtp/rtp.js';
import { RtpReceiver } from '../../../src/protocol/rtp/receiver.js';
import { RtpSender } from '../../../src/protocol/rtp/sender.js';
import { Speech } from '../../../src/protocol/rtp/speech.js';
import { Wire } from '../../../src/roles/media/hosts.testkit.js';
import { audio, connect, open, ssrc } from '../../../src/roles/media/session.testkit.js';
import { isMalformed } from '../../../src/wire/malformed.js';
import { L16Payloader, l16Format } from './l16-payloader.js';

/** The ends of the scale, both sides of zero, and one whose octets differ; over and over. */
const LEVELS = [0, 1, -1, 32767, -32768, 0x1234];
const levels = { fill: (out: Int16Array): boolean => (out.forEach((_, i) => (out[i] = LEVELS[i % LEVELS.length] ?? 0)), true) };

describe('L16Payloader', () => {
  it("two's complement in network byte order (RFC 3551 section 4.5.11)", () => {
    const out = new Uint8Array(400);
    const payloader = new L16Payloader(levels, 97);
    payloader.start(millis(7), 4000);
    expect(payloader.fill(out, 12)).toBe(320);
    expect([...out.subarray(12, 24)]).toEqual([0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0x80, 0, 0x12, 0x34]);
    expect([out[11], out[332]]).toEqual([0, 0]);
  });

  it('160 samples every 20 ms; the clock counts samples, not octets (RFC 3551 section 4.1)', () => {
    const payloader = new L16Payloader(levels, 97);
    expect(payloader.deadline).toBe(NEVER);
    payloader.start(0 as Nanos, 0);
    const seen = [1, 2, 3].map(() => [payloader.fill(new Uint8Array(320), 0), payloader.timestamp, payloader.marker, payloader.deadline]);
    expect(seen).toEqual([
      [320, 0, true, millis(20)],
      [320, 160, false, millis(40)],
      [320, 320, false, millis(60)],
    ]);
    payloader.stop();
    expect(payloader.deadline).toBe(NEVER);
  });
});

it('sender and receiver carry it as it is', () => {
  const sender = new RtpSender({ random: randomRoot(1).stream('rtp'), payloader: l16Format(levels).payloader(97) });
  const receiver = new RtpReceiver({ formats: [{ payloadType: 97, clockRate: 8000 }] });
  sender.start(0 as Nanos);
  for (let i = 0; i < 50; i++) {
    const now = sender.deadline;
    receiver.handle(sender.scratch, 0, sender.packet(now), now);
  }
  // 12 octets of header, 320 of sound.
  expect([sender.packets, sender.octets]).toEqual([50, 50 * 320]);
  expect(receiver.sources.map(({ ssrc: who, clockRate, lost, jitter }) => [who, clockRate, lost, jitter])).toEqual([[sender.ssrc, 8000, 0, 0]]);
});

describe('a call', () => {
  const voice = () => new Speech(randomRoot(1).stream('speech'));
  const call = async (answers: ReturnType<typeof audio>) => {
    const wire = new Wire();
    const a = await open(wire, 'alice', ['192.0.2.1'], true, { suite: null, streams: [audio({ formats: [l16Format(voice()), ...g711Formats(voice())] })] });
    const b = await open(wire, 'bob', ['192.0.2.2'], false, { suite: null, streams: [answers] });
    expect(await connect(wire, a, b)).toEqual([{ ok: true }, { ok: true }]);
    await wire.run(2000);
    return { wire, a, b };
  };

  it('between two who speak it, with the payload type of the offer', async () => {
    const { wire, a, b } = await call(audio({ formats: [l16Format(voice(), 110)] }));
    expect(b.stats()[0]?.received[0]).toMatchObject({ ssrc: ssrc(a), lost: 0, jitter: 0 });
    const packet = must(
      wire.crossings.find(({ bytes }) => demux(bytes, 0, bytes.length) === KIND.RTP),
      'RTP',
    );
    const parsed = rtp.parse(packet.bytes, 0, packet.bytes.length);
    expect(isMalformed(parsed) ? parsed : [parsed.payloadType, parsed.payload.length]).toEqual([97, 320]);
    expect(wire.named('media-started').map(({ fields }) => [fields['codec'], fields['payload-type'], fields['clock-rate']])).toEqual([
      ['L16', 97, 8000],
      ['L16', 97, 8000],
    ]);
  });

  it('with one who does not is of what both speak', async () => {
    const { wire } = await call(audio());
    expect(wire.named('media-started').map(({ fields }) => fields['codec'])).toEqual(['PCMU', 'PCMU']);
  });
});
