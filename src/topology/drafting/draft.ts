/**
 * What the planning steps hand to each other: nodes and links as the file means them, with kind defaults applied and
 * names resolved, before addresses and routes are filled in.
 * @module
 */
import type { ImpairmentSpec } from '../impairment.js';
import type { KindInfo, PlanNode, Segment } from '../plan.js';
import type { Faults } from '../source/faults.js';
import type { FileBgp } from '../source/bgp-schema.js';
import type { FileRoute, FileRpFilter, FileRule } from '../source/schema.js';
import type { Structure } from '../source/structure.js';
import type { Path } from '../source/yaml-source.js';
import type { Ip, Network } from '../addressing/ip.js';

export interface DraftNode {
  readonly name: string;
  readonly path: Path;
  readonly kind: KindInfo;
  readonly organisation: string | null;
  readonly segment: Segment;
  readonly site: string | null;
  readonly config: unknown;
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly prefixes: readonly string[];
  readonly routes: readonly FileRoute[];
  readonly rules: readonly FileRule[];
  readonly bgp: FileBgp | null;
  /** As written, with the place: at the node, its kind or the defaults. */
  readonly rpFilter: { readonly value: FileRpFilter; readonly path: Path } | null;
  readonly multipathHash: 'l3' | 'l4' | null;
  readonly somaxconn: number | null;
  readonly learning: boolean;
  /** Path of the rule file, as written. */
  readonly firewall: string | null;
  readonly conntrack: Readonly<Record<string, number>> | null;
  readonly resolvers: readonly string[];
  /** Where `resolvers` is written: at the node, its kind or the defaults. */
  readonly resolversPath: Path;
  readonly dscp: PlanNode['dscp'];
}

export interface DraftEnd {
  readonly node: DraftNode;
  readonly interface: string;
  /** Where the addresses of the interface are written, and they; null when they are to be planned. */
  readonly addresses: { readonly path: Path; readonly texts: readonly string[] } | null;
  readonly path: Path;
}

export interface DraftLink {
  readonly name: string;
  readonly path: Path;
  /** Index in the file. */
  readonly index: number;
  readonly group: string;
  readonly segment: Segment;
  readonly organisation: string | null;
  readonly ends: readonly [DraftEnd, DraftEnd];
  readonly mtu: number;
  readonly up: boolean;
  readonly prefixes: readonly string[];
  readonly impairments: readonly [ImpairmentSpec, ImpairmentSpec];
}

/** An interface of a node that has addresses, in its broadcast domain. */
export interface Attachment {
  readonly end: DraftEnd;
  readonly link: DraftLink;
  readonly side: 0 | 1;
}

/** A broadcast domain: a link between two nodes, or all that bridges join. */
export interface Lan {
  /** The first bridge's name, or the link's. */
  readonly name: string;
  readonly links: readonly DraftLink[];
  readonly bridges: readonly DraftNode[];
  readonly attachments: readonly Attachment[];
}

export interface PlannedAddress {
  readonly ip: Ip;
  readonly network: Network;
}

/** `node:interface` -> its addresses, in order. */
export type AddressTable = ReadonlyMap<string, readonly PlannedAddress[]>;

export const interfaceKey = (node: string, name: string): string => `${node}:${name}`;

/** What every step gets. */
export interface Draft {
  readonly structure: Structure;
  readonly faults: Faults;
  readonly kinds: ReadonlyMap<string, KindInfo>;
}
