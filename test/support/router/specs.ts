/**
 * Random settings and translations for a router, seeded. Left out is what Linux decides by chance and what follows from
 * that: small ranges of ports for TCP, where a closed connection gives way if its port happens to be tried first.
 * @module
 */
import { must } from '../../../src/base/assert.js';
import { randomRoot, type Rng } from '../../../src/base/rng.js';
import type { NatRule, RouterSpec } from './router.js';
import type { StoryOptions } from './story.js';

export interface Case {
  readonly seed: number;
  readonly spec: RouterSpec;
  readonly story: StoryOptions;
}

const POOL = [100, 101, 102, 103];

export function randomCase(seed: number, translated: boolean): Case {
  const random = randomRoot(seed).stream('case');
  const family = random.below(2) === 0 ? 4 : 6;
  const protocols = pick(random, [['udp'], ['tcp'], ['tcp'], ['icmp'], ['other', 'icmp'], ['udp', 'tcp', 'icmp', 'other']] as const);
  const address = (net: number, host: number): string => (family === 4 ? `10.0.${net}.${host}` : `2001:db8:${net}::${host === 254 ? 'fe' : host}`);
  const extra = { in: [], out: POOL.map((host) => address(2, host)) };
  const nat = translated ? rules(random, family, address) : [];
  const extraTargets = nat.flatMap((rule) => (rule.match?.dst === undefined ? [] : [rule.match.dst]));
  const random1024 = nat.some((rule) => (rule.flags?.length ?? 0) > 0);
  return { seed, spec: { conntrack: settings(random), nat, extra }, story: { family, protocols, extraTargets, ...(random1024 && { ports: [5000, 5001] }) } };
}

function settings(random: Rng): Record<string, number> {
  return {
    ...(random.below(4) === 0 && { nf_conntrack_tcp_loose: 0 }),
    ...(random.below(4) === 0 && { nf_conntrack_tcp_be_liberal: 1 }),
    ...(random.below(6) === 0 && { nf_conntrack_tcp_ignore_invalid_rst: 1 }),
    ...(random.below(6) === 0 && { nf_conntrack_checksum: 0 }),
  };
}

function rules(random: Rng, family: 4 | 6, address: (net: number, host: number) => string): readonly NatRule[] {
  const found: NatRule[] = [];
  if (random.below(4) > 0) found.push(sourceRule(random, family, address));
  if (random.below(2) === 0) found.push(destinationRule(random, family, address));
  // Hairpin: what is sent back to where it came from gets the router's address.
  if (random.below(4) === 0) found.push({ point: 'postrouting', wire: 'in', family, addresses: [address(1, 254), address(1, 254)] });
  return found;
}

function sourceRule(random: Rng, family: 4 | 6, address: (net: number, host: number) => string): NatRule {
  const pool = random.below(3) === 0;
  const addresses = pool ? ([address(2, 100), address(2, 103)] as const) : ([address(2, 254), address(2, 254)] as const);
  const protocol = pick(random, ['udp', 'tcp'] as const);
  const small = pick(random, [
    [40000, 40002],
    [40000, 40000],
    [30000, 50000],
  ] as const);
  const ports = pool || protocol === 'tcp' ? ([30000, 50000] as const) : small;
  return {
    point: 'postrouting',
    wire: 'out',
    family,
    addresses,
    ...(random.below(3) === 0 && { match: { protocol }, ports }),
    ...(random.below(4) === 0 && { flags: [pick(random, ['persistent', 'random', 'fully-random'] as const)] }),
  };
}

function destinationRule(random: Rng, family: 4 | 6, address: (net: number, host: number) => string): NatRule {
  const dst = pick(random, [address(2, 254), address(2, 103)]);
  const [net, last] = pick(random, [
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ] as const);
  return {
    point: 'prerouting',
    family,
    addresses: [address(net, 1), address(net, last)],
    match: { protocol: pick(random, ['udp', 'tcp'] as const), dst, ...(random.below(2) === 0 && { dport: 80 }) },
    ...(random.below(2) === 0 && {
      ports: pick(random, [
        [80, 80],
        [8080, 8080],
        [8080, 8083],
      ] as const),
    }),
  };
}

function pick<T>(random: Rng, list: readonly T[]): T {
  return must(list[random.below(list.length)], 'choice');
}
