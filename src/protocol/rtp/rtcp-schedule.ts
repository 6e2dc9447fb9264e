/**
 * When to send RTCP (RFC 3550 sections 6.2, 6.3 and A.7): the interval follows members, senders, packet size and
 * bandwidth, is randomised over 0.5 to 1.5, and reconsidered when its timer expires. Membership time-outs and BYE
 * back-off (6.3.5, 6.3.7) are for groups of 50 and more, and left out.
 * @module
 */
import type { Rng } from '../../base/rng.js';
import { NEVER, plus, seconds, type Nanos } from '../../base/time.js';

/** Octets of IPv4 and UDP headers, which count into packet sizes (RFC 3550 6.2). */
const LOWER_HEADERS = 28;
/** e - 3/2: undoes the bias of timer reconsideration (RFC 3550 6.3.1). */
const COMPENSATION = 1.21828;

export interface RtcpScheduleOptions {
  readonly random: Rng;
  /** Session bandwidth in bit/s, of which RTCP gets 5 %. Default 64000. */
  readonly bandwidth?: number;
  /** 6.2's "reduced minimum": 360 s divided by the bandwidth in kbit/s, in place of 5 s. Off by default. */
  readonly reducedMinimum?: boolean;
}

export class RtcpSchedule {
  deadline: Nanos = NEVER;
  /** Participants, ourselves included, and those of them that sent lately. */
  members = 1;
  senders = 0;
  weSent = false;

  readonly #random: Rng;
  /** Octets a second. */
  readonly #rtcpBandwidth: number;
  readonly #minimum: number;
  #averageSize = 128;
  #initial = true;
  #previous: Nanos = 0 as Nanos;

  constructor(options: RtcpScheduleOptions) {
    const bandwidth = options.bandwidth ?? 64_000;
    this.#random = options.random;
    this.#rtcpBandwidth = (bandwidth / 8) * 0.05;
    this.#minimum = options.reducedMinimum === true ? Math.min(5, 360 / (bandwidth / 1000)) : 5;
  }

  /** The deterministic interval Td, in seconds (6.3.1). */
  get deterministicInterval(): number {
    // Half the minimum for the first report, for quick notice of a newcomer.
    const minimum = this.#initial ? this.#minimum / 2 : this.#minimum;
    let n = this.members;
    let bandwidth = this.#rtcpBandwidth;
    if (this.senders <= this.members * 0.25) {
      bandwidth *= this.weSent ? 0.25 : 0.75;
      n = this.weSent ? this.senders : this.members - this.senders;
    }
    return Math.max(minimum, (this.#averageSize * n) / bandwidth);
  }

  #draw(): Nanos {
    return seconds((this.deterministicInterval * (this.#random.float() + 0.5)) / COMPENSATION);
  }

  start(now: Nanos): void {
    this.#previous = now;
    this.deadline = plus(now, this.#draw());
  }

  stop(): void {
    this.deadline = NEVER;
  }

  /** The timer expired. True: send a report now, and call {@link sent}. False: reconsidered, the deadline moved (6.3.6). */
  expire(now: Nanos): boolean {
    if (now < this.deadline) return false;
    const next = plus(this.#previous, this.#draw());
    if (next <= now) return true;
    this.deadline = next;
    return false;
  }

  /** @param octets of the compound packet */
  sent(octets: number, now: Nanos): void {
    this.#average(octets);
    this.#previous = now;
    this.#initial = false;
    this.deadline = plus(now, this.#draw());
  }

  received(octets: number): void {
    this.#average(octets);
  }

  /** 6.3.3: avg = 1/16 * size + 15/16 * avg. */
  #average(octets: number): void {
    this.#averageSize += (octets + LOWER_HEADERS - this.#averageSize) / 16;
  }
}
