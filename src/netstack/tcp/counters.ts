/**
 * What the TCP of a node counts, as nstat(8) shows it.
 * @module
 */
export interface TcpCounters {
  segmentsIn: number;
  segmentsOut: number;
  retransmitted: number;
  timeouts: number;
  fastRecoveries: number;
  resetsIn: number;
  resetsOut: number;
  challengeAcks: number;
  malformed: number;
  backlogFull: number;
}
