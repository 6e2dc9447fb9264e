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
  readonly generic: Nanos;
  readonly icmp: Nanos;
  readonly icmpv6: Nanos;
  readonly gre: Nanos;
  readonly greStream: Nanos;
  readonly udp: Nanos;
  readonly udpStream: Nanos;
  readonly tcpBeLiberal: boolean;
  readonly tcpIgnoreInvalidRst: boolean;
  readonly tcpLoose: boolean;
  readonly tcpMaxRetrans: number;
  /** By state; then {@link TCP_RETRANS} and {@link TCP_UNACK}. */
  readonly tcp: Float64Array;
}

/** The topology has judged the names: an unknown one is our own mistake. */
export function resolveSettings(settings: ConntrackSettings): ResolvedSettings {
  for (const name of Object.keys(settings)) assertInvariant(isConntrackSysctl(name), `a sysctl of connection tracking: ${name}`);
  const value = (name: ConntrackSysctl): number => settings[name] ?? CONNTRACK_SYSCTLS[name];
  const time = (name: ConntrackSysctl): Nanos => seconds(value(name));
  return {
    checksum: value('nf_conntrack_checksum') !== 0,
    max: value('nf_conntrack_max'),
    generic: time('nf_conntrack_generic_timeout'),
    icmp: time('nf_conntrack_icmp_timeout'),
    icmpv6: time('nf_conntrack_icmpv6_timeout'),
    gre: time('nf_conntrack_gre_timeout'),
    greStream: time('nf_conntrack_gre_timeout_stream'),
    udp: time('nf_conntrack_udp_timeout'),
    udpStream: time('nf_conntrack_udp_timeout_stream'),
    tcpBeLiberal: value('nf_conntrack_tcp_be_liberal') !== 0,
    tcpIgnoreInvalidRst: value('nf_conntrack_tcp_ignore_invalid_rst') !== 0,
    tcpLoose: value('nf_conntrack_tcp_loose') !== 0,
    tcpMaxRetrans: value('nf_conntrack_tcp_max_retrans'),
    tcp: tcpTimeouts(time),
  };
}

function tcpTimeouts(time: (name: ConntrackSysctl) => Nanos): Float64Array {
  const timeouts = new Float64Array(TCP_UNACK + 1);
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
  return timeouts;
}
