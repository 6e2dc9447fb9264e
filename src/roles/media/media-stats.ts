/**
 * What a media session has seen, as plain data. Times are nanoseconds.
 * @module
 */
import type { Nanos } from '../../base/time.js';
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
  /** Datagrams that were none of this session's: SRTP by reason, other payload types, noise. */
  readonly refused: Readonly<Record<SrtpFailure, number>> & { readonly payloadType: number; readonly noise: number };
}

const NO_REFUSALS: Readonly<Record<SrtpFailure, number>> = { malformed: 0, authentication: 0, replayed: 0, 'too-old': 0, unencrypted: 0 };

export function mediaStats(rtp: RtpSession, refused: Readonly<Record<SrtpFailure, number>> | null, noise: number): MediaStats {
  const { sender, receiver, remote } = rtp;
  return {
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
            // G.711's clock: 8 kHz, 125 microseconds a unit.
            jitter: (remote.block.jitter * 125_000) as Nanos,
            roundTrip: remote.roundTrip,
          },
    bye: rtp.bye,
    refused: { ...(refused ?? NO_REFUSALS), payloadType: receiver.unknownPayloadType, noise: noise + receiver.malformed + rtp.malformedRtcp },
  };
}
