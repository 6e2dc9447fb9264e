/**
 * A voice to talk with: 8 kHz, deterministic, and near enough to speech that a listener calls it babble and an E-model
 * or a voice activity detector treats it as speech. Glottal pulses with a falling pitch go through three formant
 * resonators (Klatt's second-order form), noise through a fourth; syllables of an optional fricative and a gliding
 * vowel make words, words make phrases, and there are pauses in between, as conversational speech has them (ITU-T P.59).
 *
 * All arithmetic is multiplication and addition of doubles, which every engine rounds alike; the resonators' constants
 * are precomputed. It allocates nothing after construction.
 * @module
 */
import type { Rng } from '../../base/rng.js';
import type { Law } from './g711.js';

export const SAMPLE_RATE = 8000;

/** What a sender takes its samples from. */
export interface AudioSource {
  /** Fills `out` with the next samples. False: nothing but a pause. */
  fill(out: Int16Array): boolean;
  /** As `fill`, for sources that hold G.711 already: `n` octets into `out` at `at`. Preferred where it is there. */
  encode?(law: Law, n: number, out: Uint8Array, at: number): boolean;
}

/**
 * Vowels as (B, C) of three resonators: y = (1 - B - C) x + B y[-1] + C y[-2], with B = 2 e^(-pi w/8000) cos(2 pi f/8000)
 * and C = -e^(-2 pi w/8000); f from Peterson and Barney's means for men, bandwidths w 80, 100 and 160 Hz.
 */
const VOWELS: readonly (readonly [b1: number, b2: number, b3: number])[] = [
  [1.628223, 1.260323, -0.636218], // a: 730, 1090, 2440 Hz
  [1.772641, 0.241014, -0.691413], // e: 530, 1840, 2480
  [1.884594, -0.434212, -1.33848], // i: 300, 2290, 3010
  [1.747151, 1.519454, -0.594408], // o: 570, 840, 2410
  [1.877254, 1.491265, -0.35194], // u: 320, 870, 2240
];
const C1 = -0.939101;
const C2 = -0.924465;
const C3 = -0.881911;
/** Fricatives: 2600 Hz at 500 Hz wide, and 1800 Hz at 400. */
const HISS: readonly (readonly [b: number, c: number])[] = [
  [-0.746111, -0.675232],
  [0.267389, -0.730403],
];

const PAUSE = 0;
const FRICATIVE = 1;
const VOWEL = 2;

const ms = (n: number): number => (n * SAMPLE_RATE) / 1000;

/** The i-th constant on the way from one vowel to another, `at` from 0 to 1. */
function glide(from: readonly number[], to: readonly number[], i: number, at: number): number {
  return (from[i] as number) + ((to[i] as number) - (from[i] as number)) * at;
}

export class Speech implements AudioSource {
  readonly #random: Rng;
  readonly #gain: number;
  #state = PAUSE;
  /** Samples left of this state, and its length. */
  #left: number;
  #length = 1;
  #syllables = 0;
  #words = 0;
  /** Glottal phase, 0..1, and its increment per sample: pitch / rate. */
  #phase = 0;
  #pitch = 0;
  #from = 0;
  #to = 0;
  #hiss = 0;
  #tilt = 0;
  #previous = 0;
  readonly #memory = new Float64Array(8);

  /** @param level gain; the default makes some -24 dBov while talking (ITU-T P.56 has -26 as nominal) */
  constructor(random: Rng, level = 4000) {
    this.#random = random;
    this.#gain = level;
    this.#left = ms(40 + random.below(200));
  }

