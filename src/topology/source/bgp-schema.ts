/**
 * The shape of a node's `bgp` in a `*.lab.yaml`.
 * @module
 */
import { z } from 'zod';
import { parseDuration } from '../../base/time.js';

const text = (description: string) => z.string().describe(description);
const asNumber = z.int().min(1).max(4294967295).describe('an AS number from 1 to 4294967295');
const u32 = z.int().min(0).max(4294967295);
/** An octet pair would overflow at 2^53 ns anyway; nobody waits that long. */
const duration = z.string().refine((value) => (parseDuration(value) ?? Infinity) <= 86_400e9, { error: 'a duration such as 3s or 300ms, of at most 24h' });

const oneOrMore = <T extends z.ZodType>(item: T, description: string) => z.union([item, z.array(item).min(1, 'at least one')]).describe(description);
const community = text('a community such as 12076:5030, no-export or no-advertise');

const match = z.strictObject({
  prefixes: oneOrMore(z.string(), 'prefixes or names from addressing.networks, each as it is or with "ge N" and "le N": 10.0.0.0/8 le 24').optional(),
  communities: oneOrMore(community, 'communities of which the route has one; * stands for any half: 12076:*').optional(),
  as: oneOrMore(asNumber, 'AS numbers of which one stands in the AS path').optional(),
});

const set = z.strictObject({
  localPref: u32.describe('the local preference; the largest wins').optional(),
  med: u32.describe('the MED; the smallest wins').optional(),
  origin: z.enum(['igp', 'egp', 'incomplete']).optional(),
  communities: oneOrMore(community, 'the communities, instead of those that it has').optional(),
  addCommunities: oneOrMore(community, 'communities that it gets beside those that it has').optional(),
  removeCommunities: oneOrMore(community, 'communities that are taken away; * stands for any half: 65010:*').optional(),
  prepend: z
    .union([z.int().min(1).max(32), z.array(asNumber).min(1, 'at least one')])
    .describe('how often the own AS is put before the AS path, or the numbers')
    .optional(),
  removePrivateAs: z.boolean().describe('true: private AS numbers (RFC 6996) are taken out of the AS path').optional(),
});

const statement = z.strictObject({
  match: match.optional(),
  set: set.optional(),
  action: z.enum(['permit', 'deny']).optional(),
});
const policy = z.union([statement, z.array(statement)]).describe('statements {match, set, action}; the first that fits decides, what fits none is denied');

const bfd = z.union([
  z.boolean(),
  z.strictObject({ interval: duration.optional(), multiplier: z.int().min(1).max(255).describe('a whole number from 1 to 255').optional() }),
]);

const timers = {
  hold: duration.describe('the hold time').optional(),
  keepalive: duration.describe('the time between keepalives').optional(),
  bfd: bfd.describe('true (300ms, 3 times), false, or {interval, multiplier}').optional(),
  connectRetry: duration.describe('from the moment when the way is free again to the next attempt').optional(),
};

const neighbor = z.strictObject({
  node: text('a node that speaks BGP, or NODE:INTERFACE'),
  import: policy.optional(),
  export: policy.optional(),
  ...timers,
  maxPrefixes: z.int().min(1).describe('a whole number; more prefixes tear the session down').optional(),
  nextHopSelf: z.boolean().describe('true: this node is the next hop of what it tells').optional(),
});

export const bgpSchema = z.strictObject({
  as: asNumber,
  routerId: text('an IPv4 address, unlike those of all other speakers').optional(),
  networks: oneOrMore(z.string(), 'prefixes that are announced: a prefix, "default", a name from addressing.networks, or a bridge (its LAN)').optional(),
  multipath: z.int().min(1).max(64).describe('a whole number from 1 to 64: how many routes are used side by side').optional(),
  ...timers,
  neighbors: z.array(neighbor).optional(),
});

export type FileBgp = z.output<typeof bgpSchema>;
export type FileBgpNeighbor = z.output<typeof neighbor>;
export type FileBgpStatement = z.output<typeof statement>;
export type FileBgpTimers = Pick<FileBgp, 'hold' | 'keepalive' | 'bfd' | 'connectRetry'>;
