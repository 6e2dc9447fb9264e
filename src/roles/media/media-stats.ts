/**
 * What a media stream has seen, as plain data. Times are nanoseconds.
 * @module
 */
import type { Nanos } from '../../base/time.js';
import type { Workload } from '../../base/workload.js';
import { timeOf } from '../../protocol/rtp/media-clock.js';
import type { SrtpFailure } from '../../protocol/rtp/srtp.js';
import type { RtpSession } from '../../protocol/rtp/session.js';

export interface ReceivedStats {
  readonly ssrc: number;
  readonly packets: number;
  /** Payload octets. */
  readonly octets: number;
  /** RFC 3550 A.3; below zero with more duplicates than losses. */
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly jitter: Nanos;
}

export interface MediaStats {
  readonly mid: string;
  readonly kind: string;
  readonly workload: Workload;
  readonly sent: { readonly ssrc: number; readonly packets: number; readonly octets: number };
  /** One for each source that sent, in order of appearance. */
  readonly received: readonly ReceivedStats[];
  /** What the peer's RTCP says of our stream; null before its first report. */
  readonly remote: {
    readonly at: Nanos;
    readonly lost: number;
    /** 0..1, of the peer's last interval. */
    readonly fractionLost: number;
    readonly jitter: Nanos;
    readonly roundTrip: Nanos | null;
  } | null;
  /** Reason of the peer's RTCP BYE, empty without one; null when it said none. */
  readonly bye: string | null;
  /** Datagrams that were none of this stream's: other payload types; and of its transport SRTP by reason, and noise. */
  readonly refused: Readonly<Record<SrtpFailure, number>> & { readonly payloadType: number; readonly noise: number };
}

const NO_REFUSALS: Readonly<Record<SrtpFailure, number>> = { malformed: 0, authentication: 0, replayed: 0, 'too-old': 0, unencrypted: 0 };

export function mediaStats(
  { mid, kind, workload }: { readonly mid: string; readonly kind: string; readonly workload: Workload },
  rtp: RtpSession,
  { refused, noise }: { readonly refused: Readonly<Record<SrtpFailure, number>> | null; readonly noise: number },
): MediaStats {
  const { sender, receiver, remote } = rtp;
  return {
    mid,
    kind,
    workload,
    sent: { ssrc: sender.ssrc, packets: sender.packets, octets: sender.octets },
    received: receiver.sources.map((s) => ({
      ssrc: s.ssrc,
      packets: s.received,
      octets: s.octets,
      lost: s.lost,
      duplicates: s.duplicates,
      reordered: s.reordered,
      jitter: s.jitterTime,
    })),
    remote:
      remote === null
        ? null
        : {
            at: remote.at,
            lost: remote.block.cumulativeLost,
            fractionLost: remote.block.fractionLost / 256,
            jitter: timeOf(remote.block.jitter, sender.clockRate),
            roundTrip: remote.roundTrip,
          },
    bye: rtp.bye,
    refused: { ...(refused ?? NO_REFUSALS), payloadType: receiver.unknownPayloadType, noise: noise + receiver.malformed + rtp.malformedRtcp },
  };
}
