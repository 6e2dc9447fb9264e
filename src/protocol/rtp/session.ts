/**
 * One participant of an RTP session: sender, receiver and the RTCP that ties them (RFC 3550 section 6). Sans-I/O: the
 * shell hands in datagrams, books one timer for `rtcpDeadline`, and sends what is written into `rtcpScratch`.
 * Encryption lies outside, between the shell and this.
 * @module
 */
import type { Rng } from '../../base/rng.js';
import type { Nanos } from '../../base/time.js';
import { isMalformed } from '../../wire/malformed.js';
import { RtpReceiver, roundTrip, type RtpReceiverOptions } from './receiver.js';
import { RtcpSchedule } from './rtcp-schedule.js';
import * as rtcp from './rtcp.js';
import type { RtpSender } from './sender.js';
import { SRTP_OVERHEAD } from './srtp-overhead.js';

export interface RtpSessionOptions {
  readonly sender: RtpSender;
  readonly receiver: RtpReceiverOptions;
  readonly random: Rng;
  /** Canonical end-point name (RFC 7022: not a person's name). */
  readonly cname: string;
  /** Epoch second of lab time zero. */
  readonly originSeconds: number;
  readonly reducedMinimum?: boolean;
  /** RTCP of other sessions comes by the same transport: a BYE counts for sources of this one only. */
  readonly shared?: boolean;
}

/** What the peer said of our stream, last. */
export interface RemoteView {
  readonly at: Nanos;
  readonly block: rtcp.ReportBlock;
  readonly roundTrip: Nanos | null;
}

export class RtpSession {
  readonly sender: RtpSender;
  readonly receiver: RtpReceiver;
  /** A compound packet of ours, with room for SRTCP's trailer behind it. */
  readonly rtcpScratch = new Uint8Array(1200 + SRTP_OVERHEAD);
  /** Of the peer's last report block about our stream. */
  remote: RemoteView | null = null;
  /** Reason of the peer's BYE, '' without one; null as long as there was none. */
  bye: string | null = null;
  malformedRtcp = 0;

  readonly #schedule: RtcpSchedule;
  readonly #options: RtpSessionOptions;
  #sentAtLastReport = 0;
  #sentAtReportBefore = 0;

  constructor(options: RtpSessionOptions) {
    this.#options = options;
    this.sender = options.sender;
    this.receiver = new RtpReceiver(options.receiver);
    this.#schedule = new RtcpSchedule({ random: options.random, reducedMinimum: options.reducedMinimum ?? false });
  }

  get rtcpDeadline(): Nanos {
    return this.#schedule.deadline;
  }

  start(now: Nanos): void {
    this.#schedule.start(now);
  }

  /** hot. @returns a code of `RECEIVED` */
  rtp(b: Uint8Array, o: number, n: number, now: Nanos): number {
    return this.receiver.handle(b, o, n, now);
  }

  /** Takes a compound packet, deciphered. False when it is malformed: nothing of it is used. */
  rtcp(b: Uint8Array, o: number, n: number, now: Nanos): boolean {
    const packets = rtcp.parse(b, o, n);
    if (isMalformed(packets)) {
      this.malformedRtcp++;
      return false;
    }
    this.#schedule.received(n);
    for (const packet of packets) this.#take(packet, now);
    return true;
  }

  #take(packet: rtcp.RtcpPacket, now: Nanos): void {
    switch (packet.type) {
      case 'sr':
        this.receiver.source(packet.ssrc)?.senderReport(packet, now);
        this.#view(packet.reports, now);
        break;
      case 'rr':
        this.#view(packet.reports, now);
        break;
      case 'bye':
        this.#bye(packet);
        break;
      case 'sdes':
      case 'app':
      case 'other':
        break;
    }
  }

  #bye(packet: rtcp.Goodbye): void {
    let own = this.#options.shared !== true;
    for (const ssrc of packet.ssrcs) {
      const source = this.receiver.source(ssrc);
      if (source === null) continue;
      source.saidBye = true;
      own = true;
    }
    if (own) this.bye = packet.reason ?? '';
  }

  #view(blocks: readonly rtcp.ReportBlock[], now: Nanos): void {
    for (const block of blocks) {
      if (block.ssrc === this.sender.ssrc) this.remote = { at: now, block, roundTrip: roundTrip(block, now, this.#options.originSeconds) };
    }
  }

  /** The RTCP timer expired. @returns octets in `rtcpScratch`, or 0 when the timer was reconsidered */
  report(now: Nanos): number {
    const live = this.receiver.sources.filter((s) => s.valid && !s.saidBye).length;
    const weSent = this.sender.packets !== this.#sentAtReportBefore;
    this.#schedule.members = 1 + live;
    this.#schedule.senders = live + (weSent ? 1 : 0);
    this.#schedule.weSent = weSent;
    if (!this.#schedule.expire(now)) return 0;
    const n = this.#compound(now, weSent, null);
    this.#schedule.sent(n, now);
    this.#sentAtReportBefore = this.#sentAtLastReport;
    this.#sentAtLastReport = this.sender.packets;
    return n;
  }

  /** Leaves the session: the last compound packet, with BYE (6.3.7: at once below 50 members). @returns octets in `rtcpScratch` */
  leave(now: Nanos, reason?: string): number {
    this.sender.stop();
    this.#schedule.stop();
    const bye: rtcp.Goodbye = { type: 'bye', ssrcs: [this.sender.ssrc], ...(reason !== undefined && { reason }) };
    return this.#compound(now, this.sender.packets !== this.#sentAtReportBefore, bye);
  }

  /** SR when we sent since the report before the last (6.4), else RR; then CNAME. */
  #compound(now: Nanos, weSent: boolean, bye: rtcp.Goodbye | null): number {
    const { sender } = this;
    const reports = this.receiver.reportBlocks(now);
    const packets: rtcp.RtcpPacket[] = [
      weSent ? { ...sender.report(now, this.#options.originSeconds), reports } : { type: 'rr', ssrc: sender.ssrc, reports },
      { type: 'sdes', chunks: [{ ssrc: sender.ssrc, items: [{ item: rtcp.SDES_ITEM.CNAME, text: this.#options.cname }] }] },
    ];
    if (bye !== null) packets.push(bye);
    return rtcp.emit(packets, this.rtcpScratch, 0);
  }
}
