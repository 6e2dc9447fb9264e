/**
 * The shape of a `*.lab.yaml`: containerlab's (`name`, `topology` with `defaults`, `kinds`, `nodes`, `links`) and the
 * lab's own `organisations`, `users` and `zones`. Shape only: what names mean is checked when the plan is made.
 * Descriptions go into the JSON Schema for editors and into error messages, so they finish the sentence "expected: ...".
 * @module
 */
import { z } from 'zod';
import { RP_FILTERS, SEGMENTS } from '../plan.js';
import { bgpSchema } from './bgp-schema.js';

const NODE_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LINK_NAME = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/;
/** A host name of RFC 1123 2.1. */
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
/** Linux: at most 15 octets, no slash and no white space (net/core/dev.c, dev_valid_name). */
const INTERFACE = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,14}$/;

const nodeName = z.string().regex(NODE_NAME, 'a name of lower-case letters, digits and hyphens, at most 63 long');
const linkName = z.string().regex(LINK_NAME, 'a name of lower-case letters, digits, hyphens, dots and underscores, at most 63 long');
const domain = z.string().regex(DOMAIN, 'a domain name in lower case, without a dot at its end');
const interfaceName = z.string().regex(INTERFACE, 'an interface name of at most 15 letters and digits, such as eth0');
const userAddress = z.string().regex(/^[a-z0-9][a-z0-9._-]*@[a-z0-9.-]+$/, 'an address such as alice@contoso.example, in lower case');
const text = (description: string) => z.string().describe(description);
const addresses = z.array(text('an address with its prefix length, such as 192.0.2.10/24'));
const prefixes = z.array(text('a network, such as 192.0.2.0/24 or 2001:db8:1::/64'));
const segment = z.enum(SEGMENTS);

const table = z.union([z.int().min(1).max(4294967295), z.literal('main')]).describe('a table: a number from 1 to 4294967295, or main');
const weight = z.int().min(1).max(256).describe('a whole number from 1 to 256: the share of the flows');
const nextHop = z.strictObject({
  via: text('the next hop: an address, a node on the same LAN, or NODE:INTERFACE').optional(),
  dev: text('the interface by which packets leave').optional(),
  weight: weight.optional(),
});
const discard = z.boolean().describe('true: packets to the prefix are thrown away').optional();

const route = z.strictObject({
  to: z
    .union([z.string(), z.array(z.string())])
    .describe('a prefix, "default" (both families), a name from addressing.networks, a bridge (its LAN), or a list of these'),
  via: z
    .union([z.string(), z.array(z.union([z.string(), nextHop])).min(1, 'at least one next hop')])
    .describe('the next hop: an address, a node on the same LAN, or NODE:INTERFACE; a list of these, or of {via, dev, weight}, shares the flows')
    .optional(),
  dev: text('the interface by which packets leave').optional(),
  weight: weight.optional(),
  metric: z.int().min(0).max(4294967295).describe('a whole number; the smallest wins').optional(),
  table: table.optional(),
  blackhole: discard,
  unreachable: discard,
  prohibit: discard,
});

const rule = z.strictObject({
  priority: z.int().min(1).max(32765).describe('a whole number from 1 to 32765; the smallest is asked first'),
  from: z
    .union([z.string(), z.array(z.string())])
    .describe('source prefixes: a prefix, a name from addressing.networks, a bridge (its LAN), or a list of these')
    .optional(),
  fwmark: z
    .union([z.int().min(0).max(4294967295), z.string()])
    .describe('the firewall mark: 1, 0x10 or, with a mask, 0x10/0xf0')
    .optional(),
  iif: text('the interface by which packets came, or lo for those of the node itself').optional(),
  table,
  family: z
    .union([z.literal(4), z.literal(6)])
    .describe('4 or 6; without it both')
    .optional(),
});

const filter = z.enum(RP_FILTERS);
const rpFilter = z.union([filter, z.record(interfaceName, filter)]).describe('off, strict or loose; or a mapping from interfaces, and "all", to these');

const dscpPolicy = z.strictObject({
  protocol: z.enum(['udp', 'tcp']).default('udp'),
  ports: z.union([z.string(), z.int()]).describe('a local port or a range such as 50000-50019'),
  dscp: z.union([z.string(), z.int()]).describe('a code point by name (EF, AF41, CS3, BE) or number (0-63)'),
});

const resolver = text('a dns node or the address of a server');
const inherited = {
  organisation: text('a name from organisations').optional(),
  segment: segment.optional(),
  site: text('the place: an office, a datacenter').optional(),
  resolvers: z.array(resolver).describe('the DNS servers that the node asks, in order').optional(),
  dscp: z.array(dscpPolicy).describe('marks by local port; the first match wins').optional(),
  rpFilter: rpFilter.optional(),
  multipathHash: z.enum(['l3', 'l4']).describe('l3: addresses alone choose the next hop of a flow; l4: ports too').optional(),
  somaxconn: z.int().min(1).max(65535).describe('the most half-open connections of a TCP listener (sysctl net.core.somaxconn)').optional(),
};
const config = z.record(z.string(), z.unknown()).describe('settings of the kind');

