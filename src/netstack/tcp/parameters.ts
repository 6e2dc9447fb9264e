/**
 * What may be tuned of an emulated node's TCP. Defaults are those of Linux, save for the buffers, which do not tune
 * themselves: the receive buffer is larger than the send buffer, so a reader that keeps up never limits a writer.
 * @module
 */
import { millis, seconds, type Nanos } from '../../base/time.js';

export interface TcpParameters {
  /** Bytes that a socket takes before they are acknowledged. */
  readonly sendBuffer: number;
  /** Bytes that a socket holds for its reader; the largest window that it offers. */
  readonly receiveBuffer: number;
  /** Time-out before anything was measured (RFC 6298 rule 2.1). */
  readonly initialRto: Nanos;
  /** Least distance between smoothed round trip and time-out: Linux's floor, in place of the whole second of RFC 6298 rule 2.4. */
  readonly minRto: Nanos;
  readonly maxRto: Nanos;
  /** Time-out for data when the SYN had to be repeated (RFC 6298 rule 5.7). */
  readonly rtoAfterSynLoss: Nanos;
  /** Repetitions of a SYN before the connection attempt ends (Linux `tcp_syn_retries`: 127 s in all). */
  readonly synRetries: number;
  /** Repetitions of a SYN-ACK (Linux `tcp_synack_retries`). */
  readonly synAckRetries: number;
  /** Repetitions of data, FIN or window probe without any answer (Linux `tcp_retries2`: some 924 s). */
  readonly dataRetries: number;
  /** Longest time that data may stay unacknowledged (RFC 5482); 0 = the retries alone decide. */
  readonly userTimeout: Nanos;
  readonly delayedAck: Nanos;
  /** Maximum segment lifetime; TIME-WAIT lasts two of them. */
  readonly msl: Nanos;
  /** How long a connection that its user has closed waits for the peer's FIN (Linux `tcp_fin_timeout`). */
  readonly finWait: Nanos;
  /** True switches Nagle's algorithm off for new sockets. */
  readonly noDelay: boolean;
  /** Offer selective acknowledgements (RFC 2018). */
  readonly sack: boolean;
  /** Offer window scaling (RFC 7323). */
  readonly windowScaling: boolean;
  /** Idle time before the first keep-alive; 0 = none are sent. */
  readonly keepAliveIdle: Nanos;
  readonly keepAliveInterval: Nanos;
  readonly keepAliveProbes: number;
  /** Challenge ACKs per second and node (RFC 5961 section 7). */
  readonly challengeAcks: number;
  /** A segment to a port without listener is answered by RST; false: by silence. */
  readonly resetUnknown: boolean;
  /** Most half-open connections of a listener, whatever it asks for (Linux). */
  readonly somaxconn: number;
  /** Initial sequence number of every connection, or null: RFC 6528. For experiments. */
  readonly initialSequence: number | null;
}

export const LINUX_PARAMETERS: TcpParameters = {
  sendBuffer: 256 * 1024,
  receiveBuffer: 512 * 1024,
  initialRto: seconds(1),
  minRto: millis(200),
  maxRto: seconds(120),
  rtoAfterSynLoss: seconds(3),
  synRetries: 6,
  synAckRetries: 5,
  dataRetries: 15,
  userTimeout: 0 as Nanos,
  delayedAck: millis(40),
  msl: seconds(30),
  finWait: seconds(60),
  noDelay: true,
  sack: true,
  windowScaling: true,
  keepAliveIdle: 0 as Nanos,
  keepAliveInterval: seconds(75),
  keepAliveProbes: 9,
  challengeAcks: 1000,
  resetUnknown: true,
  somaxconn: 4096,
  initialSequence: null,
};
