/**
 * What a node of the plan is in the kernel's words: sysctls, lines for `ip -batch`, an nftables ruleset. Text only, so
 * that it can be read, tested and shown without a kernel.
 *
 * The devices exist before (TAPs); the sysctls come first, since a device takes over `default` when it is made.
 * @see ip(8), Documentation/networking/ip-sysctl.rst, nft(8)
 * @module
 */
import { MAIN_TABLE, type PlanInterface, type PlanNode, type PlanRoute, type PlanRule, type RouteChange, RP_FILTERS } from '../../../topology/plan.js';

/** Path below /proc/sys/net and value. */
export type Sysctl = readonly [path: string, value: string];

/** Settings of the namespace, before any device is made in it. */
export function nodeSysctls(node: PlanNode): readonly Sysctl[] {
  const on = node.forwards ? '1' : '0';
  // A bridge has no IP: without this its own device would announce itself on every port.
  if (node.bridge) return everywhere('ipv6', 'disable_ipv6', '1');
  return [
    ['ipv4/ip_forward', on],
    // Asymmetric paths are what a lab is for; a reverse path filter is a rule that the topology asks for. Of a node's and an
    // interface's the kernel takes the larger number, so that interfaces begin with none.
    ['ipv4/conf/all/rp_filter', String(RP_FILTERS.indexOf(node.rpFilter ?? 'off'))],
    ['ipv4/conf/default/rp_filter', '0'],
    ['ipv4/fib_multipath_hash_policy', node.multipathHash === 'l3' ? '0' : '1'],
    ['ipv6/fib_multipath_hash_policy', node.multipathHash === 'l3' ? '0' : '1'],
    ...(node.somaxconn === undefined ? [] : ([['core/somaxconn', String(node.somaxconn)]] as const)),
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

/** Settings of connection tracking: there once rules that track are loaded, or the module is. */
export function conntrackSysctls(node: PlanNode): readonly Sysctl[] {
  return Object.entries(node.conntrack ?? {}).map(([name, value]) => [`netfilter/${name}`, String(value)]);
}

/** Settings of its interfaces, when they are there. */
export function interfaceSysctls(node: PlanNode): readonly Sysctl[] {
  return node.interfaces.flatMap(({ name, rpFilter }): readonly Sysctl[] =>
    rpFilter === undefined ? [] : [[`ipv4/conf/${name}/rp_filter`, String(RP_FILTERS.indexOf(rpFilter))]],
  );
}

function everywhere(family: 'ipv4' | 'ipv6', key: string, value: string): readonly Sysctl[] {
  return ['all', 'default'].map((which) => [`${family}/conf/${which}/${key}`, value]);
}

/** Lines for `ip -batch`, in order. */
export function nodeBatch(node: PlanNode): readonly string[] {
  const lines = ['link set dev lo up'];
  if (node.bridge) return [...lines, ...bridgeBatch(node)];
  for (const iface of node.interfaces) lines.push(...interfaceBatch(iface));
  // A gateway must be reachable when its route is added: routes without one come first, connected ones before all.
  const ordered = [...node.routes].sort((a, b) => turn(a) - turn(b));
  // Two addresses of one prefix make two connected routes alike; the kernel takes each once.
  return [...lines, ...new Set(ordered.map(routeLine))];
}

function turn(route: PlanRoute): number {
  if (route.origin === 'connected') return 0;
  return route.via === null && route.nextHops === undefined ? 1 : 2;
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
  return `route add ${routeWords(route)}`;
}

/** A line for `ip -4 -batch` or `ip -6 -batch`. Taking away what is not there is no error of `flush`, as it would be of `del`. */
export function routeChangeLine({ op, route }: RouteChange): string {
  if (op === 'replace') return `route replace ${routeWords(route)}`;
  return `route flush exact ${route.prefix} table ${route.table ?? MAIN_TABLE} metric ${kernelMetric(route)}`;
}

function routeWords(route: PlanRoute): string {
  const words = [route.dev === null ? `${discardOf(route)} ${route.prefix}` : route.prefix];
  const several = route.nextHops !== undefined;
  if (route.dev !== null && !several) words.push(hopWords(route.via, route.dev));
  words.push(`metric ${kernelMetric(route)}`);
  if ((route.table ?? MAIN_TABLE) !== MAIN_TABLE) words.push(`table ${route.table}`);
  if (route.origin === 'bgp') words.push('proto bgp');
  for (const hop of route.nextHops ?? []) words.push(`nexthop ${hopWords(hop.via, hop.dev)} weight ${hop.weight}`);
  return words.join(' ');
}

/** For IPv6 the kernel takes metric 0 as "the usual" (1024): one more for all keeps the plan's order. */
function kernelMetric({ family, metric }: PlanRoute): number {
  return family === 6 ? metric + 1 : metric;
}

function hopWords(via: string | null, dev: string): string {
  return via === null ? `dev ${dev}` : `via ${via} dev ${dev}`;
}

function discardOf({ origin }: PlanRoute): string {
  return origin === 'unreachable' || origin === 'prohibit' ? origin : 'blackhole';
}

/** Lines for `ip -4 -batch` and `ip -6 -batch`, after the routes; none where there are no rules. */
export function ruleBatch(node: PlanNode, family: 4 | 6): readonly string[] {
  const rules = (node.rules ?? []).filter((rule) => rule.family === family);
  // The kernel refuses a rule that is there already.
  return [...new Set(rules.map(ruleLine))];
}

function ruleLine({ priority, from, fwmark, iif, table }: PlanRule): string {
  const words = [`rule add priority ${priority} from ${from ?? 'all'}`];
  if (fwmark !== null) words.push(`fwmark ${fwmark.mark}/${fwmark.mask}`);
  if (iif !== null) words.push(`iif ${iif}`);
  return `${words.join(' ')} lookup ${table}`;
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

/** Lines for `bridge -batch`, when the node's own are done: its stations, neither aged nor moved. */
export function stationBatch(node: PlanNode): readonly string[] {
  if (!node.bridge || node.learning === true) return [];
  return node.interfaces.flatMap(({ name, stations = [] }) => stations.map((mac) => `fdb replace ${mac} dev ${name} master static sticky`));
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