  fill(out: Int16Array): boolean {
    let voiced = false;
    for (let i = 0; i < out.length; i++) {
      if (this.#left-- <= 0) this.#next();
      if (this.#state === PAUSE) out[i] = 0;
      else {
        voiced = true;
        const sample = Math.round(this.#sample() * this.#gain);
        out[i] = sample > 32000 ? 32000 : sample < -32000 ? -32000 : sample;
      }
    }
    return voiced;
  }

  /** Between lowest and highest milliseconds, in samples. */
  #draw(lowest: number, highest: number): number {
    return ms(lowest) + this.#random.below(ms(highest - lowest));
  }

  #enter(state: number, length: number): void {
    this.#state = state;
    this.#left = length - 1;
    this.#length = length;
  }

  #next(): void {
    if (this.#state === FRICATIVE) {
      this.#startVowel();
    } else if (this.#syllables > 0) {
      this.#syllables--;
      if (this.#random.below(10) < 4) this.#startFricative();
      else this.#startVowel();
    } else if (this.#state !== PAUSE) {
      const phraseEnds = this.#words-- <= 0;
      this.#memory.fill(0);
      this.#enter(PAUSE, phraseEnds ? this.#draw(400, 1100) : this.#draw(30, 90));
      if (phraseEnds) this.#pitch = 0;
    } else {
      this.#startWord();
    }
  }

  #startWord(): void {
    if (this.#pitch === 0) {
      this.#words = 3 + this.#random.below(5);
      this.#pitch = (120 + this.#random.below(40)) / SAMPLE_RATE;
    }
    this.#syllables = this.#random.below(3);
    this.#from = this.#random.below(VOWELS.length);
    if (this.#random.below(2) === 0) this.#startFricative();
    else this.#startVowel();
  }

  #startFricative(): void {
    this.#hiss = this.#random.below(HISS.length);
    this.#memory.fill(0);
    this.#enter(FRICATIVE, this.#draw(40, 90));
  }

  #startVowel(): void {
    this.#to = this.#random.below(VOWELS.length);
    this.#memory.fill(0);
    this.#enter(VOWEL, this.#draw(100, 240));
  }

  #sample(): number {
    const at = 1 - this.#left / this.#length;
    // Attack over the first eighth, release over the last quarter.
    const envelope = at < 0.125 ? at * 8 : at > 0.75 ? (1 - at) * 4 : 1;
    const loud = this.#state === VOWEL ? this.#voice(at) : this.#noise();
    if (this.#left === 0 && this.#state === VOWEL) this.#from = this.#to;
    return loud * envelope;
  }

  #voice(at: number): number {
    // Declination: the pitch of a phrase falls by some 20 % a second.
    this.#pitch *= 0.999975;
    this.#phase += this.#pitch;
    let pulse = 0;
    if (this.#phase >= 1) {
      this.#phase -= 1;
      pulse = 1;
    }
    // A glottal pulse falls 12 dB an octave, lips raise it by 6: one pole is the difference.
    this.#tilt = pulse + 0.86 * this.#tilt;
    const a = VOWELS[this.#from] as readonly number[];
    const b = VOWELS[this.#to] as readonly number[];
    // Between two stable resonators of one bandwidth every mixture is stable: only the frequency moves.
    const x = this.#resonate(0, glide(a, b, 0, at), C1, this.#tilt);
    const y = this.#resonate(2, glide(a, b, 1, at), C2, x);
    return this.#highPass(this.#resonate(4, glide(a, b, 2, at), C3, y)) * 2.4;
  }

  #noise(): number {
    const hiss = HISS[this.#hiss] as readonly [number, number];
    return this.#resonate(6, hiss[0], hiss[1], this.#random.float() - 0.5) * 0.35;
  }

  /** What telephones do not carry, and what pulses of one sign would leave as an offset. */
  #highPass(x: number): number {
    const y = x - this.#previous;
    this.#previous = x;
    return y;
  }

  #resonate(slot: number, b: number, c: number, x: number): number {
    const y = (1 - b - c) * x + b * (this.#memory[slot] as number) + c * (this.#memory[slot + 1] as number);
    this.#memory[slot + 1] = this.#memory[slot] as number;
    this.#memory[slot] = y;
    return y;
  }
}
