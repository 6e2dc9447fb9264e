import { expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import * as g711 from './g711.js';
import { G711Payloader } from './g711-payloader.js';
import { Recording } from './recording.js';
import { RtpSender } from './sender.js';
import { Speech } from './speech.js';

const voice = (): Speech => new Speech(randomRoot(1).stream('lab:speech'));

it('plays what was said, octet for octet, in both laws', () => {
  const recording = new Recording(voice(), 2);
  for (const law of ['PCMU', 'PCMA'] as const) {
    const live = new RtpSender({ random: randomRoot(1).stream('rtp'), payloader: new G711Payloader({ source: voice(), law }) });
    const played = new RtpSender({ random: randomRoot(1).stream('rtp'), payloader: new G711Payloader({ source: recording.play(0), law }) });
    live.start(0 as never);
    played.start(0 as never);
    for (let i = 0; i < 100; i++) {
      expect(played.packet(played.deadline)).toBe(live.packet(live.deadline));
      expect(played.scratch).toEqual(live.scratch);
    }
  }
});

it('starts where it is told, loops, and knows its pauses', () => {
  const recording = new Recording(voice(), 1);
  const whole = recording.play(0);
  const later = recording.play(recording.length + 165);
  const [a, b, c] = [new Uint8Array(8160), new Uint8Array(160), new Uint8Array(160)];
  whole.encode?.('PCMU', 8160, a, 0);
  expect(a.subarray(8000)).toEqual(a.subarray(0, 160));
  later.encode?.('PCMU', 160, b, 0);
  expect(b).toEqual(a.subarray(160, 320));
  let pauses = 0;
  for (let i = 0; i < 50; i++) {
    c.fill(0xa5);
    if (whole.encode?.('PCMU', 160, c, 0) === false) {
      pauses++;
      expect(c.every((octet) => octet === g711.silence('PCMU'))).toBe(true);
    }
  }
  expect(pauses).toBeGreaterThan(0);
});

it('gives samples too, as the wire would have them', () => {
  const recording = new Recording(voice(), 1);
  const octets = new Uint8Array(800);
  const samples = new Int16Array(800);
  const heard = recording.play(4000).encode?.('PCMU', 800, octets, 0);
  expect(recording.play(4000).fill(samples)).toBe(heard);
  const decoded = new Int16Array(800);
  g711.decode('PCMU', octets, 0, 800, decoded);
  expect(samples).toEqual(decoded);
});
