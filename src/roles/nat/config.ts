/**
 * Configuration of a `nat` node, in the words of RFC 4787, RFC 5382 and RFC 5508.
 * @module
 */
import { z } from 'zod';
import type { ConfigIssue, NodeInterface } from '../../topology/plan.js';
import { contains, networkOf, parseIp } from '../../topology/addressing/ip.js';
import { didYouMean, listed } from '../../base/suggest.js';
import { duration, natQuirks, quirksFit } from '../quirks.js';

const dependence = z.enum(['endpoint-independent', 'address-dependent', 'address-and-port-dependent']);
const port = z.int().min(1).max(65535);
const address = z.string().refine((text) => parseIp(text)?.family === 4, { error: 'an IPv4 address' });

const ports = z.strictObject({ from: port, to: port }).refine(({ from, to }) => from <= to, { path: ['to'], error: 'no port below `from`' });

const timeouts = z.strictObject({
  udp: duration.prefault('300s').describe('of a UDP mapping; 2 minutes at least by RFC 4787'),
  tcpEstablished: duration.prefault('7440s').describe('of an open TCP connection; 2 hours 4 minutes at least by RFC 5382'),
  tcpTransitory: duration.prefault('240s').describe('of a TCP connection that opens or closes; 4 minutes at least by RFC 5382'),
  icmp: duration.prefault('60s').describe('of an ICMP query; 60 seconds at least by RFC 5508'),
});

export const natConfig = z.strictObject({
  outside: z.array(z.string()).min(1).describe('interfaces to the outside; all others are inside'),
  addresses: z.array(address).min(1).optional().describe('the pool: IPv4 addresses outside; by default the first one of each outside interface'),
  mapping: dependence.default('endpoint-independent').describe('when a host inside keeps its endpoint outside towards another remote endpoint'),
  filtering: dependence.default('endpoint-independent').describe('who outside may send to a mapping: anyone, or only whom the host inside has sent to'),
  pooling: z.enum(['paired', 'arbitrary']).default('paired').describe('whether a host inside has one address outside, or one per mapping'),
  ports: z.enum(['preservation', 'sequential', 'random']).default('preservation').describe('how a port outside is chosen'),
  portRange: ports.optional().describe('ports outside, ends included; by default the well-known ones for such, 1024 to 65535 for others'),
  parity: z.boolean().default(true).describe('an even port stays even, an odd one odd'),
  contiguity: z.boolean().default(false).describe('the port after that of RTP for RTCP'),
  hairpinning: z
    .union([z.boolean(), z.enum(['external', 'internal'])])
    .default(true)
    .describe('whether hosts inside reach each other by their endpoints outside, and as whom: external (true) or internal endpoint of the sender'),
  refresh: z.enum(['outbound', 'inbound', 'both']).default('outbound').describe('whose packets keep a UDP mapping alive'),
  timeouts: timeouts.prefault({}).describe('how long mappings live without packets'),
  quirks: natQuirks.prefault({}).describe('what it does beyond, or wrong'),
});

export type NatConfig = z.output<typeof natConfig>;

export function natFits({ outside, addresses, quirks }: NatConfig, interfaces: readonly NodeInterface[]): readonly ConfigIssue[] {
  const names = interfaces.map((iface) => iface.name);
  const strangers = outside.flatMap((name, i): readonly ConfigIssue[] => {
    if (names.includes(name)) return [];
    return [{ path: ['outside', i], message: `there is no interface "${name}"`, expected: `one of: ${listed(names)}`, ...didYouMean(name, names) }];
  });
  if (strangers.length > 0) return strangers;
  const outer = interfaces.filter((iface) => outside.includes(iface.name));
  return [
    ...(outer.length === interfaces.length ? [{ path: ['outside'], message: 'all interfaces are outside', expected: 'one left that is inside' }] : []),
    ...(addresses === undefined && outsideAddresses(outside, interfaces).length === 0
      ? [{ path: ['outside'], message: 'no interface outside has an IPv4 address', expected: 'an IPv4 address outside, or `addresses`' }]
      : []),
    ...(addresses ?? []).flatMap((text, i) => (unknownToNeighbours(text, outer) ? [notOurs(text, i)] : [])),
    ...quirksFit(quirks, interfaces),
  ];
}

/** The pool where none is given: what hides a network behind a node's own address. */
export function outsideAddresses(outside: readonly string[], interfaces: readonly NodeInterface[]): readonly string[] {
  return interfaces.flatMap((iface) => {
    const first = outside.includes(iface.name) ? iface.addresses.find(({ family }) => family === 4) : undefined;
    return first === undefined ? [] : [first.address];
  });
}

/** Neighbours know the addresses of interfaces; what lies elsewhere comes by a route. */
function unknownToNeighbours(text: string, outer: readonly NodeInterface[]): boolean {
  const ip = parseIp(text);
  const own = outer.flatMap((iface) => iface.addresses);
  if (ip === undefined || own.some(({ address: one }) => one === text)) return false;
  return own.some(({ family, address: one, prefixLength }) => {
    const mine = family === 4 ? parseIp(one) : undefined;
    return mine !== undefined && contains(networkOf(mine, prefixLength), ip);
  });
}

function notOurs(text: string, i: number): ConfigIssue {
  return {
    path: ['addresses', i],
    message: `${text} lies in the network outside, but no interface has it`,
    expected: 'an address of an interface outside, or one that is routed to the node',
  };
}
