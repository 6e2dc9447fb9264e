import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import { SAMPLE_RATE, Speech } from './speech.js';

function record(seed: number, frames: number): { samples: Int16Array; voiced: boolean[] } {
  const speech = new Speech(randomRoot(seed).stream('node:alice:speech'));
  const samples = new Int16Array(frames * 160);
  const voiced = Array.from({ length: frames }, (_, i) => speech.fill(samples.subarray(i * 160, i * 160 + 160)));
  return { samples, voiced };
}

/** Share of the energy between two frequencies: a discrete Fourier transform over 256-sample windows. */
function share(samples: Int16Array, from: number, to: number): number {
  const n = 256;
  let inside = 0;
  let all = 0;
  for (let start = 0; start + n <= samples.length; start += n * 4) {
    for (let k = 1; k < n / 2; k++) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < n; i++) {
        const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n);
        re += hann * samples[start + i]! * Math.cos((2 * Math.PI * k * i) / n);
        im += hann * samples[start + i]! * Math.sin((2 * Math.PI * k * i) / n);
      }
      const energy = re * re + im * im;
      all += energy;
      const f = (k * SAMPLE_RATE) / n;
      if (f >= from && f <= to) inside += energy;
    }
  }
  return inside / all;
}

describe('speech', () => {
  const { samples, voiced } = record(7, 1000);

  it('lies in the telephone band', () => {
    expect(share(samples, 300, 3400)).toBeGreaterThan(0.9);
  });

  it('pauses between phrases, and talks most of the time', () => {
    const talking = voiced.filter(Boolean).length / voiced.length;
    expect(talking).toBeGreaterThan(0.5);
    expect(talking).toBeLessThan(0.9);
    let longest = 0;
    let run = 0;
    for (const v of voiced) longest = Math.max(longest, (run = v ? 0 : run + 1));
    expect(longest * 20).toBeGreaterThanOrEqual(360);
  });

  it('is loud enough and never clips, whoever talks', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { samples: s } = record(seed, 500);
      const loud = s.filter((v) => v !== 0);
      const rms = Math.sqrt(loud.reduce((sum, v) => sum + v * v, 0) / loud.length);
      expect(rms).toBeGreaterThan(800);
      expect(rms).toBeLessThan(4000);
      expect(Math.max(...s.map(Math.abs))).toBeLessThan(30000);
      expect(Math.abs(loud.reduce((sum, v) => sum + v, 0) / loud.length)).toBeLessThan(50);
    }
  });

  it('pauses are silence on the wire', () => {
    for (const [i, v] of voiced.entries()) if (!v) expect(samples.subarray(i * 160, i * 160 + 160).every((x) => x === 0)).toBe(true);
  });

  it('same seed, same samples; another seed, others', () => {
    expect(record(7, 100).samples).toEqual(samples.slice(0, 16000));
    expect(record(8, 100).samples).not.toEqual(samples.slice(0, 16000));
  });
});
