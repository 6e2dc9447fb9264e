/**
 * Why a packet ended where it did. `DropCode` is the hot face (one octet, also written to `epb_verdict`),
 * `DropReason` the cold one. The set is closed; numbers are part of the file format and never change.
 * @module
 */
import type { Brand } from './brand.js';
import type { SourceRef } from './error.js';

export type DropCode = Brand<number, 'DropCode'>;

/** Names of the codes, as the capture's `drop=` and the filter field `lab.drop` write them. */
export const DROP_NAMES = [
  'none',
  'link-loss',
  'link-down',
  'link-queue-overflow',
  'mtu-df',
  'ttl',
  'no-route',
  'rp-filter',
  'no-listener',
  'malformed',
  'checksum',
  'reassembly-timeout',
  'not-mine',
  'policed',
  'firewall-rule',
  'firewall-policy',
  'conntrack-invalid',
  'conntrack-table-full',
  'nat-no-mapping',
  'nat-pool-exhausted',
  'role',
  'interface-down',
  'blackhole',
  'no-neighbour',
  'unexplained',
  'backlog-full',
  'unacceptable',
] as const;

export type DropName = (typeof DROP_NAMES)[number];

function codeOf(name: DropName): DropCode {
  return DROP_NAMES.indexOf(name) as DropCode;
}

export const DROP = {
  NONE: codeOf('none'),
  LINK_LOSS: codeOf('link-loss'),
  LINK_DOWN: codeOf('link-down'),
  LINK_QUEUE: codeOf('link-queue-overflow'),
  MTU_DF: codeOf('mtu-df'),
  TTL: codeOf('ttl'),
  NO_ROUTE: codeOf('no-route'),
  RP_FILTER: codeOf('rp-filter'),
  NO_LISTENER: codeOf('no-listener'),
  MALFORMED: codeOf('malformed'),
  CHECKSUM: codeOf('checksum'),
  REASSEMBLY: codeOf('reassembly-timeout'),
  NOT_MINE: codeOf('not-mine'),
  POLICED: codeOf('policed'),
  FIREWALL_RULE: codeOf('firewall-rule'),
  FIREWALL_POLICY: codeOf('firewall-policy'),
  CT_INVALID: codeOf('conntrack-invalid'),
  CT_FULL: codeOf('conntrack-table-full'),
  NAT_NO_MAPPING: codeOf('nat-no-mapping'),
  NAT_POOL: codeOf('nat-pool-exhausted'),
  ROLE: codeOf('role'),
  INTERFACE_DOWN: codeOf('interface-down'),
  BLACKHOLE: codeOf('blackhole'),
  NO_NEIGHBOUR: codeOf('no-neighbour'),
  /** It went into a node that we cannot look into (a kernel's), and never came out. */
  UNEXPLAINED: codeOf('unexplained'),
  /** A listener had as many half-open connections as it may have. */
  BACKLOG: codeOf('backlog-full'),
  /** No part of what its connection or conversation can be at. */
  UNACCEPTABLE: codeOf('unacceptable'),
} as const;

export function dropName(code: number): DropName {
  return DROP_NAMES[code] ?? 'none';
}

export function dropCode(name: string): DropCode | undefined {
  const code = (DROP_NAMES as readonly string[]).indexOf(name);
  return code < 0 ? undefined : (code as DropCode);
}

export type DropReason =
  | { readonly at: 'link'; readonly kind: 'loss' | 'down' | 'queue-overflow' }
  | {
      readonly at: 'node';
      readonly kind:
        | 'mtu-df'
        | 'ttl'
        | 'no-route'
        | 'rp-filter'
        | 'no-listener'
        | 'malformed'
        | 'checksum'
        | 'reassembly-timeout'
        | 'not-mine'
        | 'policed'
        | 'interface-down'
        | 'blackhole'
        | 'no-neighbour'
        | 'unexplained'
        | 'backlog-full'
        | 'unacceptable';
    }
  | { readonly at: 'firewall'; readonly kind: 'rule' | 'policy'; readonly chain: string; readonly rule: number; readonly src: SourceRef }
  | { readonly at: 'conntrack'; readonly kind: 'invalid' | 'table-full' }
  | { readonly at: 'nat'; readonly kind: 'no-mapping' | 'pool-exhausted' }
  | { readonly at: 'role'; readonly kind: string };
