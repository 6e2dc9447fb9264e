import { describe, expect, it } from 'vitest';
import { millis, NEVER, type Nanos } from '../../base/time.js';
import * as g711 from './g711.js';
import { G711Payloader, g711Formats } from './g711-payloader.js';

/** Counts upwards in steps that both laws can tell apart. */
function ramp(): { fill(out: Int16Array): boolean } {
  let level = 0;
  return { fill: (out) => (out.forEach((_, i) => (out[i] = level += 8)), true) };
}

describe('G711Payloader', () => {
  it.each(['PCMU', 'PCMA'] as const)('%s: 20 ms of samples by ITU-T G.711, 8 kHz', (law) => {
    const payloader = new G711Payloader({ source: ramp(), law });
    expect([payloader.codec, payloader.payloadType, payloader.clockRate, payloader.largest]).toEqual([law, law === 'PCMU' ? 0 : 8, 8000, 160]);
    payloader.start(millis(7), 4000);
    const out = new Uint8Array(200);
    expect(payloader.fill(out, 12)).toBe(160);
    const encode = law === 'PCMU' ? g711.encodeUlaw : g711.encodeAlaw;
    expect([...out.subarray(12, 172)]).toEqual(Array.from({ length: 160 }, (_, i) => encode((i + 1) * 8)));
    expect([out[11], out[172]]).toEqual([0, 0]);
    expect([payloader.timestamp, payloader.deadline]).toEqual([4000, millis(27)]);
    payloader.fill(out, 12);
    expect([payloader.timestamp, payloader.deadline]).toEqual([4160, millis(47)]);
  });

  it('is due never before its start and after its end', () => {
    const payloader = new G711Payloader({ source: ramp() });
    expect(payloader.deadline).toBe(NEVER);
    payloader.start(0 as Nanos, 0);
    payloader.stop();
    expect(payloader.deadline).toBe(NEVER);
  });

  it('a pause that is suppressed is 0 octets; time and deadline go on', () => {
    const payloader = new G711Payloader({ source: { fill: () => false }, silenceSuppression: true, packetTime: 10 });
    payloader.start(0 as Nanos, 0);
    expect([payloader.fill(new Uint8Array(80), 0), payloader.fill(new Uint8Array(80), 0)]).toEqual([0, 0]);
    expect([payloader.timestamp, payloader.deadline]).toEqual([80, millis(20)]);
  });
});

it('formats are the static types of RFC 3551 table 4, and pack by the type that was agreed on', () => {
  const formats = g711Formats(ramp());
  expect(formats.map(({ payloadType, name, clockRate }) => [payloadType, name, clockRate])).toEqual([
    [0, 'PCMU', 8000],
    [8, 'PCMA', 8000],
  ]);
  expect(formats[1]?.payloader(97)).toMatchObject({ codec: 'PCMA', payloadType: 97 });
});
