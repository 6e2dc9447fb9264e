/**
 * L16 in RTP (RFC 3551 section 4.5.11): uncompressed samples of 16 bits "in two's complement notation and transmitted in
 * network byte order (most significant byte first)". One channel at 8 kHz, so its payload type is a dynamic one: the
 * static types 10 and 11 are for 44.1 kHz.
 * @module
 */
import { NO_CAUSE } from '../../../src/base/brand.js';
import { millis, NEVER, plus, type Nanos } from '../../../src/base/time.js';
import type { Format, Payloader } from '../../../src/protocol/rtp/payloader.js';
import { SAMPLE_RATE, type AudioSource } from '../../../src/protocol/rtp/speech.js';
import { setU16 } from '../../../src/wire/bytes.js';

/** RFC 3551 table 1: 20 ms of sound in a packet. */
const PACKET_TIME = millis(20);
const SAMPLES = 160;

export class L16Payloader implements Payloader {
  readonly codec = 'L16';
  readonly payloadType: number;
  readonly clockRate = SAMPLE_RATE;
  readonly largest = 2 * SAMPLES;
  readonly cause = NO_CAUSE;
  deadline: Nanos = NEVER;
  timestamp = 0;
  marker = false;

  readonly #source: AudioSource;
  readonly #samples = new Int16Array(SAMPLES);
  #next = 0;
  #started = false;

  constructor(source: AudioSource, payloadType: number) {
    this.#source = source;
    this.payloadType = payloadType;
  }

  start(now: Nanos, timestamp: number): void {
    this.deadline = now;
    this.#next = timestamp;
    this.#started = false;
  }

  stop(): void {
    this.deadline = NEVER;
  }

  /** hot. */
  fill(out: Uint8Array, at: number): number {
    this.deadline = plus(this.deadline, PACKET_TIME);
    this.timestamp = this.#next;
    this.#next += SAMPLES;
    // The first packet of a talkspurt (section 4.1); pauses are sent, so there is one.
    this.marker = !this.#started;
    this.#started = true;
    this.#source.fill(this.#samples);
    for (let i = 0; i < SAMPLES; i++) setU16(out, at + 2 * i, (this.#samples[i] as number) & 0xffff);
    return this.largest;
  }
}

/** For an m-line; the type is what the offer proposes. */
export function l16Format(source: AudioSource, payloadType = 97): Format {
  return { payloadType, name: 'L16', clockRate: SAMPLE_RATE, payloader: (agreed) => new L16Payloader(source, agreed) };
}
