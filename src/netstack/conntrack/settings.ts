/**
 * A node's connection tracking settings, resolved: Linux's defaults with what the plan says instead, times as durations.
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import { type Nanos, seconds } from '../../base/time.js';
import { CONNTRACK_SYSCTLS, type ConntrackSysctl, isConntrackSysctl } from '../../topology/conntrack-sysctls.js';
import { TCP, TCP_RETRANS, TCP_UNACK } from './tcp/states.js';
import type { ConntrackSettings } from './tracker.js';

export interface ResolvedSettings {
  readonly checksum: boolean;
  readonly max: number;
  readonly tcpBeLiberal: boolean;
  readonly tcpIgnoreInvalidRst: boolean;
  readonly tcpLoose: boolean;
  readonly tcpMaxRetrans: number;
  /** Nanoseconds: by {@link TCP} state, {@link TCP_RETRANS}, {@link TCP_UNACK} and {@link TIMEOUT}. */
  readonly timeouts: Float64Array;
}

/** Places of the timeouts behind those of TCP. */
export const TIMEOUT = { GENERIC: 12, ICMP: 13, ICMPV6: 14, GRE: 15, GRE_STREAM: 16, UDP: 17, UDP_STREAM: 18 } as const;

/** The topology has judged the names: an unknown one is our own mistake. */
export function resolveSettings(settings: ConntrackSettings): ResolvedSettings {
  for (const name of Object.keys(settings)) assertInvariant(isConntrackSysctl(name), `a sysctl of connection tracking: ${name}`);
  const value = (name: ConntrackSysctl): number => settings[name] ?? CONNTRACK_SYSCTLS[name];
  const time = (name: ConntrackSysctl): Nanos => seconds(value(name));
  return {
    checksum: value('nf_conntrack_checksum') !== 0,
    max: value('nf_conntrack_max'),
    tcpBeLiberal: value('nf_conntrack_tcp_be_liberal') !== 0,
    tcpIgnoreInvalidRst: value('nf_conntrack_tcp_ignore_invalid_rst') !== 0,
    tcpLoose: value('nf_conntrack_tcp_loose') !== 0,
    tcpMaxRetrans: value('nf_conntrack_tcp_max_retrans'),
    timeouts: timeoutsOf(time),
  };
}

function timeoutsOf(time: (name: ConntrackSysctl) => Nanos): Float64Array {
  const timeouts = new Float64Array(TIMEOUT.UDP_STREAM + 1);
  timeouts[TCP.SYN_SENT] = time('nf_conntrack_tcp_timeout_syn_sent');
  // No sysctl of its own in Linux.
  timeouts[TCP.SYN_SENT2] = seconds(120);
  timeouts[TCP.SYN_RECV] = time('nf_conntrack_tcp_timeout_syn_recv');
  timeouts[TCP.ESTABLISHED] = time('nf_conntrack_tcp_timeout_established');
  timeouts[TCP.FIN_WAIT] = time('nf_conntrack_tcp_timeout_fin_wait');
  timeouts[TCP.CLOSE_WAIT] = time('nf_conntrack_tcp_timeout_close_wait');
  timeouts[TCP.LAST_ACK] = time('nf_conntrack_tcp_timeout_last_ack');
  timeouts[TCP.TIME_WAIT] = time('nf_conntrack_tcp_timeout_time_wait');
  timeouts[TCP.CLOSE] = time('nf_conntrack_tcp_timeout_close');
  timeouts[TCP_RETRANS] = time('nf_conntrack_tcp_timeout_max_retrans');
  timeouts[TCP_UNACK] = time('nf_conntrack_tcp_timeout_unacknowledged');
  timeouts[TIMEOUT.GENERIC] = time('nf_conntrack_generic_timeout');
  timeouts[TIMEOUT.ICMP] = time('nf_conntrack_icmp_timeout');
  timeouts[TIMEOUT.ICMPV6] = time('nf_conntrack_icmpv6_timeout');
  timeouts[TIMEOUT.GRE] = time('nf_conntrack_gre_timeout');
  timeouts[TIMEOUT.GRE_STREAM] = time('nf_conntrack_gre_timeout_stream');
  timeouts[TIMEOUT.UDP] = time('nf_conntrack_udp_timeout');
  timeouts[TIMEOUT.UDP_STREAM] = time('nf_conntrack_udp_timeout_stream');
  return timeouts;
}
