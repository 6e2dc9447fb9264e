/**
 * A recording that many senders play in a loop, each from a place of its own. Synthesis costs microseconds a packet,
 * more than the lab's links: a lab records once and copies octets from then on.
 * @module
 */
import * as g711 from './g711.js';
import { SAMPLE_RATE, type AudioSource } from './speech.js';

/** Voiced flags are kept for pieces of 10 ms, the shortest packet time in use. */
const PIECE = 80;

export class Recording {
  readonly #octets: Readonly<Record<g711.Law, Uint8Array>>;
  readonly #voiced: Uint8Array;
  /** In samples. */
  readonly length: number;

  /** Records `seconds` (whole) of the source, in both laws. */
  constructor(source: AudioSource, seconds: number) {
    this.length = seconds * SAMPLE_RATE;
    this.#octets = { PCMU: new Uint8Array(this.length), PCMA: new Uint8Array(this.length) };
    this.#voiced = new Uint8Array(this.length / PIECE);
    const samples = new Int16Array(PIECE);
    for (let i = 0; i < this.#voiced.length; i++) {
      this.#voiced[i] = source.fill(samples) ? 1 : 0;
      g711.encode('PCMU', samples, PIECE, this.#octets.PCMU, i * PIECE);
      g711.encode('PCMA', samples, PIECE, this.#octets.PCMA, i * PIECE);
    }
  }

  /** A player that starts `from` samples in (taken modulo the length, down to 10 ms). */
  play(from: number): AudioSource {
    return new Player(this.#octets, this.#voiced, Math.floor((from % this.length) / PIECE));
  }
}

class Player implements AudioSource {
  readonly #octets: Readonly<Record<g711.Law, Uint8Array>>;
  readonly #voiced: Uint8Array;
  #piece: number;

  constructor(octets: Readonly<Record<g711.Law, Uint8Array>>, voiced: Uint8Array, piece: number) {
    this.#octets = octets;
    this.#voiced = voiced;
    this.#piece = piece;
  }

  /** @param out a multiple of 80 samples */
  fill(out: Int16Array): boolean {
    let voiced = 0;
    for (let at = 0; at < out.length; at += PIECE) {
      voiced |= this.#voiced[this.#piece] as number;
      g711.decode('PCMU', this.#octets.PCMU, this.#piece * PIECE, PIECE, out.subarray(at, at + PIECE));
      this.#next();
    }
    return voiced === 1;
  }

  /** hot. */
  encode(law: g711.Law, n: number, out: Uint8Array, at: number): boolean {
    const from = this.#octets[law];
    let voiced = 0;
    for (let done = 0; done < n; done += PIECE) {
      voiced |= this.#voiced[this.#piece] as number;
      const start = this.#piece * PIECE;
      for (let i = 0; i < PIECE; i++) out[at + done + i] = from[start + i] as number;
      this.#next();
    }
    return voiced === 1;
  }

  #next(): void {
    if (++this.#piece === this.#voiced.length) this.#piece = 0;
  }
}
