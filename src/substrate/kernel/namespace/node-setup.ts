/**
 * What a node of the plan is in the kernel's words: sysctls, lines for `ip -batch`, an nftables ruleset. Text only, so
 * that it can be read, tested and shown without a kernel.
 *
 * The devices exist before (TAPs); the sysctls come first, since a device takes over `default` when it is made.
 * @see ip(8), Documentation/networking/ip-sysctl.rst, nft(8)
 * @module
 */
import type { PlanInterface, PlanNode, PlanRoute } from '../../../topology/plan.js';

/** Path below /proc/sys/net and value. */
export type Sysctl = readonly [path: string, value: string];

/** Settings of the namespace, before any device is made in it. */
export function nodeSysctls(node: PlanNode): readonly Sysctl[] {
  const on = node.forwards ? '1' : '0';
  // A bridge has no IP: without this its own device would announce itself on every port.
  if (node.bridge) return everywhere('ipv6', 'disable_ipv6', '1');
  return [
    ['ipv4/ip_forward', on],
    // Asymmetric paths are what a lab is for; a reverse path filter is a rule that the topology asks for.
    ...everywhere('ipv4', 'rp_filter', '0'),
    ...everywhere('ipv4', 'accept_redirects', '0'),
    ...everywhere('ipv4', 'send_redirects', '0'),
    ...everywhere('ipv6', 'forwarding', on),
    ...everywhere('ipv6', 'accept_redirects', '0'),
    ...everywhere('ipv6', 'accept_ra', '0'),
    ...everywhere('ipv6', 'autoconf', '0'),
    // The plan sees to it that addresses are unique (RFC 4862 5.4 would hold each back for a second).
    ...everywhere('ipv6', 'accept_dad', '0'),
    ...everywhere('ipv6', 'dad_transmits', '0'),
    // 1 = no link-local address of its own making: the plan's addresses are all that a node has.
    ...everywhere('ipv6', 'addr_gen_mode', '1'),
    // A link that is down takes its routes out of use, and the next best one is taken: as soon as the kernel's link watch
    // has come round, which is within a second.
    ...everywhere('ipv4', 'ignore_routes_with_linkdown', '1'),
    ...everywhere('ipv6', 'ignore_routes_with_linkdown', '1'),
  ];
}

function everywhere(family: 'ipv4' | 'ipv6', key: string, value: string): readonly Sysctl[] {
  return ['all', 'default'].map((which) => [`${family}/conf/${which}/${key}`, value]);
}

/** Lines for `ip -batch`, in order. */
export function nodeBatch(node: PlanNode): readonly string[] {
  const lines = ['link set dev lo up'];
  if (node.bridge) return [...lines, ...bridgeBatch(node)];
  for (const iface of node.interfaces) lines.push(...interfaceBatch(iface));
  // A gateway must be reachable when its route is added: routes without one come first.
  const ordered = [...node.routes.filter((route) => route.via === null), ...node.routes.filter((route) => route.via !== null)];
  // Two addresses of one prefix make two connected routes alike; the kernel takes each once.
  return [...lines, ...new Set(ordered.map(routeLine))];
}

function interfaceBatch(iface: PlanInterface): readonly string[] {
  const { name } = iface;
  return [
    `link set dev ${name} address ${iface.mac} mtu ${iface.mtu}`,
    // noprefixroute: the plan's routes are all that there is, connected ones among them.
    ...iface.addresses.map((a) => `address add ${a.address}/${a.prefixLength} dev ${name} noprefixroute${a.family === 6 ? ' nodad' : ''}`),
    `link set dev ${name} up`,
    ...iface.neighbours.map((n) => `neighbour replace ${n.address} lladdr ${n.mac} dev ${name} nud permanent`),
  ];
}

function routeLine(route: PlanRoute): string {
  const target = route.dev === null ? `blackhole ${route.prefix}` : `${route.prefix}${route.via === null ? '' : ` via ${route.via}`} dev ${route.dev}`;
  // For IPv6 the kernel takes metric 0 as "the usual" (1024): one more for all keeps the plan's order.
  return `route add ${target} metric ${route.family === 6 ? route.metric + 1 : route.metric}`;
}

/** The bridge's own device; a port may have any name but this. */
export function bridgeName(node: PlanNode): string {
  const taken = new Set(node.interfaces.map((iface) => iface.name));
  let number = 0;
  while (taken.has(`br${number}`)) number++;
  return `br${number}`;
}

function bridgeBatch(node: PlanNode): readonly string[] {
  const bridge = bridgeName(node);
  return [
    // No spanning tree and no listening: ports forward at once. No snooping: it would ask for groups, which nobody joins.
    `link add name ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    ...node.interfaces.flatMap((port) => [
      `link set dev ${port.name} address ${port.mac} mtu ${port.mtu}`,
      `link set dev ${port.name} master ${bridge}`,
      `link set dev ${port.name} up`,
    ]),
    `link set dev ${bridge} up`,
  ];
}

/**
 * The node's QoS policy as rules on what it sends itself, or null when it has none. Node's sockets cannot set DSCP;
 * marking by local port is also how such policies are rolled out in real networks.
 */
export function dscpRules(node: PlanNode): string | null {
  if (node.dscp.length === 0) return null;
  const rules = node.dscp.flatMap(({ protocol, from, to, dscp }) => {
    const ports = from === to ? String(from) : `${from}-${to}`;
    // `accept` ends the chain: the first match wins, as in the plan.
    return ['ip', 'ip6'].map((family) => `    meta nfproto ${family === 'ip' ? 'ipv4' : 'ipv6'} ${protocol} sport ${ports} ${family} dscp set ${dscp} accept`);
  });
  return ['table inet callpath-qos {', '  chain output {', '    type filter hook output priority mangle; policy accept;', ...rules, '  }', '}', ''].join('\n');
}