const node = z.strictObject({
  kind: text('the node kind').optional(),
  ...inherited,
  config: config.optional(),
  addresses: z.record(interfaceName, addresses).describe('addresses by interface; planned where absent').optional(),
  prefixes: prefixes.describe('the networks of the LAN that this bridge makes').optional(),
  learning: z.boolean().describe('true: the bridge learns who is behind which port, and floods until then, instead of knowing it from the file').optional(),
  routes: z.array(route).optional(),
  rules: z.array(rule).describe('policy rules: which table packets ask, before main').optional(),
  firewall: text('a file of nftables rules, its path relative to this file').optional(),
  conntrack: z
    .record(z.string(), z.union([z.string(), z.int(), z.boolean()]))
    .describe('settings of connection tracking, such as udp_timeout: 30s (sysctls below net.netfilter, without nf_conntrack_)')
    .optional(),
  bgp: bgpSchema.describe('what the node is as a BGP speaker').optional(),
});

const endpoint = z.union([
  z.string().describe('NODE:INTERFACE'),
  z.strictObject({ node: nodeName, interface: interfaceName, addresses: addresses.optional() }),
]);

const link = z.strictObject({
  endpoints: z.tuple([endpoint, endpoint]).describe('two ends: ["a:eth0", "b:eth0"]'),
  name: linkName.optional(),
  group: linkName.describe('links of one group count as one in expectations').optional(),
  segment: segment.optional(),
  organisation: text('a name from organisations').optional(),
  mtu: z.int().describe('the largest IP packet in bytes, 68 to 65535, at least 1280 for IPv6').optional(),
  up: z.boolean().optional(),
  prefixes: prefixes.describe('the networks of this link').optional(),
  impairments: z
    .union([z.string(), z.record(z.string(), z.string())])
    .describe('netem words for both directions, or a mapping with keys "a->b", "b->a", "both"')
    .optional(),
});

const networks = z.record(linkName, prefixes).describe('networks by name, for routes');

const names = z.union([z.string(), z.array(z.string())]);
const service = z.strictObject({
  priority: z.int().min(0).max(65535).default(0),
  weight: z.int().min(0).max(65535).default(0),
  port: z.int().min(1).max(65535).describe('the port that the service listens on, 1 to 65535'),
  target: z.string(),
});
const characterString = z
  .string()
  .max(255)
  .regex(/^[\x20-\x7e]*$/, 'printable ASCII');
const naptr = z.strictObject({
  order: z.int().min(0).max(65535),
  preference: z.int().min(0).max(65535).default(0),
  flags: characterString.default('s'),
  service: characterString,
  regexp: characterString.default(''),
  replacement: z.string(),
});
const recordSet = z.strictObject({
  A: names.describe('a node (all its addresses, A and AAAA), NODE:INTERFACE, or IPv4 addresses').optional(),
  AAAA: names.describe('a node (its IPv6 addresses), NODE:INTERFACE, or IPv6 addresses').optional(),
  CNAME: text('the name that this one stands for').optional(),
  SRV: z
    .union([service, z.array(service)])
    .describe('a service (RFC 2782): {priority, weight, port, target}')
    .optional(),
  NAPTR: z
    .union([naptr, z.array(naptr)])
    .describe('how a domain is reached (RFC 3403, RFC 3263): {order, preference, flags, service, regexp, replacement}')
    .optional(),
  ttl: z.int().min(0).max(2147483647).describe('seconds').optional(),
});
const records = z.record(z.string(), recordSet);
const zoneView = z.strictObject({
  servers: z.array(nodeName).min(1, 'at least one dns node'),
  ttl: z.int().min(0).max(2147483647).describe('seconds; what records without a ttl of their own get').optional(),
  records: z.union([records, z.array(records)]).describe('records by name; names are relative to the zone, "@" is the zone itself'),
});

export const labFileSchema = z.strictObject({
  name: linkName.describe('the name of the lab'),
  organisations: z.record(nodeName, z.strictObject({ domains: z.array(domain).default([]) })).optional(),
  topology: z.strictObject({
    addressing: z
      .strictObject({
        pools: prefixes.describe('where LANs without a network of their own get one').optional(),
        networks: networks.optional(),
      })
      .optional(),
    defaults: z
      .strictObject({ kind: text('the node kind').optional(), ...inherited })
      .describe('what every node gets that says nothing else')
      .optional(),
    kinds: z
      .record(z.string(), z.strictObject({ ...inherited, config: config.optional() }))
      .describe('what every node of a kind gets')
      .optional(),
    nodes: z.record(nodeName, node),
    links: z.array(link).default([]),
  }),
  users: z
    .record(
      userAddress,
      z.strictObject({ node: text('the client at which the user sits'), home: text('the front end where the user is homed'), password: z.string() }),
    )
    .optional(),
  zones: z
    .record(domain, z.union([zoneView, z.array(zoneView)]))
    .describe('DNS zones; a list gives several views of one name (split DNS)')
    .optional(),
});

export type LabFile = z.output<typeof labFileSchema>;
export type FileNode = LabFile['topology']['nodes'][string];
export type FileLink = LabFile['topology']['links'][number];
export type FileRoute = z.output<typeof route>;
export type FileNextHop = z.output<typeof nextHop>;
export type FileRule = z.output<typeof rule>;
export type FileTable = z.output<typeof table>;
export type FileRpFilter = z.output<typeof rpFilter>;
export type FileZoneView = z.output<typeof zoneView>;
export type FileRecordSet = z.output<typeof recordSet>;
export type FileDscpPolicy = z.output<typeof dscpPolicy>;
