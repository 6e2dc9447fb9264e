import { expect, test } from 'vitest';
import type { FlowId, PacketId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import { millis } from '../base/time.js';
import { HandMade, PLAN, rtp, udp } from './ledger.testkit.js';
import { observe } from './legs.js';
import { StreamTally } from './rtp-streams.js';
import { toldStreams } from './told-streams.js';
import type { Told } from './told-streams.js';

function stream(payloadType = 0, told: Told | null = TOLD): StreamTally {
  return new StreamTally({ flow: 0 as FlowId, ssrc: 7, payloadType, from: 'a', to: 'b', wrapped: false, told });
}

const TOLD: Told = { nodes: new Set(['a']), workload: null, clockRate: null };

/** Sent some time, arrived then. */
function arrives(tally: StreamTally, at: number, sequence: number, timestamp: number): void {
  tally.arrived(tally.sent(0, 1 as PacketId, 0 as Nanos, { sequence, timestamp }), at);
}

test('jitter is the running estimate of RFC 3550 section 6.4.1', () => {
  const tally = stream();
  // 20 ms of audio each, at 8 kHz; the second is 16 ms late, the third on time again: |D| = 16 ms, twice.
  for (const [ms, sequence] of [
    [0, 1],
    [36, 2],
    [40, 3],
  ] as const)
    arrives(tally, millis(ms), sequence, sequence * 160);
  // J1 = 16/16 = 1 ms; J2 = 1 + (16 - 1)/16 = 1.9375 ms.
  expect(tally.reception()).toEqual({ packets: 3, expected: 3, lost: 0, maxJitter: 1_937_500, meanJitter: (1e6 + 1_937_500) / 2, maxDelta: 36e6 });
});

test('jitter counts in the clock of the payload type (RFC 3551 table 4)', () => {
  const tally = stream(11);
  arrives(tally, 0, 1, 0);
  arrives(tally, millis(10), 2, 441);
  expect(tally.reception().maxJitter).toBe(0);
});

test('without a clock rate there is no jitter: neither of a dynamic payload type that nobody told of, nor guessed', () => {
  const [unknown, told] = [stream(96), stream(96, { ...TOLD, clockRate: 48000 })];
  // 20 ms of 48 kHz, the second 16 ms late: a sixteenth of that is the estimate.
  for (const tally of [unknown, told]) {
    arrives(tally, 0, 1, 0);
    arrives(tally, millis(36), 2, 960);
  }
  expect(unknown.reception()).toEqual({ packets: 2, expected: 2, lost: 0, maxJitter: null, meanJitter: null, maxDelta: 36e6 });
  expect(told.reception()).toMatchObject({ maxJitter: 1e6, meanJitter: 1e6 });
  expect(stream(96).reception()).toMatchObject({ packets: 0, maxJitter: null });
});

test('arrival, not sending, is the order in which a receiver counts', () => {
  const [inOrder, mixed] = [stream(), stream()];
  for (const k of [1, 2, 3, 4]) arrives(inOrder, millis(k * 20), k, k * 160);
  for (const k of [1, 3, 2, 4]) arrives(mixed, millis(k * 20), k, k * 160);
  expect(mixed.reception()).toEqual(inOrder.reception());
});

test('sequence numbers and timestamps wrap', () => {
  const tally = stream();
  for (let k = 0; k < 4; k++) arrives(tally, millis(k * 20), (65534 + k) & 0xffff, (4294967296 - 320 + k * 160) >>> 0);
  expect(tally.reception()).toMatchObject({ packets: 4, expected: 4, lost: 0, maxJitter: 0 });
});

test('what is missing, late or twice', () => {
  const tally = stream();
  for (const [ms, k] of [
    [0, 10],
    [60, 13],
    [61, 12],
    [62, 12],
  ] as const)
    arrives(tally, millis(ms), k, k * 160);
  // 10 to 13 are four; 11 is missing, 12 came twice.
  expect(tally.reception()).toMatchObject({ packets: 4, expected: 4, lost: 0, maxDelta: 60e6 });
  expect(stream().reception()).toMatchObject({ packets: 0, expected: 0, lost: 0 });
});

const at = (ms: number): Nanos => millis(ms);
const media = (bytes: Uint8Array): Uint8Array => udp('alice', 50000, 'bob', 50000, bytes);

test('RTP is what has sequence numbers in a row (RFC 3550 A.1), or what a node told of', () => {
  const lab = new HandMade();
  // Looks like RTP, and is a single stray.
  lab.send({ way: 'alice lan bob', at: at(0), frame: media(rtp(1, 500)) });
  // Numbers that jump about.
  for (const sequence of [9, 400, 3]) lab.send({ way: 'alice lan bob', at: at(1), frame: media(rtp(2, sequence)) });
  lab.send({ way: 'alice lan bob', at: at(10), frame: media(rtp(3, 65535)) });
  lab.send({ way: 'alice lan bob', at: at(30), frame: media(rtp(3, 0, 65536 * 160)), delays: [millis(2), millis(3)] });
  lab.event('bob', at(40), 'media-heard', { ssrc: '4', local: '10.0.1.9:50000', remote: '10.0.1.8:50000' });
  lab.send({ way: 'alice lan bob', at: at(40), frame: media(rtp(4, 77)) });
  // Told by somebody who has nothing to do with it.
  lab.event('dave', at(41), 'media-started', { ssrc: '5' });
  lab.send({ way: 'alice lan bob', at: at(41), frame: media(rtp(5, 77)) });
  const { legs } = observe(lab.ledger(), PLAN);
  expect(legs.map((leg) => `${leg.id} ${leg.there.packets}`)).toEqual(['other/alice-bob 5', 'audio/alice-bob 3']);
  expect(legs[1]?.streams).toMatchObject([
    { ssrc: 3, from: 'alice', to: 'bob', told: false, sent: 2, packets: 2, first: 10e6, last: 30e6 },
    { ssrc: 4, told: true, sent: 1, packets: 1 },
  ]);
  // Under way for 2 ms, then for 5: RFC 3550 takes a sixteenth of the difference.
  expect(legs[1]?.streams[0]?.maxJitter).toBe(3e6 / 16);
});

test('workload and clock rate are told by nodes, by SSRC, or by RFC 3551', () => {
  const lab = new HandMade();
  const telling = { 'payload-type': '96', codec: 'VP8', 'clock-rate': '90000', workload: 'video', mid: '1' };
  lab.event('alice', at(0), 'media-started', { ssrc: '8', ...telling });
  for (const k of [1, 2]) lab.send({ way: 'alice lan bob', at: at(k), frame: media(rtp(8, k, k * 3000, 96)) });
  // JPEG (26) is video at 90 kHz, whoever sends it; of 97 nobody said a word.
  for (const k of [1, 2]) lab.send({ way: 'alice lan bob', at: at(10 + k), frame: media(rtp(9, k, k * 3000, 26)) });
  for (const k of [1, 2]) lab.send({ way: 'alice lan bob', at: at(20 + k), frame: media(rtp(10, k, k * 3000, 97)) });
  const ledger = lab.ledger();
  expect(toldStreams(ledger).get(8)).toEqual({ nodes: new Set(['alice']), workload: 'video', clockRate: 90000 });
  const { legs } = observe(ledger, PLAN);
  expect(legs.map(({ id, medium, workload }) => `${id} ${medium} ${workload}`)).toEqual(['video/alice-bob rtp video', 'rtp/alice-bob rtp null']);
  expect(legs.flatMap(({ streams }) => streams.map(({ ssrc, workload, clockRate }) => [ssrc, workload, clockRate]))).toEqual([
    [8, 'video', 90000],
    [9, 'video', 90000],
    [10, null, null],
  ]);
});
