/**
 * The shape of a `*.lab.yaml`: containerlab's (`name`, `topology` with `defaults`, `kinds`, `nodes`, `links`) and the
 * lab's own `organisations`, `users` and `zones`. Shape only: what names mean is checked when the plan is made.
 * Descriptions go into the JSON Schema for editors and into error messages, so they finish the sentence "expected: ...".
 * @module
 */
import { z } from 'zod';
import { SEGMENTS } from '../plan.js';

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

const route = z.strictObject({
  to: z
    .union([z.string(), z.array(z.string())])
    .describe('a prefix, "default" (both families), a name from addressing.networks, a bridge (its LAN), or a list of these'),
  via: text('the next hop: an address, a node on the same LAN, or NODE:INTERFACE').optional(),
  dev: text('the interface by which packets leave').optional(),
  metric: z.int().min(0).max(4294967295).describe('a whole number; the smallest wins').optional(),
  blackhole: z.boolean().describe('true: packets to the prefix are thrown away').optional(),
});

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
};
const config = z.record(z.string(), z.unknown()).describe('settings of the kind');

const node = z.strictObject({
  kind: text('the node kind').optional(),
  ...inherited,
  config: config.optional(),
  addresses: z.record(interfaceName, addresses).describe('addresses by interface; planned where absent').optional(),
  prefixes: prefixes.describe('the networks of the LAN that this bridge makes').optional(),
  routes: z.array(route).optional(),
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
  port: z.int().min(0).max(65535),
  target: z.string(),
});
const recordSet = z.strictObject({
  A: names.describe('a node (all its addresses, A and AAAA), NODE:INTERFACE, or IPv4 addresses').optional(),
  AAAA: names.describe('a node (its IPv6 addresses), NODE:INTERFACE, or IPv6 addresses').optional(),
  CNAME: text('the name that this one stands for').optional(),
  SRV: z.union([service, z.array(service)]).describe('a service (RFC 2782): {priority, weight, port, target}').optional(),
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
    defaults: z.strictObject({ kind: text('the node kind').optional(), ...inherited }).describe('what every node gets that says nothing else').optional(),
    kinds: z.record(z.string(), z.strictObject({ ...inherited, config: config.optional() })).describe('what every node of a kind gets').optional(),
    nodes: z.record(nodeName, node),
    links: z.array(link).default([]),
  }),
  users: z
    .record(userAddress, z.strictObject({ node: text('the client at which the user sits'), home: text('the front end where the user is homed'), password: z.string() }))
    .optional(),
  zones: z.record(domain, z.union([zoneView, z.array(zoneView)])).describe('DNS zones; a list gives several views of one name (split DNS)').optional(),
});

export type LabFile = z.output<typeof labFileSchema>;
export type FileNode = LabFile['topology']['nodes'][string];
export type FileLink = LabFile['topology']['links'][number];
export type FileRoute = z.output<typeof route>;
export type FileZoneView = z.output<typeof zoneView>;
export type FileRecordSet = z.output<typeof recordSet>;
export type FileDscpPolicy = z.output<typeof dscpPolicy>;
