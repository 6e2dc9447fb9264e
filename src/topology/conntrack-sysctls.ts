/**
 * The sysctls below `net.netfilter` that a node's `conntrack:` may set, with Linux's defaults (6.x). Times are seconds.
 * @see Documentation/networking/nf_conntrack-sysctl.rst
 * @module
 */
export const CONNTRACK_SYSCTLS = {
  /** Verify checksums of what comes in; bad ones are `invalid`. */
  nf_conntrack_checksum: 1,
  /** Entries at most. Linux takes it from the memory; this is the value of a machine with 4 GiB and more. */
  nf_conntrack_max: 262144,
  nf_conntrack_generic_timeout: 600,
  nf_conntrack_icmp_timeout: 30,
  nf_conntrack_icmpv6_timeout: 30,
  nf_conntrack_gre_timeout: 30,
  nf_conntrack_gre_timeout_stream: 180,
  nf_conntrack_udp_timeout: 30,
  nf_conntrack_udp_timeout_stream: 120,
  /** Only RST outside the window are `invalid`. */
  nf_conntrack_tcp_be_liberal: 0,
  /** Take RST whatever their sequence number. */
  nf_conntrack_tcp_ignore_invalid_rst: 0,
  /** Pick up connections whose beginning was not seen. */
  nf_conntrack_tcp_loose: 1,
  nf_conntrack_tcp_max_retrans: 3,
  nf_conntrack_tcp_timeout_syn_sent: 120,
  nf_conntrack_tcp_timeout_syn_recv: 60,
  nf_conntrack_tcp_timeout_established: 432000,
  nf_conntrack_tcp_timeout_fin_wait: 120,
  nf_conntrack_tcp_timeout_close_wait: 60,
  nf_conntrack_tcp_timeout_last_ack: 30,
  nf_conntrack_tcp_timeout_time_wait: 120,
  nf_conntrack_tcp_timeout_close: 10,
  nf_conntrack_tcp_timeout_max_retrans: 300,
  nf_conntrack_tcp_timeout_unacknowledged: 300,
} as const;

export type ConntrackSysctl = keyof typeof CONNTRACK_SYSCTLS;

export function isConntrackSysctl(name: string): name is ConntrackSysctl {
  return Object.hasOwn(CONNTRACK_SYSCTLS, name);
}
