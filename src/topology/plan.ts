/**
 * The plan: a topology file after validation, with every address, MAC, neighbour and route filled in.
 * Plain data; the same plan builds every substrate, and analysis reads nothing else beside the ledger.
 * @module
 */
import type { LinkId, NodeId } from '../base/brand.js';
import type { SourceRef } from '../base/error.js';
import type { Ruleset } from '../nft/ruleset.js';
import type { PlanBgp } from './bgp/bgp.js';
import type { ImpairmentSpec } from './impairment.js';
import type { TraitName, Traits } from './traits.js';

export const SEGMENTS = ['customer', 'internet', 'expressroute', 'microsoft', 'pstn'] as const;
export type Segment = (typeof SEGMENTS)[number];

export interface PlanAddress {
  readonly family: 4 | 6;
  /** Canonical text (RFC 5952 for IPv6). */
  readonly address: string;
  readonly prefixLength: number;
}

export interface PlanInterface {
  /** From 1, in the order of the links in the file. */
  readonly index: number;
  readonly name: string;
  /** `02:xx:xx:xx:xx:xx`, from the plan. */
  readonly mac: string;
  readonly link: LinkId;
  readonly side: 0 | 1;
  readonly mtu: number;
  /** Empty on a bridge's ports. */
  readonly addresses: readonly PlanAddress[];
  /** Static neighbours: every other address in the same LAN. */
  readonly neighbours: readonly { readonly address: string; readonly mac: string }[];
  /** Of a bridge's port: MAC addresses of the stations behind it, in order. */
  readonly stations?: readonly string[];
  /** Reverse path filter of this interface; what is in force is the larger of this and the node's ({@link RP_FILTERS}). */
  readonly rpFilter?: RpFilter;
}

/** Reverse path filters (RFC 3704) in the order of Linux's rp_filter: 0, 1, 2. */
export const RP_FILTERS = ['off', 'strict', 'loose'] as const;
export type RpFilter = (typeof RP_FILTERS)[number];

/** Linux's number of the table that is asked without any rule. */
export const MAIN_TABLE = 254;

export interface PlanNextHop {
  /** Null: the destinations are on the interface's own network. */
  readonly via: string | null;
  readonly dev: string;
  /** Share of the flows, 1 to 256. */
  readonly weight: number;
}

/** What a route does with packets that it does not carry, as `ip route` names it. */
export type DiscardType = 'blackhole' | 'unreachable' | 'prohibit';

export interface PlanRoute {
  readonly family: 4 | 6;
  /** `0.0.0.0/0`, `2001:db8::/32` ... canonical. */
  readonly prefix: string;
  /** Next hop; of a multipath route the first one. */
  readonly via: string | null;
  /** Interface name; of a multipath route the first one; null where the route throws packets away. */
  readonly dev: string | null;
  /** All next hops of a multipath route, two at least. Absent: `via` and `dev` are all there is. */
  readonly nextHops?: readonly PlanNextHop[];
  readonly metric: number;
  /** Linux's number of the table; absent: {@link MAIN_TABLE}. */
  readonly table?: number;
  /**
   * `connected`, `static`, `planned` (the default route of a host with one router), `bgp`; of a route that throws
   * packets away, how.
   */
  readonly origin: 'connected' | 'static' | 'planned' | 'bgp' | DiscardType;
  /** Where a person wrote it. */
  readonly src: SourceRef | null;
}

/**
 * `replace` takes the place of the route with the same table, prefix and metric, or adds one; `delete` takes the route
 * of that table, prefix and metric away, if it is there.
 */
export interface RouteChange {
  readonly op: 'replace' | 'delete';
  readonly route: PlanRoute;
}

/** `ip rule`: packets that fit ask a table before `main`. What is null fits all. */
export interface PlanRule {
  readonly family: 4 | 6;
  /** The smallest is asked first; below 32766, where `main` is. */
  readonly priority: number;
  /** Source prefix. */
  readonly from: string | null;
  readonly fwmark: { readonly mark: number; readonly mask: number } | null;
  /** Interface by which packets came; `lo`: the node's own packets. */
  readonly iif: string | null;
  readonly table: number;
  readonly src: SourceRef;
}

export interface PlanNode {
  readonly id: NodeId;
  readonly name: string;
  /** Name of its kind, for people. What it is they ask of {@link traits}. */
  readonly kind: string;
  readonly traits: Traits;
  readonly organisation: string | null;
  /** Where the node stands. */
  readonly segment: Segment;
  readonly site: string | null;
  /** True for routers: packets for others are forwarded. */
  readonly forwards: boolean;
  /** True for the kind `bridge`: a MAC bridge, no addresses. */
  readonly bridge: boolean;
  /** True where no kernel does what the node does: the lab's own IP stack is the node on every substrate. Absent: false. */
  readonly emulated?: true;
  readonly interfaces: readonly PlanInterface[];
  readonly routes: readonly PlanRoute[];
  /** Policy rules, by family and in order of priority. Absent: none. */
  readonly rules?: readonly PlanRule[];
  /** Reverse path filter of all interfaces, of IPv4 as in Linux. Absent: off. */
  readonly rpFilter?: RpFilter;
  /** What chooses the next hop of a flow on a multipath route: addresses alone, or ports too. Absent: `l4`. */
  readonly multipathHash?: 'l3' | 'l4';
  /** The most half-open connections of a TCP listener, Linux's net.core.somaxconn. Absent: 4096. */
  readonly somaxconn?: number;
  /** Of a bridge: it finds out by itself who is behind which port, and floods until then. Absent: it is told {@link PlanInterface.stations}. */
  readonly learning?: true;
  /** What the node is and knows as a BGP speaker. Absent: it is none. */
  readonly bgp?: PlanBgp;
  /** Addresses of the DNS servers that it asks, in order. */
  readonly resolvers: readonly string[];
  /** Names that its certificate holds: DNS names that the zones give it, its own name, its addresses. */
  readonly certificateNames: readonly string[];
  /** DSCP marks by local port, as QoS policies set them: first match wins. */
  readonly dscp: readonly { readonly protocol: 'udp' | 'tcp'; readonly from: number; readonly to: number; readonly dscp: number }[];
  /** As validated by the kind's schema. */
  readonly config: unknown;
  /** The rules that the node loads, or null. */
  readonly firewall?: PlanFirewall | null;
  /** Where it differs from Linux's defaults: sysctls below net.netfilter, such as nf_conntrack_udp_timeout. */
  readonly conntrack?: Readonly<Record<string, number>> | null;
  readonly src: SourceRef;
}

