/**
 * G.711 in RTP (RFC 3551 section 4.5.14): a source's samples as octets, a packet time in each payload.
 * @module
 */
import { NO_CAUSE } from '../../base/brand.js';
import { NEVER, plus, type Nanos } from '../../base/time.js';
import * as g711 from './g711.js';
import type { Format, Payloader } from './payloader.js';
import * as rtp from './rtp.js';
import { SAMPLE_RATE, type AudioSource } from './speech.js';

export interface G711Options {
  readonly source: AudioSource;
  /** Default PCMU. */
  readonly law?: g711.Law;
  /** Default: the law's static type. */
  readonly payloadType?: number;
  /** Milliseconds of sound in a packet, default 20. */
  readonly packetTime?: number;
  /** Send nothing while the source pauses. Off by default: a lab wants to see every interval. */
  readonly silenceSuppression?: boolean;
}

export class G711Payloader implements Payloader {
  readonly codec: g711.Law;
  readonly payloadType: number;
  readonly clockRate = SAMPLE_RATE;
  readonly largest: number;
  readonly cause = NO_CAUSE;
  deadline: Nanos = NEVER;
  timestamp = 0;
  marker = false;

  readonly #source: AudioSource;
  readonly #samples: Int16Array;
  readonly #interval: Nanos;
  readonly #suppress: boolean;
  #next = 0;
  #talking = false;

  constructor(options: G711Options) {
    const packetTime = options.packetTime ?? 20;
    this.codec = options.law ?? 'PCMU';
    this.payloadType = options.payloadType ?? rtp.PAYLOAD_TYPE[this.codec];
    this.largest = (packetTime * SAMPLE_RATE) / 1000;
    this.#source = options.source;
    this.#samples = new Int16Array(this.largest);
    this.#interval = (packetTime * 1e6) as Nanos;
    this.#suppress = options.silenceSuppression ?? false;
  }

  start(now: Nanos, timestamp: number): void {
    this.deadline = now;
    this.#next = timestamp;
    this.#talking = false;
  }

  stop(): void {
    this.deadline = NEVER;
  }

  /** hot. */
  fill(out: Uint8Array, at: number): number {
    this.deadline = plus(this.deadline, this.#interval);
    const n = this.#samples.length;
    const voiced = this.#sound(n, out, at);
    this.timestamp = this.#next;
    this.#next += n;
    if (this.#suppress && !voiced) {
      this.#talking = false;
      return 0;
    }
    // RFC 3551 4.1: the marker is set on "the first packet of a talkspurt, that is, the first packet after a silence
    // period during which packets have not been transmitted contiguously".
    this.marker = !this.#talking;
    this.#talking = true;
    return n;
  }

  /** hot. The next `n` octets of sound. False in a pause. */
  #sound(n: number, out: Uint8Array, at: number): boolean {
    if (this.#source.encode !== undefined) return this.#source.encode(this.codec, n, out, at);
    const voiced = this.#source.fill(this.#samples);
    g711.encode(this.codec, this.#samples, n, out, at);
    return voiced;
  }
}

/** The formats of an m-line that speaks G.711, in order of preference (default PCMU, PCMA). */
export function g711Formats(source: AudioSource, laws: readonly g711.Law[] = ['PCMU', 'PCMA']): readonly Format[] {
  return laws.map((law) => ({
    payloadType: rtp.PAYLOAD_TYPE[law],
    name: law,
    clockRate: SAMPLE_RATE,
    payloader: (payloadType) => new G711Payloader({ source, law, payloadType }),
  }));
}