/** An nftables rule file: the simulator evaluates `ruleset`, a kernel loads `file` as it is. */
export interface PlanFirewall {
  /** Path as the kernel can open it. */
  readonly file: string;
  readonly ruleset: Ruleset;
  /** Where the topology names it. */
  readonly src: SourceRef;
}

export interface PlanLink {
  readonly id: LinkId;
  readonly name: string;
  /** Links of one group count as one in expectations (primary and secondary circuit). Defaults to the name. */
  readonly group: string;
  readonly segment: Segment;
  /** The organisation whose segment it is (`customer` segments), or null. */
  readonly organisation: string | null;
  readonly ends: readonly [PlanLinkEnd, PlanLinkEnd];
  readonly mtu: number;
  /** Direction 0: from ends[0] to ends[1]. */
  readonly impairments: readonly [ImpairmentSpec, ImpairmentSpec];
  readonly up: boolean;
  readonly src: SourceRef;
}

export interface PlanLinkEnd {
  readonly node: NodeId;
  readonly nodeName: string;
  readonly interface: string;
}

export interface PlanUser {
  /** Address of record without scheme: `alice@contoso.example`. */
  readonly address: string;
  readonly name: string;
  readonly organisation: string;
  /** The client node at which the user sits. */
  readonly node: string;
  /** The front end where the user is homed. */
  readonly home: string;
  readonly password: string;
  readonly src: SourceRef;
}

interface PlanOwner {
  /** Fully qualified, lower case, no trailing dot. */
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
}

/** RFC 2782. */
export interface PlanService {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** RFC 3403 section 4.1. */
export interface PlanNaptr {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  /** Empty: the root. */
  readonly replacement: string;
}

export type PlanData =
  | { readonly type: 'A' | 'AAAA' | 'CNAME'; readonly data: string }
  | { readonly type: 'SRV'; readonly data: PlanService }
  | { readonly type: 'NAPTR'; readonly data: PlanNaptr };

export type PlanRecord = PlanOwner & PlanData;

export interface PlanZone {
  readonly name: string;
  /** DNS nodes that serve it. The same zone name may be served with other contents elsewhere (split DNS). */
  readonly servers: readonly string[];
  readonly records: readonly PlanRecord[];
  readonly src: SourceRef;
}

export interface PlanOrganisation {
  readonly name: string;
  readonly domains: readonly string[];
}

export interface Plan {
  readonly name: string;
  readonly file: string;
  /** Hex digest of the plan's meaning (not of the file's comments or order of keys). */
  readonly hash: string;
  readonly organisations: readonly PlanOrganisation[];
  readonly nodes: readonly PlanNode[];
  readonly links: readonly PlanLink[];
  readonly users: readonly PlanUser[];
  readonly zones: readonly PlanZone[];
}

/** What the topology floor must know of a node kind; handed in, since kinds live above. */
export interface KindInfo {
  readonly kind: string;
  /** One line for people. */
  readonly summary: string;
  /** Of its nodes; a function where a node's valid `config` says it: kinds that run anybody's program. */
  readonly traits: Traits | ((config: unknown) => Traits);
  readonly forwards: boolean;
  readonly bridge: boolean;
  /** Validates `config`; issues carry a path into it. Also gives the JSON Schema for the editor. */
  readonly schema: ConfigSchema;
  /** Keys of `config` that hold node names, checked when the file is read. */
  readonly references?: readonly ConfigReference[];
  /** Keys of a node that a node of this kind must not have, with the reason and what to do instead. */
  readonly refuses?: readonly {
    readonly key: 'firewall' | 'conntrack' | 'addresses' | 'routes' | 'rules' | 'rpFilter' | 'multipathHash' | 'somaxconn';
    readonly why: string;
    readonly instead: string;
  }[];
  /** Whether a valid `config` fits the node's interfaces; issues as the schema's. Asked only where those have no faults. */
  fits?(config: unknown, interfaces: readonly NodeInterface[]): readonly ConfigIssue[];
  /** Of kinds at which users are homed: the SIP domains that a node with that valid `config` serves. Absent: nobody knows. */
  servedDomains?(config: unknown): readonly string[];
  /** Whether a node with that valid `config` is emulated on every substrate ({@link PlanNode.emulated}). */
  emulated?(config: unknown): boolean;
}

export type NodeInterface = Pick<PlanInterface, 'name' | 'addresses'>;

/** A key of a kind's `config` that holds a node name or a list of them. */
export interface ConfigReference {
  readonly key: string;
  /** What the named node must have; kinds whose traits a config decides may be named as well. */
  readonly trait: TraitName;
  /** True when a literal address may stand there instead. */
  readonly addresses: boolean;
}

export interface ConfigSchema {
  parse(value: unknown): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly issues: readonly ConfigIssue[] };
  readonly json: object;
}

export interface ConfigIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
  /** The key at the end of `path` is what is wrong, not its value. */
  readonly onKey?: boolean;
}
